# SPDX-License-Identifier: Apache-2.0
"""A respondent's whole history in one route on a grid of hours: one cell a (series, hour), no sorting, no rows.

Responses are scattered into the grid in any order; the one retrieved later decides a cell, and an hour that a
later answer holds no row for is empty. Memory is 12 bytes a cell, however often the hours were asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from eia930.question.span import Span
from eia930.question.window import Window
from eia930.record.rejects import REPEATED, REVISED, WITHDRAWN, Answered, Lost, Reject, refused
from eia930.sources.api.rows import Columns


@dataclass(slots=True)
class Series:
    """One series on the frame: `value` float64[hours] in MW (NaN: null or absent), `at` uint32[hours].

    `at` is when the row was retrieved, in seconds since 1970 UTC; 0 where there is no row.
    """

    kind: str
    value: NDArray[np.float64]
    at: NDArray[np.uint32]
    asked: NDArray[np.bool_] | None = None
    """bool[hours]: which count as asked; None: all."""


@dataclass(slots=True)
class Grid:
    """All series of a span. Rows `received` = kept + `duplicate` + `rejected`, for the hours and kinds of the span."""

    span: Span
    received: int = 0
    duplicate: int = 0
    rejected: int = 0
    refused: list[Reject] = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)
    answers: list[Answered] = field(default_factory=list)
    _series: dict[str, Series] = field(default_factory=dict)
    _covered: dict[tuple[str, ...], NDArray[np.uint32]] = field(default_factory=dict)

    def add(self, key: str, window: Window, settled: tuple[int, int], columns: Columns, at: datetime) -> None:
        """Scatter a stored response. `settled`: the hours (inclusive) that it answers whole."""
        answered = Answered(key, window, settled, int(at.timestamp()))
        self.answers.append(answered)
        self._cover(window.kinds, settled, answered.moment)
        self._refuse(key, columns)
        inside = (columns.hour >= self.span.first) & (columns.hour <= self.span.last)
        for code, kind in enumerate(columns.kinds):
            if not self.span.kinds or kind in self.span.kinds:
                mine = inside & (columns.kind == code)
                self._scatter(answered, kind, columns.hour[mine] - self.span.first, columns.value[mine])

    def finish(self) -> list[Series]:
        """The series, sorted by kind, without the rows that a later answer no longer has."""
        for series in self._series.values():
            self._withdraw(series)
        self._covered.clear()
        return [self._series[kind] for kind in sorted(self._series)]

    def _cover(self, kinds: tuple[str, ...], settled: tuple[int, int], moment: int) -> None:
        covered = self._covered.setdefault(kinds, np.zeros(self.span.hours, np.uint32))
        here = covered[max(0, settled[0] - self.span.first) : max(0, settled[1] + 1 - self.span.first)]
        np.maximum(here, np.uint32(moment), out=here)

    def _refuse(self, key: str, columns: Columns) -> None:
        self.received += len(columns.refused)
        self.rejected += len(columns.refused)
        self.refused.extend(refused(columns.refused, key))

    def _scatter(self, answered: Answered, kind: str, place: NDArray[np.int64], value: NDArray[np.float64]) -> None:
        if not len(place):
            return
        self.received += len(place)
        place, value = self._once(answered, kind, place, value)
        series = self._get(kind)
        taken = series.at[place] != 0
        if np.any(taken):
            self._settle(answered, series, place[taken], value[taken])
            place, value = place[~taken], value[~taken]
        series.value[place] = value
        series.at[place] = answered.moment

    def _once(
        self, answered: Answered, kind: str, place: NDArray[np.int64], value: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Each hour once: the last row of an answer stands for it."""
        if len(place) < 2 or (np.all(np.diff(place) != 0) and len(np.unique(place)) == len(place)):
            return place, value
        order = len(place) - 1 - np.unique(place[::-1], return_index=True)[1]
        dropped = np.setdiff1d(np.arange(len(place)), order)
        stands = dict(zip(place[order].tolist(), value[order].tolist(), strict=True))
        self.duplicate += len(dropped)
        for i in dropped.tolist():
            mine, other, hour = float(value[i]), stands[int(place[i])], self.span.first + int(place[i])
            if not _same(mine, other):
                key, moment = answered.key, answered.moment
                self.lost.append(Lost(REPEATED, kind, hour, mine, key, moment, winners=(key,), stands=other))
        return place[order], value[order]

    def _settle(self, answered: Answered, series: Series, place: NDArray[np.int64], value: NDArray[np.float64]) -> None:
        """Cells that hold a row already: the later retrieved stands; where the two differ, both are recorded."""
        self.duplicate += len(place)
        old, at = series.value[place], series.at[place]
        later = at <= answered.moment
        differs = ~((old == value) | (np.isnan(old) & np.isnan(value)))
        for i in np.flatnonzero(differs).tolist():
            self.lost.append(
                self._replaced(answered, series.kind, int(place[i]), float(old[i]), float(value[i]), int(at[i]))
            )
        series.value[place[later]] = value[later]
        series.at[place[later]] = answered.moment

    def _replaced(self, answered: Answered, kind: str, place: int, old: float, new: float, at: int) -> Lost:
        """Of two rows that differ, the one that does not stand: `old`, retrieved `at`, or `new`, the answer's."""
        hour = self.span.first + place
        if at <= answered.moment:
            return Lost(REVISED, kind, hour, old, "", at, winners=(answered.key,), stands=new)
        held = tuple(one.key for one in reversed(self.answers) if one.moment == at and one.may_hold(kind, hour))
        return Lost(REVISED, kind, hour, new, answered.key, answered.moment, winners=held, stands=old)

    def _withdraw(self, series: Series) -> None:
        """Empty the cells whose hour was answered later without a row."""
        gone = np.zeros(len(series.at), bool)
        for kinds, covered in self._covered.items():
            if not kinds or series.kind in kinds:
                gone |= (series.at != 0) & (series.at < covered)
        latest = sorted(self.answers, key=lambda one: -one.moment)
        for i in np.flatnonzero(gone).tolist():
            hour, moment = self.span.first + i, int(series.at[i])
            winner = next(one.key for one in latest if one.settles(series.kind, hour))
            self.lost.append(Lost(WITHDRAWN, series.kind, hour, float(series.value[i]), "", moment, winners=(winner,)))
        self.duplicate += int(gone.sum())
        series.value[gone] = np.nan
        series.at[gone] = 0

    def _get(self, kind: str) -> Series:
        if kind not in self._series:
            hours = self.span.hours
            self._series[kind] = Series(kind, np.full(hours, np.nan), np.zeros(hours, np.uint32))
        return self._series[kind]

    def ensure(self, kinds: Iterable[str], *, asked: NDArray[np.bool_] | None = None) -> None:
        """Give a series to kinds that have none yet, so that their hours (those `asked`) are named as missing."""
        for kind in kinds:
            if kind not in self._series:
                self._get(kind).asked = asked

    def unanswered(self, kind: str) -> NDArray[np.bool_]:
        """bool[hours]: which hours of a kind no response settles. To be called before `finish`."""
        settled = np.zeros(self.span.hours, bool)
        for kinds, covered in self._covered.items():
            if not kinds or kind in kinds:
                settled |= covered != 0
        return ~settled


def _same(one: float, other: float) -> bool:
    return one == other or (one != one and other != other)
