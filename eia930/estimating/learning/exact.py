# SPDX-License-Identifier: Apache-2.0
"""Sums that come out alike in whatever order they are taken: the same by any number of threads.

Values are rounded to multiples of 2⁻¹⁴ and held within ±8. A product of two is then a multiple of 2⁻²⁸ of at most 64,
and a float64 holds a sum of 2¹⁹ of them (60 years of hours) without rounding. Systems are solved element by element.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
Mask = NDArray[np.bool_]
Index = NDArray[np.intp]

_STEP, _MOST = 2.0**14, 8.0
_LEAST_PIVOT = 0.005
_ROWS = 12
_AT_ONCE = 1 << 15


def coarse(values: Real) -> Real:
    """Round to multiples of 2⁻¹⁴ and hold within ±8; NaN stays. Any shape."""
    out = np.asarray(values * _STEP)
    np.clip(out, -_MOST * _STEP, _MOST * _STEP, out=out)
    np.rint(out, out=out)
    out *= 1 / _STEP
    return out


def in_parts(systems: NDArray[np.intp], unknowns: int) -> list[NDArray[np.intp]]:
    """What names each system, some at a time: as many as are solved near the processor. At least one part."""
    return np.array_split(systems, max(-(-len(systems) * unknowns**2 // _AT_ONCE), 1))


def solve(matrix: Real, right: Real) -> Real:
    """Solve symmetric systems [n, p, p] · x = [n, p], each positive definite or nearly so; x is [n, p].

    An unknown that the others determine (its pivot is below half a hundredth of its diagonal) is left at zero.
    """
    # Systems lie side by side in memory: each step is one pass over all of them.
    left, x = (np.array(part, order="C") for part in (matrix.transpose(1, 2, 0), right.T))
    size = len(left)
    floor = _LEAST_PIVOT * np.maximum(np.einsum("iin->in", left), 1e-30)
    inverse = np.zeros(x.shape)
    for k in range(size):
        pivot = left[k, k]
        np.divide(1.0, pivot, out=inverse[k], where=pivot > floor[k])
        factor = left[k, k + 1 :] * inverse[k]
        for row in range(k + 1, size, _ROWS):
            # Above the diagonal alone, some rows at a time: the systems are symmetric.
            some = factor[row - k - 1 : row - k - 1 + _ROWS, None]
            left[row : row + _ROWS, row:] -= some * left[k, None, row:]
        x[k + 1 :] -= factor * x[k]
    for k in range(size - 1, -1, -1):
        x[k] *= inverse[k]
        x[:k] -= left[:k, k] * x[k]
    return np.ascontiguousarray(x.T)
