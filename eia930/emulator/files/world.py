# SPDX-License-Identifier: Apache-2.0
"""The hours that files are made of: who has lines in a half, from when to when, and what each cell says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from eia930.emulator.series import RowSource, Series
from eia930.emulator.synthetic_rows import synthetic
from eia930.emulator.world.cache import Bounded
from eia930.reference.clocks import EARLIEST, Clock, clock_of
from eia930.reference.halves import FIRST, Half, halves
from eia930.reference.life import Life
from eia930.reference.respondents import respondents
from eia930.reference.routes import ROUTES, Route

Cells = NDArray[np.float64]
_LAG = 36
"""Hours by which the files are behind the clock."""
_AROUND = 120
"""Hours before and after a half whose defects may reach into it: two in a row, of 36 at most."""


@dataclass(frozen=True, slots=True)
class Lines:
    """An authority's lines in a half: hours `first`..`last` (UTC, inclusive) by its clock."""

    code: str
    half: Half
    clock: Clock
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Sources:
    """`reported` is what the API serves, `truth` what EIA puts in its place where that is odd; None: nobody knows."""

    reported: RowSource
    truth: RowSource | None = None


@dataclass(frozen=True, slots=True)
class FileWorld:
    """The hours that files are made of, from the half `first` up to `now` (hours since 1970 UTC)."""

    now: int
    first: Half
    sources: Callable[[Half], Sources]

    def lines(self, route: Route, half: Half) -> Iterator[Lines]:
        """Who has lines in a half, in the files' order."""
        for code in sorted(self.sources(half).reported.respondents(route)):
            about = respondents().get(code)
            if about is not None and about.kind != "authority":
                continue
            clock = clock_of(code) or EARLIEST
            first, last = half.hours(clock)
            hours = (about.life if about else Life()).hours(first, min(last, self._until(clock)), slack=0)
            if hours:
                yield Lines(code, half, clock, *hours)

    def series(self, route: Route, lines: Lines) -> dict[str, Series]:
        """What is reported, by kind."""
        found = self.sources(lines.half).reported.series(route, lines.code)
        return {series.kind: series for series in found}

    def settled(self, route: Route, lines: Lines) -> dict[str, Series]:
        """What EIA would put in its place, by kind; empty where nobody knows better."""
        truth = self.sources(lines.half).truth
        return {series.kind: series for series in truth.series(route, lines.code)} if truth else {}

    def _until(self, clock: Clock) -> int:
        """The end of the last local day that is published."""
        return clock.midnight(date(1970, 1, 1) + timedelta(days=(self.now - _LAG + clock.standard) // 24))


def files_of(source: RowSource) -> FileWorld:
    """The files that hold the hours of one source, replayed ones say. Hours before the form have no file."""
    firsts = [source.span(route)[0] for route in ROUTES.values() if source.respondents(route)]
    first = next(iter(halves(min(firsts, default=source.now), source.now)), FIRST)
    return FileWorld(source.now, first, lambda _: Sources(source))


def synthetic_files(*, now: int, defects: bool = True) -> FileWorld:
    """The synthetic record since July 2015; where it overlaps with `synthetic(now=now)`, hour for hour the same."""
    kept: Bounded[Half, Sources] = Bounded(size=2)
    return FileWorld(now, FIRST, lambda half: kept.get(half, lambda: _half(half, now, defects=defects)))


def _half(half: Half, now: int, *, defects: bool) -> Sources:
    """The hours of one half, and some around it: defects begin before and go on after."""
    since, last = half.hours()[0] - _AROUND, min(now, half.hours()[1] + _AROUND)
    made = synthetic(now=last, since=since, defects=defects)
    return Sources(made, synthetic(now=last, since=since, defects=False) if defects else None)


def cells(series: Series | None, lines: Lines) -> Cells:
    """float64 [hours of the lines]; NaN where there is no value. Of an hour that is there twice the last counts."""
    dense = np.full(lines.last - lines.first + 1, np.nan)
    if series is not None:
        low, high = np.searchsorted(series.hours, [lines.first, lines.last + 1]).tolist()
        there = slice(low, high)
        dense[series.hours[there] - lines.first] = np.where(series.empty[there], np.nan, series.values[there])
    return dense
