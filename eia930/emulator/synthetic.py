# SPDX-License-Identifier: Apache-2.0
"""Synthetic hours of every respondent in all four routes: the world's truth, with the defects of reporting on top."""

from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType

import numpy as np

from eia930.emulator.series import RowSource, Series
from eia930.emulator.world.cache import Bounded
from eia930.emulator.world.defects import reported
from eia930.emulator.world.sizes import kinds_of_fuel
from eia930.emulator.world.world import Present, World
from eia930.reference.respondents import expected_kinds, respondents, served
from eia930.reference.routes import FUEL, FUEL_NAMES, INTERCHANGE, REGION, ROUTES, TYPE_NAMES, Route


def synthetic(*, now: int, defects: bool = True) -> RowSource:
    """Hours from 2019-01-01T00 up to `now` (hours since 1970 UTC), each decided by respondent and hour alone.

    Without `defects` every hour is there and everything adds up.
    """
    if now < REGION.first:
        raise ValueError("the synthetic record begins in 2019; ask for a later hour")
    return _Synthetic(now, defects=defects)


class _Synthetic:
    def __init__(self, now: int, *, defects: bool) -> None:
        self._now = now
        self._defects = defects
        self._world = World(REGION.first, now)
        self._kept: Bounded[tuple[str, str], tuple[Series, ...]] = Bounded(size=128)

    @property
    def now(self) -> int:
        return self._now

    def respondents(self, route: Route) -> Sequence[str]:
        return tuple(_kinds(route.id))

    def kinds(self, route: Route) -> Sequence[str]:
        return sorted({kind for kinds in _kinds(route.id).values() for kind in kinds})

    def names(self, route: Route) -> tuple[dict[str, str], dict[str, str]]:
        codes = {code: about.name for code, about in respondents().items()}
        kinds = {REGION.id: dict(TYPE_NAMES), FUEL.id: dict(FUEL_NAMES), INTERCHANGE.id: codes}
        return codes, kinds.get(route.id, {})

    def span(self, route: Route) -> tuple[int, int]:
        return route.first, self._now

    def series(self, route: Route, respondent: str) -> tuple[Series, ...]:
        return self._kept.get((route.id, respondent), lambda: self._made(route, respondent))

    def _made(self, route: Route, code: str) -> tuple[Series, ...]:
        made = (self._one(route, code, kind) for kind in _kinds(route.id).get(code, ()))
        return tuple(series for series in made if len(series.hours))

    def _one(self, route: Route, code: str, kind: str) -> Series:
        ours, theirs = self.names(route)
        values, present = self._true(route, code, kind)
        hours, values = self._world.hours[present].astype(np.int32), values[present]
        empty = np.zeros(len(hours), np.bool_)
        series = Series(code, ours[code], kind, theirs.get(kind, kind), hours, values, empty)
        return reported(route, series) if self._defects and respondents()[code].kind == "authority" else series

    def _true(self, route: Route, code: str, kind: str) -> Present:
        if route is REGION:
            return self._world.region(code, kind)
        if route is FUEL:
            return self._world.fuel(code, kind)
        if route is INTERCHANGE:
            return self._world.exchange(code, kind)
        return self._world.subregion(code, kind)


@cache
def _kinds(route: str) -> Mapping[str, tuple[str, ...]]:
    """The respondents of a route, and the kinds that each can have, both sorted."""
    found = {code: _kinds_of(ROUTES[route], code) for code in served(ROUTES[route])}
    return MappingProxyType({code: kinds for code, kinds in found.items() if kinds})


def _kinds_of(route: Route, code: str) -> tuple[str, ...]:
    return tuple(sorted(kinds_of_fuel(code) if route is FUEL else expected_kinds(route, code)))
