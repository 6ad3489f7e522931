# SPDX-License-Identifier: Apache-2.0
"""Flagged hours as events, and which of them are worst.

An event is a run of hours with one flag. It weighs as many usual hours as its values are off by in total, so that a
spike of one hour and a flat week can be held against each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, zip_longest

import numpy as np
from numpy.typing import NDArray

from eia930.report.reading.hourly import Hourly
from eia930.screening.rolling import same_hour_median

SHOWN = 10
AROUND = 72
"""Hours drawn to each side of an event."""
_DAYS = 10
_PER_SERIES = 2
_KEPT = 2 * SHOWN

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A run of `hours` flagged hours from place `first` on; `peak` is the place where it is furthest off.

    `value` and `usual` are MW at the peak; `level` is how large an
    hour of the series usually is; `weight` counts such hours. The window of ±72 hours around `centre`
    is kept for the drawing: `seen` as reported, `course` the usual value, `marked` whether an hour has a flag.
    """

    series_id: str
    flag: str
    first: int
    hours: int
    peak: int
    value: float
    usual: float
    level: float
    weight: float
    start: int
    seen: Values
    course: Values
    marked: NDArray[np.bool_]


def usual_course(hourly: Hourly) -> Values:
    """MW: the median of the same hour on the ten days before and after, flagged hours left out; else of all."""
    trusted = hourly.trusted
    course = same_hour_median(trusted, _DAYS)
    middle = float(np.nanmedian(trusted)) if not np.all(np.isnan(trusted)) else 0.0
    return np.where(np.isnan(course), middle, course)


def level_of(hourly: Hourly) -> float:
    """MW: how large an hour of the series usually is; at least 1, for series around zero."""
    trusted = np.abs(hourly.trusted)
    return max(1.0, float(np.nanmedian(trusted))) if not np.all(np.isnan(trusted)) else 1.0


def events_of(hourly: Hourly) -> Iterator[Event]:
    """The heaviest events of each flag in a series."""
    places = np.flatnonzero(hourly.code >= 0)
    if not len(places):
        return
    course, level = usual_course(hourly), level_of(hourly)
    first, hours = _runs(hourly.code)
    off = np.where(hourly.code >= 0, np.abs(hourly.value - course), 0.0)
    total = np.concatenate(([0.0], np.cumsum(off)))
    weight = (total[first + hours] - total[first]) / level
    for code in np.unique(hourly.code[places]).tolist():
        mine = np.flatnonzero(hourly.code[first] == code)
        for run in mine[np.argsort(-weight[mine], kind="stable")][:_PER_SERIES].tolist():
            span = slice(int(first[run]), int(first[run] + hours[run]))
            yield _event(hourly, course, off, span=span, level=level, weight=float(weight[run]))


def _runs(code: NDArray[np.int16]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First place and length of each run of hours with the same flag."""
    edges = np.flatnonzero(np.diff(code, prepend=-2)).astype(np.intp)
    lengths = np.diff(edges, append=len(code))
    flagged = code[edges] >= 0
    return edges[flagged], lengths[flagged]


def _event(hourly: Hourly, course: Values, off: Values, *, span: slice, level: float, weight: float) -> Event:
    first, hours = span.start, span.stop - span.start
    peak = first + int(np.argmax(off[span]))
    centre = peak if hours <= AROUND else first
    start, end = max(0, centre - AROUND), min(len(course), centre + AROUND + 1)
    return Event(
        series_id=hourly.series_id,
        flag=hourly.flags[hourly.code[peak]],
        first=first,
        hours=hours,
        peak=peak,
        value=float(hourly.value[peak]),
        usual=float(course[peak]),
        level=level,
        weight=weight,
        start=start,
        seen=hourly.value[start:end].copy(),
        course=course[start:end].copy(),
        marked=hourly.code[start:end] >= 0,
    )


class Worst:
    """Keeps the heaviest events of each flag, whatever the number of series."""

    def __init__(self) -> None:
        self._kept: dict[str, list[Event]] = defaultdict(list)

    def add(self, event: Event) -> None:
        """Take an event in if it is among the heaviest of its flag."""
        kept = self._kept[event.flag]
        kept.append(event)
        kept.sort(key=lambda one: (-one.weight, one.series_id, one.first))
        del kept[_KEPT:]

    def chosen(self, furthest: Event | None = None) -> list[Event]:
        """Ten at most, the heaviest first: of every flag its heaviest, then the next of each, a series once a flag.

        `furthest` is among them in any case.
        """
        by_flag = [_one_a_series(kept) for kept in self._kept.values()]
        by_flag.sort(key=lambda kept: -kept[0].weight)
        dealt = [one for one in chain.from_iterable(zip_longest(*by_flag)) if one]
        shown = dealt[:SHOWN]
        if furthest and not any(_same(one, furthest) for one in shown):
            shown = [*dealt[: SHOWN - 1], furthest]
        return sorted(shown, key=lambda one: -one.weight)


def _same(one: Event, other: Event) -> bool:
    return (one.series_id, one.first) == (other.series_id, other.first)


def _one_a_series(kept: list[Event]) -> list[Event]:
    seen: dict[str, Event] = {}
    for one in kept:
        seen.setdefault(one.series_id, one)
    return list(seen.values())
