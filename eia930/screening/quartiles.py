# SPDX-License-Identifier: Apache-2.0
"""Rolling interquartile ranges, computed only where they are asked for.

A cheap lower bound for every hour tells which hours can matter; exact quartiles follow for those alone.
"""

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Hours = NDArray[np.intp]

WINDOW = 240  # hours t − 120 … t + 119
_BLOCK = 32
_UNION = WINDOW + _BLOCK - 1
_BLOCKS_AT_ONCE = 256  # keeps the working set within the processor's cache
_HALF = WINDOW // 2


class RollingIqr:
    """P75 − P25 over the 240 hours around an hour, missing hours skipped, quartiles interpolated linearly.

    `values` is one hourly series (NaN = missing), clipped at both ends; infinities are not allowed.
    """

    def __init__(self, values: Values) -> None:
        self._hours = values.size
        blocks = max(1, -(-values.size // _BLOCK))
        self._padded = np.full(blocks * _BLOCK + WINDOW, np.nan)
        self._padded[_HALF : _HALF + values.size] = values
        self._windows = np.lib.stride_tricks.sliding_window_view(self._padded, WINDOW)

    def at(self, hours: Hours) -> Values:
        """Return the exact range at `hours`; NaN where all 240 hours are missing."""
        ordered = np.sort(self._windows[hours], axis=1)  # NaN last
        present = WINDOW - np.isnan(ordered).sum(axis=1)
        return _quantile(ordered, 0.75, present) - _quantile(ordered, 0.25, present)

    def lower_bound(self) -> Values:
        """Return, for every hour, a value that its exact range is never below (0 says nothing).

        Each block of 32 hours sorts the union of its windows once (271 hours). Leaving k of the union's values
        out moves a rank by at most k, so P75 is at least the union's at that rank, P25 at most that k ranks up.
        """
        unions = np.lib.stride_tricks.sliding_window_view(self._padded.astype(np.float32), _UNION)[::_BLOCK]
        top, bottom = self._ranks()
        bounds = np.empty(top.size)
        for first in range(0, top.size, _BLOCKS_AT_ONCE):
            part = slice(first, first + _BLOCKS_AT_ONCE)
            bounds[part] = _bounds(np.sort(unions[part], axis=1), top[part], bottom[part])
        return np.repeat(bounds, _BLOCK)[: self._hours]

    def _ranks(self) -> tuple[Hours, Hours]:
        """Return per block a rank that P75 reaches, and one that P25 does not exceed, among the union's values."""
        seen = np.concatenate(([0], np.cumsum(~np.isnan(self._padded))))
        present = (seen[WINDOW:-1] - seen[: -WINDOW - 1]).reshape(-1, _BLOCK)
        in_union = seen[_UNION::_BLOCK] - seen[: 1 - _UNION : _BLOCK][: present.shape[0]]
        least, most = present.min(axis=1), present.max(axis=1)
        top = 3 * np.maximum(least - 1, 0) // 4
        bottom = -(np.maximum(most - 1, 0) // -4) + in_union - least
        return top, np.minimum(bottom, _UNION - 1)


def _bounds(ordered: NDArray[np.float32], top: Hours, bottom: Hours) -> Values:
    rows = np.arange(top.size)
    high, low = ordered[rows, top].astype(np.float64), ordered[rows, bottom].astype(np.float64)
    # Single precision sorts twice as fast; what it rounds away is taken off the bound.
    bound = high - low - 2e-7 * (np.abs(high) + np.abs(low))
    return np.fmax(bound, 0.0)


def _quantile(ordered: Values, q: float, present: NDArray[np.intp]) -> Values:
    """Interpolate row-wise at q · (present − 1) in rows sorted with NaN last; a row of NaN gives NaN."""
    rank = q * np.maximum(present - 1, 0)
    low = rank.astype(np.intp)
    rows = np.arange(ordered.shape[0])
    below = ordered[rows, low]
    above = ordered[rows, np.minimum(low + 1, np.maximum(present - 1, 0))]
    quantile: Values = below + (above - below) * (rank - low)
    return quantile


def interquartile_range(values: Values) -> float:
    """Return P75 − P25 of all values that are present; NaN where none is."""
    present = values[~np.isnan(values)]
    if not present.size:
        return float("nan")
    low, high = np.percentile(present, [25, 75])
    return float(high - low)
