# SPDX-License-Identifier: Apache-2.0
"""Which series must add up to which: the balances of Form EIA-930, from the names of the series and what was asked.

A sum is held against its total only where all of its parts were asked for: of the others nothing can be said.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from eia930.checks.asked import EVERYTHING, Asked
from eia930.checks.equations import Equation
from eia930.reference.routes import FUEL, INTERCHANGE, SUBREGION, Route
from eia930.reference.series_ids import parse_series_id, series_id

Members = Mapping[str, tuple[str, ...]]
"""An authority → its sub-regions, a region or US48 → its authorities."""


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
    """Derive the equations from the series' names; no values are read."""
    known = sorted(names)
    there = frozenset(known)
    totals, fuels, exchanges, subregions = _grouped(known)
    sums = {
        "fuels": _whole(_sums(there, fuels, "NG"), asked, FUEL),
        "neighbours": _whole(_sums(there, exchanges, "TI"), asked, INTERCHANGE),
        "subregions": _whole(_subregions(there, subregions, members), asked, SUBREGION),
        "regions": _regions(there, members, asked),
    }
    return Balances(
        demand=tuple(_demand(code) for code in totals if _has(there, code, "D", "NG", "TI")),
        pairs=tuple(_pair(name) for name in known if _is_first_of_pair(name, there)),
        **{kind: tuple(one for one in some if one is not None) for kind, some in sums.items()},
        left_out={kind: sum(one is None for one in some) for kind, some in sums.items()},
    )


Sums = list[Equation | None]
"""Equations; None for one whose parts were not all asked for."""


def _whole(equations: Iterable[Equation], asked: Asked, route: Route) -> Sums:
    return [one if asked.whole(route, parse_series_id(one.total).respondent) else None for one in equations]


Groups = dict[str, tuple[str, ...]]


def _grouped(names: Iterable[str]) -> tuple[Groups, Groups, Groups, Groups]:
    """Sort names by respondent into totals, generation by fuel, interchange by neighbour, sub-regions."""
    groups: tuple[dict[str, list[str]], ...] = tuple(defaultdict(list) for _ in range(4))
    for name in names:
        parsed = parse_series_id(name)
        whole = parsed.partner == "ALL"
        kind = (1 if parsed.fuel else 0) if whole else (2 if parsed.kind == "ID" else 3)
        groups[kind][parsed.respondent].append(name)
    totals, fuels, exchanges, subregions = ({k: tuple(v) for k, v in group.items()} for group in groups)
    return totals, fuels, exchanges, subregions


def _has(there: frozenset[str], code: str, *kinds: str) -> bool:
    return all(series_id(code, kind) in there for kind in kinds)


def _demand(code: str) -> Equation:
    generation, exchange = series_id(code, "NG"), series_id(code, "TI")
    return Equation(total=series_id(code, "D"), parts=(generation,), less=(exchange,), complete=True)


def _sums(there: frozenset[str], groups: Groups, kind: str) -> tuple[Equation, ...]:
    return tuple(
        Equation(total=series_id(code, kind), parts=parts)
        for code, parts in groups.items()
        if series_id(code, kind) in there
    )


def _reverse(name: str) -> str:
    parsed = parse_series_id(name)
    return series_id(parsed.partner, "ID", parsed.respondent)


def _is_first_of_pair(name: str, there: frozenset[str]) -> bool:
    return parse_series_id(name).kind == "ID" and name < _reverse(name) and _reverse(name) in there


def _pair(name: str) -> Equation:
    return Equation(total=name, parts=(), less=(_reverse(name),), complete=True)


def _subregions(there: frozenset[str], groups: Groups, members: Members) -> tuple[Equation, ...]:
    listed = {code: {series_id(code, "D", part) for part in members.get(code, ())} for code in groups}
    return tuple(
        Equation(total=series_id(code, "D"), parts=tuple(sorted(listed[code] | set(parts))))
        for code, parts in groups.items()
        if series_id(code, "D") in there
    )


def _regions(there: frozenset[str], members: Members, asked: Asked) -> Sums:
    totals = [name for name in sorted(there) if name.split(".")[1].endswith("-ALL")]
    found: Sums = []
    for name in totals:
        parsed = parse_series_id(name)
        codes = [code for code in members.get(parsed.respondent, ()) if code != parsed.respondent]
        named = {code: series_id(code, parsed.kind) for code in codes}
        if any(part in there for part in named.values()):
            found.append(_region(name, named, there, asked))
    return found


def _region(total: str, named: Mapping[str, str], there: frozenset[str], asked: Asked) -> Equation | None:
    """A region's total and its authorities: those that came, and those that should have come."""
    kind = parse_series_id(total).kind
    if not all(asked.has(code, kind) for code in named if asked.reports(code, kind)):
        return None
    parts = tuple(part for code, part in named.items() if part in there or asked.expects(code, kind))
    return Equation(total=total, parts=parts)
