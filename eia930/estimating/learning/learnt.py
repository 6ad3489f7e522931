# SPDX-License-Identifier: Apache-2.0
"""What is learnt in a window of hours, and what it says of one series there: the part that all methods share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from eia930.estimating.learning.bridge import autocovariance, kriged
from eia930.estimating.learning.course import Departures, departures
from eia930.estimating.learning.evidence import Evidence, Lessons, Signals, lessons, signals, weigh
from eia930.estimating.learning.exact import Index, Mask, Real, coarse
from eia930.estimating.learning.likeness import LEAST, closeness
from eia930.estimating.windows import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a method learns: from every so many hours, from how many partners, around which hours, from what is behind.

    `demand` and `forecast` are the hours beside an hour that count with it, of demand and of forecasts.
    """

    every: int
    partners: int
    demand: tuple[int, ...]
    forecast: tuple[int, ...]
    behind: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """One window: columns count from its first hour."""

    manner: Manner
    first: int
    """The window's first hour, since 1970 UTC."""
    give: slice
    learn: Index
    own: Departures
    signals: Signals
    lessons: Lessons
    closeness: Real

    @classmethod
    def of(cls, demand: Real, forecast: Real, *, first: int, window: Window, allowed: Mask, manner: Manner) -> Learnt:
        """Take departures, and gather what is learnt from. `first` is the hour of the frame's first column."""
        begin = window.of.start
        part, ahead = demand[:, window.of], forecast[:, window.of]
        learn = np.arange(window.learn.start - begin, window.learn.stop - begin)
        fitted = np.zeros(part.shape[1], bool)
        fitted[learn] = True
        own = departures(part, fitted, first=first + begin, behind=manner.behind)
        published = departures(ahead, fitted, first=first + begin, behind=manner.behind)
        lags = [manner.demand] * len(part) + [manner.forecast] * len(part)
        evidence = signals([own, published], lags, behind=manner.behind)
        some = learn[:: manner.every]
        close = closeness(own.value[:, some], least=LEAST // manner.every)
        return cls(
            manner=manner,
            first=first + begin,
            give=slice(window.give.start - begin, window.give.stop - begin),
            learn=learn,
            own=own,
            signals=evidence,
            lessons=lessons(evidence, some, first + begin),
            closeness=np.where(allowed, close, 0.0),
        )

    def each(self, wanted: Mask, tell: Callable[[int, Index], Real]) -> Real:
        """`tell(row, hours)` of every series with enough to learn from, where it is `wanted`; NaN elsewhere.

        bool and float64[series, hours of `give`].
        """
        out = np.full(wanted.shape, np.nan)
        for row, mine in enumerate(wanted):
            at = np.flatnonzero(mine) + self.give.start
            if at.size and np.count_nonzero(~np.isnan(self.own.value[row, self.learn])) >= LEAST:
                out[row, at - self.give.start] = tell(row, at)
        return out

    def evidence(self, row: int) -> Evidence:
        """What tells of a series: its forecast, and those that move most like it."""
        close, most = self.closeness[row], self.manner.partners
        partners = [int(j) for j in np.argsort(-close, kind="stable")[: 2 * most] if close[j] > 0]
        return weigh(self.own.value[row], [row + len(self.own.value), *partners], most, self.signals, self.lessons)

    def level(self, row: int, at: Index, departed: Real) -> Real:
        """The MW of departures at hours `at`."""
        return np.asarray((self.own.course[row, at] + departed) * self.own.mean[row])

    def departed(self, row: int, at: Index, *, points: Index, near: slice, evidence: Evidence) -> Real:
        """Departures at hours `at`: told by the evidence, bridged from the series' own hours `points`.

        How residuals hang together in time is taken from the stretch `near`.
        """
        target = self.own.value[row]
        asked = np.concatenate((points[points >= 0], at, [near.start, near.stop - 1]))
        part = slice(int(asked.min()), int(asked.max()) + 1)
        told = evidence.expected(self.signals, part, self.first, np.flatnonzero(np.isnan(target)))
        residual = coarse(target[part] - told)
        along = autocovariance(residual[near.start - part.start : near.stop - part.start])
        here, there = at - part.start, np.where(points >= 0, points - part.start, -1)
        return told[here] + kriged(residual, here, there, along)
