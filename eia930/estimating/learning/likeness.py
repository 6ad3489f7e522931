# SPDX-License-Identifier: Apache-2.0
"""How closely series move together: who may tell of whom."""

from __future__ import annotations

import numpy as np

from eia930.estimating.learning.exact import Mask, Real, coarse

LEAST = 500
"""Hours that a series must have where is learnt."""


def closeness(departed: Real, *, least: int) -> Real:
    """How closely series [series, hours] move together: float64[series, series], 0 to 1.

    0 where they have no more than `least` hours in common.
    """
    there = ~np.isnan(departed)
    value, seen = np.where(there, departed, 0.0), there.astype(np.float64)
    both, squares = seen @ seen.T, coarse(value * value) @ seen.T
    return np.asarray(np.abs(value @ value.T) / np.sqrt(np.maximum(squares * squares.T, 1e-9)) * (both > least))


def allowed(series: int, barred: Mask | None) -> Mask:
    """bool[series, series]: whether the second may tell of the first: none of itself, and none that is `barred`."""
    found = np.ones((series, series), bool) if barred is None else ~barred
    np.fill_diagonal(found, val=False)
    return found
