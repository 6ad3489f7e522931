# SPDX-License-Identifier: Apache-2.0
"""Which series must add up to which: the balances of Form EIA-930, from the names of the series and what was asked.

A sum is held against its total only where all of its parts were asked for: of the others nothing can be said.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from eia930.checks.asked import EVERYTHING, Asked
from eia930.checks.sums.equations import Equation
from eia930.reference.routes import FUEL, INTERCHANGE, REGION, SUBREGION, Route
from eia930.reference.series import SeriesKey, known_series

Members = Mapping[str, tuple[str, ...]]
"""An authority → its sub-regions, a region or US48 → its authorities."""
Keys = Mapping[str, SeriesKey]
"""The names of the series that there are, sorted, and what each stands for."""
Sums = list[Equation | None]
"""Equations; None for one whose parts were not all asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balances:
    """The equations that a set of series allows, each kind in the order of its names.

    `left_out` counts by kind the sums whose parts were not all asked for.
    """

    demand: tuple[Equation, ...]
    fuels: tuple[Equation, ...]
    neighbours: tuple[Equation, ...]
    pairs: tuple[Equation, ...]
    subregions: tuple[Equation, ...]
    regions: tuple[Equation, ...]
    left_out: Mapping[str, int]


def balances(names: Iterable[str], members: Members, asked: Asked = EVERYTHING) -> Balances:
    """Derive the equations from the series' names; no values are read. Names that no route has are left out."""
    there = known_series(names)
    flows = [key for key in there.values() if key.route is INTERCHANGE]
    sums = {
        "fuels": _sums(there, FUEL, asked),
        "neighbours": _sums(there, INTERCHANGE, asked),
        "subregions": _sums(there, SUBREGION, asked, members),
        "regions": _regions(there, members, asked),
    }
    return Balances(
        demand=tuple(_demand(key.respondent) for key in there.values() if _is_balance(key, there)),
        pairs=tuple(_pair(key) for key in flows if key.id < _reverse(key).id and _reverse(key).id in there),
        **{kind: tuple(one for one in some if one is not None) for kind, some in sums.items()},
        left_out={kind: sum(one is None for one in some) for kind, some in sums.items()},
    )


def _is_balance(key: SeriesKey, there: Keys) -> bool:
    """Whether this is a demand beside which stand the generation and the interchange that make it up."""
    return key.route is REGION and key.kind == "D" and all(_total(key, kind) in there for kind in ("NG", "TI"))


def _demand(code: str) -> Equation:
    demand, generation, exchange = (SeriesKey(REGION, code, kind).id for kind in ("D", "NG", "TI"))
    return Equation(total=demand, parts=(generation,), less=(exchange,), complete=True)


def _total(key: SeriesKey, kind: str) -> str:
    """The series of its respondent's whole."""
    return SeriesKey(REGION, key.respondent, kind).id


def _sums(there: Keys, route: Route, asked: Asked, members: Members | None = None) -> Sums:
    """The total of each respondent over its series in a route, and over its `members` that should have one."""
    parts: dict[str, set[str]] = defaultdict(set)
    for name, key in there.items():
        if key.route is route:
            parts[key.respondent].add(name)
    found: Sums = []
    for code, some in parts.items():
        total = SeriesKey(REGION, code, route.total).id
        if total in there:
            listed = {SeriesKey(route, code, part).id for part in (members or {}).get(code, ())}
            found.append(
                Equation(total=total, parts=tuple(sorted(some | listed))) if asked.whole(route, code) else None
            )
    return found


def _reverse(key: SeriesKey) -> SeriesKey:
    return replace(key, respondent=key.kind, kind=key.respondent)


def _pair(key: SeriesKey) -> Equation:
    return Equation(total=key.id, parts=(), less=(_reverse(key).id,), complete=True)


def _regions(there: Keys, members: Members, asked: Asked) -> Sums:
    found: Sums = []
    for key in there.values():
        if key.route.of_wholes:
            codes = [code for code in members.get(key.respondent, ()) if code != key.respondent]
            named = [replace(key, respondent=code) for code in codes]
            if any(part.id in there for part in named):
                found.append(_region(key, named, there, asked))
    return found


def _region(total: SeriesKey, named: Iterable[SeriesKey], there: Keys, asked: Asked) -> Equation | None:
    """A region's total and its authorities: those that came, and those that should have come."""
    named = tuple(named)
    if not all(asked.has(part) for part in named if asked.reports(part)):
        return None
    parts = tuple(part.id for part in named if part.id in there or asked.expects(part))
    return Equation(total=total.id, parts=parts)
