# SPDX-License-Identifier: Apache-2.0
"""What a series' own hours say of a gap: its departures from the evidence, on both sides, kriged into it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eia930.estimating.exact import Mask, Real, coarse, solve

BESIDE = 8
"""Present hours on each side."""
DAYS = (1, 2, 3, 7, 14)
"""Same hour, so many days away."""
REACH = 2 * 14 * 24 + 48
"""Hours of autocovariance."""
_NUGGET = 0.01
_SEEN = 0.7
_BATCH = 256


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
    """How alike a series is to itself so many hours away: float64[REACH], 1 at lag 0; NaN = unknown."""
    if residual.size < REACH:
        return np.zeros(REACH)
    there = ~np.isnan(residual)
    value, seen = np.where(there, residual, 0.0), there.astype(np.float64)
    size = 1 << int(2 * residual.size - 1).bit_length()

    def correlated(of: Real) -> Real:
        turned = np.fft.rfft(of, size)
        return np.asarray(np.fft.irfft(turned * np.conj(turned), size)[:REACH])

    # Rounded, so that the transform's last bits do not show. A lag seldom seen counts for less, not for more.
    counts, product = np.round(correlated(seen)), np.round(correlated(value), 6)
    if product[0] <= 0:
        return np.zeros(REACH)
    covariance = product / np.maximum(counts, _SEEN * counts[0])
    return np.asarray(covariance / covariance[0])


def kriged(residual: Real, at: NDArray[np.intp], points: NDArray[np.intp], covariance: Real) -> Real:
    """The residual at hours `at` from its values at `points`: float64[hours], 0 where there are none."""
    found = np.zeros(at.size)
    for start in range(0, at.size, _BATCH):
        part = slice(start, start + _BATCH)
        spot, here = points[part], at[part]
        on = spot >= 0
        value = np.where(on, residual[np.maximum(spot, 0)], np.nan)
        on &= ~np.isnan(value)
        right = np.where(on, _at(covariance, spot - here[:, None]), 0.0)
        both = on[:, :, None] & on[:, None, :]
        matrix = np.where(both, _at(covariance, spot[:, :, None] - spot[:, None, :]), 0.0)
        index = np.arange(spot.shape[1])
        matrix[:, index, index] = 1 + _NUGGET
        weights = solve(matrix, right)
        for k in range(spot.shape[1]):
            found[part] += weights[:, k] * np.where(on[:, k], value[:, k], 0.0)
    return coarse(found)


def placed(residual: Real, usual: NDArray[np.intp]) -> Real:
    """The residual of hours `usual` (rising) on their stretch of hours, NaN between them."""
    out = np.full(int(usual[-1] - usual[0]) + 1 if usual.size else 0, np.nan)
    out[usual - usual[0] if usual.size else usual] = residual[usual]
    return out


def _at(covariance: Real, lag: NDArray[np.intp]) -> Real:
    far = np.abs(lag)
    return np.where(far < covariance.size, covariance[np.minimum(far, covariance.size - 1)], 0.0)
