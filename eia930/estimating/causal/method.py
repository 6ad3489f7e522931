# SPDX-License-Identifier: Apache-2.0
"""Demand of an hour from the hours before it and the forecast for it, by what the year before its quarter taught.

An hour is told from its forecast, from the series that move most alike one and two hours before it, and from its own
hours before it. Weights are those of the year before its quarter, so no hour of the quarter has a part in them.
Memory: about 200 bytes an hour of five quarters of all series.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from eia930.estimating.bridge import autocovariance, kriged, own_hours, placed
from eia930.estimating.course import Departures, departures
from eia930.estimating.evidence import Evidence, Index, Lessons, Signals, lessons, signals, weigh
from eia930.estimating.exact import Mask, Real, coarse
from eia930.estimating.likeness import LEAST, closeness
from eia930.estimating.windows import Window, quarters

_PARTNERS = 6
_EVERY, _MANY = 5, 4400
"""Of so many hours weights are learnt from every fifth: a day has all its hours in five days."""
_NEAR = 60 * 24
"""The latest hours, of which residuals tell how they hang together in time."""
_BESIDE = 3
"""Latest own hours that are carried on."""
_DEMAND_LAGS, _FORECAST_LAGS = (-1, -2), (-1, 0)


def causal_estimates(
    demand: Real, forecast: Real, wanted: Mask, *, first: int, barred: Mask | None = None
) -> Iterator[tuple[slice, Real]]:
    """Demand where it is `wanted` (bool[series, hours]), a window at a time: its columns, float64[series, columns].

    `demand`, `forecast`: float64[series, hours] in MW on one frame that begins at hour `first` (since 1970 UTC, hour
    ending), NaN where nothing stands; a row of `forecast` is the day-ahead forecast of the same row, or NaN.
    `barred`: bool[series, series], true where the second must not tell of the first (its sum contains it).
    A value is a function of `demand` before its hour and of `forecast` up to it. NaN elsewhere, and where a series has
    fewer than 500 hours in the year before the window: so in the first month of a record. ValueError if shapes differ.
    """
    if not demand.shape == forecast.shape == wanted.shape or demand.ndim != 2:
        raise ValueError(f"{demand.shape}, {forecast.shape}, {wanted.shape}: want the same series and hours")
    allowed = np.ones((len(demand),) * 2, bool) if barred is None else ~barred
    np.fill_diagonal(allowed, val=False)
    for window in quarters(first, demand.shape[1]) if demand.size else ():
        some = wanted[:, window.give]
        if some.any():
            yield window.give, _Quarter.of(demand, forecast, first=first, window=window, allowed=allowed).told(some)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Quarter:
    """One window: columns count from its first hour."""

    first: int
    """The window's first hour, since 1970 UTC."""
    give: slice
    learn: Index
    own: Departures
    signals: Signals
    lessons: Lessons
    closeness: Real

    @classmethod
    def of(cls, demand: Real, forecast: Real, *, first: int, window: Window, allowed: Mask) -> _Quarter:
        """Take departures, and gather what is learnt from."""
        begin = window.of.start
        part, ahead = demand[:, window.of], forecast[:, window.of]
        learn = np.arange(window.learn.start - begin, window.learn.stop - begin)
        fitted = np.zeros(part.shape[1], bool)
        fitted[learn] = True
        own = departures(part, fitted, first=first + begin, behind=True)
        published = departures(ahead, fitted, first=first + begin, behind=True)
        lags = [_DEMAND_LAGS] * len(part) + [_FORECAST_LAGS] * len(part)
        evidence = signals(np.concatenate((own.value, published.value)), lags)
        every = 1 if learn.size < _MANY else _EVERY
        some = learn[::every]
        return cls(
            first=first + begin,
            give=slice(window.give.start - begin, window.give.stop - begin),
            learn=learn,
            own=own,
            signals=evidence,
            lessons=lessons(evidence, some, first + begin),
            closeness=np.where(allowed, closeness(own.value[:, some], least=LEAST // every), 0.0),
        )

    def told(self, wanted: Mask) -> Real:
        """Demand where `wanted` (bool[series, hours of `give`]): float64 of the same shape in MW, NaN elsewhere."""
        out = np.full(wanted.shape, np.nan)
        for row, mine in enumerate(wanted):
            at = np.flatnonzero(mine) + self.give.start
            if at.size and np.count_nonzero(~np.isnan(self.own.value[row, self.learn])) >= LEAST:
                departed = self._departed(row, at)
                out[row, at - self.give.start] = (self.own.course[row, at] + departed) * self.own.mean[row]
        return out

    def _departed(self, row: int, at: Index) -> Real:
        """How far one series most likely was from its course at hours `at`: float64[hours]."""
        target, close = self.own.value[row], self.closeness[row]
        partners = [int(j) for j in np.argsort(-close, kind="stable")[: 2 * _PARTNERS] if close[j] > 0]
        evidence = weigh(target, [row + len(self.own.value), *partners], _PARTNERS, self.signals, self.lessons)
        there = ~np.isnan(target)
        points, usual = own_hours(there, at, ahead=False, beside=_BESIDE), self._usual(evidence, there)
        asked = np.zeros(target.size, bool)
        for some in (points[points >= 0], usual, at):
            asked[some] = True
        told, needed = np.zeros(target.size), np.flatnonzero(asked)
        told[needed] = evidence.expected(self.signals, needed, self.first)
        residual = coarse(target - told)
        return told[at] + kriged(residual, at, points, autocovariance(placed(residual, usual)))

    def _usual(self, evidence: Evidence, there: Mask) -> Index:
        """The latest hours to learn from that have the commonest pattern of evidence."""
        known = self.learn[there[self.learn]][-_NEAR:]
        pattern = evidence.pattern(self.signals, known)
        return known[pattern == np.argmax(np.bincount(pattern))] if known.size else known
