# SPDX-License-Identifier: Apache-2.0
"""An estimate of demand where nothing stands: evidence of other series, bridged from the series' own hours.

A value of a year is a function of that year and of the two beside it. Memory: about 40 bytes an hour of three years of
all series. What earlier hours alone say of an hour is another method: `eia930.estimating.causal`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from eia930.estimating.bridge import autocovariance, kriged, own_hours, placed
from eia930.estimating.course import Departures, departures
from eia930.estimating.evidence import Index, Lessons, Signals, lessons, signals, weigh
from eia930.estimating.exact import Mask, Real, coarse
from eia930.estimating.likeness import LEAST, closeness
from eia930.estimating.windows import Window, years

_PARTNERS = 14
_EVERY = 3
"""Weights are learnt from every third hour: a day has all its hours in three days."""
_NEAR = 90 * 24
"""Hours beside a year of which residuals tell how they hang together in time."""
_AROUND = (-1, 0, 1)


def estimate(demand: Real, forecast: Real, *, first: int, barred: Mask | None = None) -> Real:
    """Estimate demand (whole MWh) where it is NaN; NaN where it stands, or where nothing can be said.

    Arguments, and what nothing is said of, are those of `estimates`: float64[series, hours].
    """
    out = np.full(demand.shape, np.nan)
    for give, found in estimates(demand, forecast, first=first, barred=barred):
        out[:, give] = found
    return out


def estimates(
    demand: Real,
    forecast: Real,
    *,
    first: int,
    barred: Mask | None = None,
    wanted: Mask | None = None,
) -> Iterator[tuple[slice, Real]]:
    """The same, a window at a time: its columns, and float64[series, columns].

    `demand`, `forecast`: float64[series, hours] on one frame that begins at hour `first` (since 1970 UTC, hour ending),
    NaN where missing or flagged; a row of `forecast` is the day-ahead forecast of the same row of `demand`, or NaN.
    `barred`: bool[series, series], true where the second must not tell of the first (its sum contains it).
    `wanted`: bool[series, hours], the hours to estimate; None: all that are NaN. A window without any is passed over.
    Nothing is said of a series that has fewer than 500 hours in a window. ValueError if shapes differ.
    """
    if demand.shape != forecast.shape or demand.ndim != 2:
        raise ValueError(f"demand {demand.shape} and forecast {forecast.shape}: want the same series and hours")
    if not demand.size:
        return
    allowed = np.ones((len(demand),) * 2, bool) if barred is None else ~barred
    np.fill_diagonal(allowed, val=False)
    for window in years(first, demand.shape[1]):
        missing = np.isnan(demand[:, window.give])
        missing &= True if wanted is None else wanted[:, window.give]
        if missing.any():
            work = _Work.of(demand, forecast, first=first, window=window, allowed=allowed)
            yield window.give, work.run(missing)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """One window: columns count from its first hour."""

    first: int
    """The window's first hour, since 1970 UTC."""
    give: slice
    learn: Index
    own: Departures
    signals: Signals
    lessons: Lessons
    closeness: Real
    low: Real
    high: Real
    """float64[series], MW: the least and the most that stood where is learnt."""

    @classmethod
    def of(cls, demand: Real, forecast: Real, *, first: int, window: Window, allowed: Mask) -> _Work:
        """Take departures, and gather what is learnt from."""
        begin = window.of.start
        part, ahead = demand[:, window.of], forecast[:, window.of]
        learn = np.arange(window.learn.start - begin, window.learn.stop - begin)
        fitted = np.zeros(part.shape[1], bool)
        fitted[learn] = True
        own = departures(part, fitted, first=first + begin)
        published = departures(ahead, fitted, first=first + begin)
        series = len(part)
        all_signals = signals(np.concatenate((own.value, published.value)), [_AROUND] * (2 * series))
        learnt = lessons(all_signals, learn[::_EVERY], first + begin)
        there = np.where(np.isnan(part[:, learn]), np.inf, part[:, learn])
        return cls(
            first=first + begin,
            give=slice(window.give.start - begin, window.give.stop - begin),
            learn=learn,
            own=own,
            signals=all_signals,
            lessons=learnt,
            closeness=np.where(allowed, closeness(own.value[:, learn[::_EVERY]], least=LEAST // _EVERY), 0.0),
            low=there.min(axis=1),
            high=np.where(np.isinf(there), -np.inf, there).max(axis=1),
        )

    def run(self, missing: Mask) -> Real:
        """Estimates where `missing` (bool[series, hours of `give`]): float64 of the same shape, NaN elsewhere."""
        out = np.full(missing.shape, np.nan)
        for row in range(len(out)):
            at = np.flatnonzero(missing[row]) + self.give.start
            if at.size and np.count_nonzero(~np.isnan(self.own.value[row, self.learn])) >= LEAST:
                out[row, at - self.give.start] = self._estimated(row, at)
        return out

    def _estimated(self, row: int, at: Index) -> Real:
        """Estimates of one series at hours `at`, whole MWh: float64[hours]."""
        target, of = self.own.value[row], self.signals
        close = self.closeness[row]
        partners = [int(j) for j in np.argsort(-close, kind="stable")[: 2 * _PARTNERS] if close[j] > 0]
        candidates = [row + len(self.own.value), *partners]
        evidence = weigh(target, candidates, _PARTNERS, of, self.lessons)
        there = ~np.isnan(target)
        points = own_hours(there, at, ahead=True)
        known = self.learn[there[self.learn]]
        begin, end = self.give.start - _NEAR, self.give.stop + _NEAR
        known = known[(known >= begin) & (known < end)]
        pattern = evidence.pattern(of, known)
        codes, counts = np.unique(pattern, return_counts=True)
        usual = known[pattern == codes[np.argmax(counts)]] if known.size else known
        needed = np.union1d(np.union1d(points[points >= 0], usual), at)
        told = np.zeros(target.size)
        told[needed] = evidence.expected(of, needed, self.first)
        residual = coarse(target - told)
        departed = told[at] + kriged(residual, at, points, autocovariance(placed(residual, usual)))
        level = (self.own.course[row, at] + departed) * self.own.mean[row]
        return np.asarray(np.clip(np.round(level), self.low[row], self.high[row]))
