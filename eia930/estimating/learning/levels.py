# SPDX-License-Identifier: Apache-2.0
"""Levels of signals by the hours at which a target stands.

What is missing of a target is missing of its level. In a gap of a week it would count for its signals alone, and they
would seem to stand less above their levels than they do above the target's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eia930.estimating.learning.course import DOUBT, Departures, within
from eia930.estimating.learning.exact import Index, Mask, Real, coarse

DAY = 24


@dataclass(frozen=True, slots=True)
class Levels:
    """Of each signal what stands, by days from the window's first hour on."""

    above: Real
    """float64[signals, hours]: how much stands above the course, the level in it; zero where nothing counts."""
    counts: Mask
    """bool[signals, hours]: where the signal stands and is whole."""
    total: Real
    """float64[signals, days]."""
    count: Real
    behind: bool
    """Whether the level of a day is that of the days before it."""

    @classmethod
    def of(cls, some: list[Departures], whole: Mask, *, behind: bool) -> Levels:
        """Sum up series, whose hours count where they are `whole`: bool[signals, hours]."""
        series, hours = whole.shape
        above, counts = np.zeros(whole.shape), whole.copy()
        total, count = np.zeros((2, series, -(-hours // DAY)))
        rows = (row for one in some for row in zip(one.value, one.level, strict=True))
        for row, (value, level) in enumerate(rows):
            counts[row] &= ~np.isnan(value)
            above[row] = np.where(counts[row], value + level, 0.0)
            total[row], count[row] = _by_day(above[row]), _by_day(counts[row])
        return cls(above, counts, total, count, behind)

    def hidden(self, some: Sequence[int], gone: Index) -> Real:
        """How much of the levels of `some` signals is that of the hours `gone`: float64[some, days]."""
        rows, days = np.array(some, np.intp), self.total.shape[1]
        day = gone // DAY + np.arange(rows.size)[:, None] * days
        sums = []
        for by_day, hours in ((self.total[rows], self.above), (self.count[rows], self.counts)):
            less = np.bincount(day.ravel(), hours[rows[:, None], gone].ravel(), by_day.size)
            sums += [by_day, by_day - less.reshape(by_day.shape)]
        above, without, count, left = (within(one, DAY, behind=self.behind) for one in sums)
        return coarse(above / (count + DOUBT) - without / (left + DOUBT))


def _by_day(hours: Real | Mask) -> Real:
    whole = np.zeros(-(-hours.size // DAY) * DAY)
    whole[: hours.size] = hours
    return np.asarray(whole.reshape(-1, DAY) @ np.ones(DAY))
