# SPDX-License-Identifier: Apache-2.0
"""Synthetic hours of every respondent in all routes: the world's truth, with the defects of reporting on top."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np

from eia930.emulator.series import RowSource, Series
from eia930.emulator.world.cache import Bounded
from eia930.emulator.world.defects import reported
from eia930.emulator.world.sizes import kinds_of_fuel
from eia930.emulator.world.world import Present, World
from eia930.reference.respondents import respondent_names, respondents
from eia930.reference.routes import FUEL, INTERCHANGE, REGION, ROUTES, SUBREGION, Route


@dataclass(frozen=True, slots=True)
class Made:
    """How a route's hours are made: `kinds` a respondent can have, `series` of the world, by respondent and kind."""

    kinds: Callable[[str], tuple[str, ...]]
    series: Callable[[World, str, str], Present]


MADE: Mapping[str, Made] = MappingProxyType(
    {
        REGION.id: Made(REGION.expected, World.region),
        FUEL.id: Made(kinds_of_fuel, World.fuel),
        INTERCHANGE.id: Made(INTERCHANGE.expected, World.exchange),
        SUBREGION.id: Made(SUBREGION.expected, World.subregion),
    }
)
"""What the synthetic world can make, by route."""


def synthetic(*, now: int, defects: bool = True, since: int = REGION.first) -> RowSource:
    """Hours from `since` (2019-01-01T00) up to `now` (since 1970 UTC), each decided by respondent and hour alone.

    Without `defects` every hour is there and everything adds up.
    """
    if now < since:
        raise ValueError("the synthetic record begins in 2019; ask for a later hour")
    return _Synthetic(now, defects=defects, since=since)


class _Synthetic:
    def __init__(self, now: int, *, defects: bool, since: int) -> None:
        self._now = now
        self._since = since
        self._defects = defects
        self._world = World(since, now)
        self._kept: Bounded[tuple[str, str], tuple[Series, ...]] = Bounded(size=128)

    @property
    def now(self) -> int:
        return self._now

    def respondents(self, route: Route) -> Sequence[str]:
        return tuple(_kinds(route.id))

    def kinds(self, route: Route) -> Sequence[str]:
        return sorted({kind for kinds in _kinds(route.id).values() for kind in kinds})

    def names(self, route: Route) -> tuple[dict[str, str], dict[str, str]]:
        return dict(respondent_names()), dict(route.names())

    def span(self, route: Route) -> tuple[int, int]:
        return self._since, self._now

    def series(self, route: Route, respondent: str) -> tuple[Series, ...]:
        return self._kept.get((route.id, respondent), lambda: self._made(route, respondent))

    def _made(self, route: Route, code: str) -> tuple[Series, ...]:
        made = (self._one(route, code, kind) for kind in _kinds(route.id).get(code, ()))
        return tuple(series for series in made if len(series.hours))

    def _one(self, route: Route, code: str, kind: str) -> Series:
        ours, theirs = self.names(route)
        values, present = MADE[route.id].series(self._world, code, kind)
        hours, values = self._world.hours[present].astype(np.int32), values[present]
        empty = np.zeros(len(hours), np.bool_)
        series = Series(code, ours[code], kind, theirs.get(kind, kind), hours, values, empty)
        return reported(route, series) if self._defects and respondents()[code].kind == "authority" else series


@cache
def _kinds(route: str) -> Mapping[str, tuple[str, ...]]:
    """The respondents of a route, and the kinds that each can have, both sorted; none where nothing makes them."""
    made = MADE.get(route)
    found = {code: tuple(sorted(made.kinds(code))) for code in ROUTES[route].served()} if made else {}
    return MappingProxyType({code: kinds for code, kinds in found.items() if kinds})
