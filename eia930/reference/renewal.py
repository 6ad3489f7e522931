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
class Seen:
    """A series that has values, and its first and last hour with one (since 1970 UTC)."""

    key: SeriesKey
    first: int
    last: int


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


def of_output(seen: Sequence[Seen]) -> Iterator[str]:
    """Where a loaded output has other respondents, kinds or lives than the tables."""
    if not seen:
        return
    horizon = min(one.first for one in seen), max(one.last for one in seen)
    yield from _new(seen)
    yield from _never(seen, horizon)
    yield from _lives(seen, horizon)


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
    for code in sorted(set(listed) - set(known)):
        yield f"{table}: add {code} ({listed[code]}), which {route.id} lists as {facet}"
    for code in sorted(ours - set(listed)):
        yield f"{table}: {code} is expected in {route.id}, which does not list it as {facet}"


def _new(seen: Sequence[Seen]) -> Iterator[str]:
    """Respondents and kinds that the tables lack; what regions have follows from their authorities."""
    for one in seen:
        key, since = one.key, f"hours from {stamp(one.first)} to {stamp(one.last)}"
        if key.respondent not in respondents():
            yield f"respondents.csv: add {key.respondent}: {key.id} has {since}"
        elif key.respondent not in members() and key.kind not in key.route.lives(key.respondent):
            yield f"{_TABLES.get(key.route.id, key.route.id)}: add {key.respondent},{key.kind}: {since}"
        elif key.kind not in key.route.kinds():
            yield f"{_NAMES.get(key.route.id, _TABLES.get(key.route.id, key.route.id))}: add {key.kind}: {since}"


def _never(seen: Sequence[Seen], horizon: tuple[int, int]) -> Iterator[str]:
    """Kinds that the tables have of authorities that came, and that never did."""
    found: dict[tuple[str, str], set[str]] = {}
    routes = {one.key.route.id: one.key.route for one in seen}
    for one in seen:
        found.setdefault((one.key.route.id, one.key.respondent), set()).add(one.key.kind)
    for (route, code), kinds in sorted(found.items()):
        if code in respondents() and code not in members():
            alive = respondents()[code].life.hours(*horizon, slack=0)
            expected = routes[route].expected(code, alive) if alive else ()
            for kind in sorted(set(expected) - kinds):
                table = _TABLES.get(route, route)
                yield f"{table}: {code},{kind} has no value from {stamp(horizon[0])} to {stamp(horizon[1])}"


def _lives(seen: Sequence[Seen], horizon: tuple[int, int]) -> Iterator[str]:
    """First and last hours of authorities that lie elsewhere than the tables say, or that they know to the day."""
    ends: dict[str, tuple[int, int]] = {}
    for one in seen:
        first, last = ends.get(one.key.respondent, (one.first, one.last))
        ends[one.key.respondent] = min(first, one.first), max(last, one.last)
    for code, (first, last) in sorted(ends.items()):
        if code in respondents() and code not in members():
            life = respondents()[code].life
            low, high = life.hours(*horizon, slack=0) or (first, last)
            if first < low or first > low + SLACK:
                yield _end(code, "first", first, life.first)
            to_the_day = life.last and "T" not in life.last and high + SLACK <= horizon[1]
            if last > high or last < high - SLACK or to_the_day:
                yield _end(code, "last", last, life.last)


def _end(code: str, which: str, hour: int, told: str) -> str:
    return f"respondents.csv: {code}: {which} hour with a value {stamp(hour)}; the table says {told or 'nothing'}"
