# SPDX-License-Identifier: Apache-2.0
"""What a series' own hours say of a gap: its departures from the evidence, on both sides, kriged into it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eia930.estimating.learning.exact import Mask, Real, coarse, in_parts, solve

BESIDE = 4
"""Present hours on each side."""
DAYS = (1, 2, 3, 7, 14)
"""Same hour, so many days away."""
REACH = 2 * 14 * 24 + 48
"""Hours of autocovariance."""
_NUGGET = 0.01
_APART = 1 << 32
"""Hours between points that are not there: they tell nothing of each other, nor of anything."""


def own_hours(there: Mask, at: NDArray[np.intp], *, ahead: bool, beside: int = BESIDE) -> NDArray[np.intp]:
    """Which own hours tell of each hour of `at`: int[hours, points], -1 where there is none.

    `ahead`: hours after it count too. `beside`: how many present hours on each side.
    """
    present = np.flatnonzero(there)
    where = np.searchsorted(present, at)
    near = [_nth(present, where - 1 - k) for k in range(beside)]
    if ahead:
        near += [_nth(present, where + k) for k in range(beside)]
    close = np.stack(near, axis=1)
    days = np.array([sign * day * 24 for day in DAYS for sign in ((-1, 1) if ahead else (-1,))])
    far = at[:, None] + days
    inside = (far >= 0) & (far < there.size)
    inside &= there[np.clip(far, 0, there.size - 1)]
    inside &= ~(far[:, :, None] == close[:, None, :]).any(axis=2)
    return np.concatenate((close, np.where(inside, far, -1)), axis=1)


def _nth(present: NDArray[np.intp], which: NDArray[np.intp]) -> NDArray[np.intp]:
    if not present.size:
        return np.full(which.shape, -1)
    return np.where((which >= 0) & (which < present.size), present[np.clip(which, 0, present.size - 1)], -1)


def autocovariance(residual: Real) -> Real:
    """How alike a series is to itself so many hours away: float64[REACH], 1 at lag 0; NaN = unknown.

    An unknown hour counts as zero. So what is seldom known tells less, and the whole is positive definite: a covariance
    over the pairs that are known need not be, and weights taken from such a one grow without bound.
    """
    if residual.size < REACH:
        return np.zeros(REACH)
    turned = np.fft.rfft(np.where(np.isnan(residual), 0.0, residual), 1 << (residual.size + REACH - 1).bit_length())
    # Rounded, so that the transform's last bits do not show.
    product = np.round(np.fft.irfft(turned * np.conj(turned))[:REACH], 6)
    return np.asarray(product / product[0]) if product[0] > 0 else np.zeros(REACH)


def kriged(residual: Real, at: NDArray[np.intp], points: NDArray[np.intp], covariance: Real) -> Real:
    """The residual at hours `at` from its values at `points`: float64[hours], 0 where there are none.

    `points`: int[hours, points], -1 where there is none.
    """
    value = np.where(points >= 0, residual[points], np.nan)
    on = ~np.isnan(value)
    lags = np.where(on, points - at[:, None], _APART * np.arange(1, points.shape[1] + 1))
    # Hours whose points lie alike have the same weights: so the lone hours of a year, and the gaps of one length.
    alike, which = np.unique(lags, axis=0, return_inverse=True)
    weights = np.concatenate([_weights(part, covariance) for part in in_parts(alike, points.shape[1])])
    found = np.zeros(at.size)
    for k in range(points.shape[1]):
        found += weights[which, k] * np.where(on[:, k], value[:, k], 0.0)
    return coarse(found)


def _weights(lags: NDArray[np.intp], covariance: Real) -> Real:
    """Weights of points that lie so many hours away: float64[systems, points]; 0 for those far from all others."""
    known, away = np.append(covariance, 0.0), np.ascontiguousarray(lags.T)
    matrix = known[np.minimum(np.abs(away[:, None] - away), covariance.size)]
    index = np.arange(len(away))
    matrix[index, index] = 1 + _NUGGET
    return solve(matrix.transpose(2, 0, 1), known[np.minimum(np.abs(lags), covariance.size)])
