# SPDX-License-Identifier: Apache-2.0
"""What to change in the tables, by what was seen elsewhere: a loaded output, the facet lists of a server.

A line each, with the file and the row. Nothing is written: whoever reads decides, and notes source and date.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from eia930.reference.hours import stamp
from eia930.reference.life import SLACK
from eia930.reference.respondents import at_home, members, neighbours, respondents
from eia930.reference.routes import FUEL, INTERCHANGE, REGION, SUBREGION, Route
from eia930.reference.series import SeriesKey

_TABLES: Mapping[str, str] = {
    REGION.id: "types.csv",
    FUEL.id: "fuels.csv",
    INTERCHANGE.id: "neighbours.csv",
    SUBREGION.id: "subregions.csv",
}
_NAMES: Mapping[str, str] = {FUEL.id: "energy_sources.csv", INTERCHANGE.id: "respondents.csv"}


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load asked of a respondent in a route, and what came.

    `kinds` were asked for, empty for all; `first`..`last` (inclusive, since 1970 UTC) are the hours asked for; `seen`
    are the kinds that have values, each with its first and last hour with one.
    """

    route: Route
    respondent: str
    kinds: tuple[str, ...]
    first: int
    last: int
    seen: Mapping[str, tuple[int, int]]

    def table(self) -> str:
        """Which table has its kinds."""
        return _TABLES.get(self.route.id, f"table of {self.route.id}")


def of_tables() -> Iterator[str]:
    """Where the tables contradict each other: pairs that one side alone lists, codes that no table explains."""
    for code, others in neighbours().items():
        for other in others:
            if other not in respondents():
                yield f"neighbours.csv: {code},{other}: no such respondent"
            elif respondents()[other].kind == "authority" and code not in neighbours().get(other, ()):
                yield f"neighbours.csv: {code},{other} without {other},{code}"
    for code in at_home():
        for fuel in FUEL.expected(code):
            if fuel not in FUEL.names():
                yield f"energy_sources.csv: {fuel} of {code} has no row"


def of_output(loaded: Sequence[Loaded]) -> Iterator[str]:
    """Where a load brought other respondents, kinds or lives than the tables have."""
    for one in loaded:
        yield from _new(one)
    for one in loaded:
        yield from _never(one)
    yield from _lives(loaded)


def of_list(route: Route, facet: str, listed: Mapping[str, str], now: int) -> Iterator[str]:
    """Where a server lists other codes than the tables; `listed`: code → name, `now`: since 1970 UTC."""
    if facet == route.respondent:
        known: Collection[str] = set(respondents())
        alive = {code for code in route.served() if respondents()[code].life.hours(route.first, now, slack=0)}
        ours = {code for code in alive if route.expected(code)}
        table = "respondents.csv"
    else:
        known = {*route.kinds(), *route.beside}
        ours = {kind for code in route.served() for kind in route.expected(code, (route.first, now))}
        table = _NAMES.get(route.id, _TABLES.get(route.id, f"table of {route.id}"))
    if not listed:
        yield f"{route.id} lists nothing as {facet}: it has no hours there"
        return
    for code in sorted(set(listed) - set(known)):
        yield f"{table}: add {code} ({listed[code]}), which {route.id} lists as {facet}"
    for code in sorted(ours - set(listed)):
        yield f"{table}: {code} is expected in {route.id}, which does not list it as {facet}"


def _new(one: Loaded) -> Iterator[str]:
    """Respondents and kinds that the tables lack; what regions have follows from their authorities."""
    code = one.respondent
    for kind, (first, last) in sorted(one.seen.items()):
        since = f"hours from {stamp(first)} to {stamp(last)}"
        if code not in respondents():
            yield f"respondents.csv: add {code}: {SeriesKey(one.route, code, kind).id} has {since}"
        elif code not in members() and kind not in one.route.lives(code):
            yield f"{one.table()}: add {code},{kind}: {since}"
        elif kind not in one.route.kinds():
            yield f"{_NAMES.get(one.route.id, one.table())}: add {kind}: {since}"


def _never(one: Loaded) -> Iterator[str]:
    """Kinds of an authority that the tables have, that were asked for, and that never came."""
    if one.respondent not in respondents() or one.respondent in members():
        return
    alive = respondents()[one.respondent].life.hours(one.first, one.last, slack=0)
    expected = set(one.route.expected(one.respondent, alive)) if alive else set()
    for kind in sorted((expected & set(one.kinds) if one.kinds else expected) - set(one.seen)):
        hours = f"from {stamp(one.first)} to {stamp(one.last)}"
        yield f"{one.table()}: {one.respondent},{kind} has no value {hours}"


def _lives(loaded: Sequence[Loaded]) -> Iterator[str]:
    """First and last hours of authorities that lie elsewhere than the tables say, or that they know to the day."""
    ends: dict[str, tuple[int, int]] = {}
    for one in loaded:
        for first, last in one.seen.values():
            low, high = ends.get(one.respondent, (first, last))
            ends[one.respondent] = min(first, low), max(last, high)
    for code, (first, last) in sorted(ends.items()):
        if code in respondents() and code not in members():
            asked = min(one.first for one in loaded), max(one.last for one in loaded)
            life = respondents()[code].life
            low, high = life.hours(*asked, slack=0) or (first, last)
            if first < low or first > low + SLACK:
                yield _end(code, "first", first, life.first)
            to_the_day = life.last and "T" not in life.last and high + SLACK <= asked[1]
            if last > high or last < high - SLACK or to_the_day:
                yield _end(code, "last", last, life.last)


def _end(code: str, which: str, hour: int, told: str) -> str:
    return f"respondents.csv: {code}: {which} hour with a value {stamp(hour)}; the table says {told or 'nothing'}"
