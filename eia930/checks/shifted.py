# SPDX-License-Identifier: Apache-2.0
"""Weeks whose stamps are off by hours, told by a reference that should move at the same time.

Hour-to-hour steps are correlated week by week, at no delay and at some; only a clear gain counts.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import bottleneck as bn
import numpy as np
from numpy.typing import NDArray

from eia930.checks.outcome import Outcome, Series, Values, Worst
from eia930.checks.sums.equations import Equation, Sides

WEEK = 168
DELAYS = (-4, -3, -2, -1, 1, 2, 3, 4)
AGREES, GAIN = 0.85, 0.05  # correlation needed at the delay, and how much more than at none
_LEFT = 0.5  # share of what no delay leaves unexplained that the delay may leave
_MOST = max(DELAYS)
_FEWEST = 100  # hours of a week that both must have
_CLIP = 8.0  # × the median step: one spike must not decide a week
_NEAR = 4  # unshifted weeks nearest in season, against which a series is held to tell which of two moved
_YEAR, _YEAR_APART = 52.18, 0.5  # weeks in a year; what a year between counts, in weeks of season

Weeks = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Shift:
    """Shifted weeks of a pair, and by how many hours the first lags behind the second in each."""

    weeks: Weeks
    delay: NDArray[np.int64]


def shifted(equation: Equation, both: Sides, series: Series, *, first_hour: int) -> Outcome:
    """The outcome of an equation whose sides should move together."""
    shift = find_shift(both.found, both.expected)
    checked = both.found.size - int(np.count_nonzero(np.isnan(both.found) | np.isnan(both.expected)))
    if not shift.weeks.size:
        return Outcome(hours_checked=checked)
    name, delay = equation.total, int(np.median(shift.delay))
    if moved(both.expected, shift, -delay) > moved(both.found, shift, delay):
        name, delay = _largest(both.present, series), -delay
    places = (shift.weeks[:, None] * WEEK + np.arange(WEEK)).ravel()
    hour = first_hour + int(shift.weeks[0]) * WEEK
    worst = Worst(series_id=name, hour=hour, expected=0.0, found=float(delay), hours=places.size)
    return Outcome(hours_checked=checked, worst=worst, weight=float(places.size), places=places)


def find_shift(values: Values, reference: Values) -> Shift:
    """Find the weeks (of the frame, from its first hour) in which `values` follows `reference` with a delay."""
    steps, moves = _by_week(_steps(values)), np.full(values.size + 2 * _MOST, np.nan)
    moves[_MOST : _MOST + values.size] = _steps(reference)
    now = _correlation(steps, _by_week(moves[_MOST : _MOST + values.size]))
    (weeks,) = np.nonzero(now <= 1 - GAIN)  # in others no delay can gain enough
    if not weeks.size:
        return Shift(weeks, np.zeros(0, dtype=np.int64))
    steps = steps[weeks]
    then = np.stack([_correlation(steps, _by_week(moves[_MOST - delay :][: values.size])[weeks]) for delay in DELAYS])
    then = np.where(np.isnan(then), -np.inf, then)
    best = then.max(axis=0)
    before = now[weeks]
    hit = (best >= AGREES) & (best - before >= GAIN) & (1 - best <= _LEFT * (1 - before))
    return Shift(weeks[hit], np.array(DELAYS)[then.argmax(axis=0)][hit])


def moved(values: Values, shift: Shift, delay: int) -> float:
    """Return how much better a series' shifted weeks fit its own other weeks with the delay than without.

    Held against: the mean days of the nearest unshifted weeks in season, of this year or another.
    """
    size = values.size // WEEK
    others = np.setdiff1d(np.arange(size), shift.weeks)
    if not others.size:
        return 0.0
    apart = np.abs(shift.weeks[:, None] - others)
    years = np.round(apart / _YEAR)
    near = np.argsort(np.abs(apart - _YEAR * years) + _YEAR_APART * years, axis=1, kind="stable")[:, :_NEAR]
    steps = _steps(values)[: size * WEEK].reshape(size, 7, 24)
    usual = bn.nansum(steps[others[near]].reshape(shift.weeks.size, -1, 24), axis=1)
    day = bn.nansum(steps[shift.weeks], axis=1)
    size_of = float(np.linalg.norm(usual) * np.linalg.norm(day)) or 1.0
    return float((day * np.roll(usual, delay, axis=1)).sum() - (day * usual).sum()) / size_of


def _largest(names: Iterable[str], series: Series) -> str:
    """Return the series whose values are largest: of several parts it decides how the sum moves."""
    return max(names, key=lambda name: float(bn.nanmean(np.abs(series[name]))))


def _steps(values: Values) -> Values:
    """Return hour-to-hour steps (NaN first), cut at a multiple of the median step."""
    steps = np.full(values.size, np.nan)
    np.subtract(values[1:], values[:-1], out=steps[1:])
    limit = _CLIP * float(bn.nanmedian(np.abs(steps))) if steps.size else 0.0
    return np.clip(steps, -limit, limit, out=steps)


def _correlation(a: Values, b: Values) -> Values:
    """Correlate each week of two, float64[weeks, 168]; NaN where too little is present of both."""
    lacking = np.isnan(a + b)
    count = np.maximum(WEEK - np.count_nonzero(lacking, axis=1), 1)
    if lacking.any():
        a, b = np.where(lacking, 0.0, a), np.where(lacking, 0.0, b)
    mean_a, mean_b = a.sum(axis=1) / count, b.sum(axis=1) / count
    spread = (_dot(a, a) / count - mean_a**2) * (_dot(b, b) / count - mean_b**2)
    together = _dot(a, b) / count - mean_a * mean_b
    sound = (count >= _FEWEST) & (spread > 0)
    return np.where(sound, together / np.sqrt(np.where(sound, spread, 1.0)), np.nan)


def _by_week(steps: Values) -> Values:
    """float64[weeks, 168]: the whole weeks of the frame."""
    return steps[: steps.size // WEEK * WEEK].reshape(-1, WEEK)


def _dot(a: Values, b: Values) -> Values:
    """The sum of the products of each week."""
    found: Values = np.einsum("wh,wh->w", a, b)
    return found
