# SPDX-License-Identifier: Apache-2.0
"""Centred rolling medians of an hourly series, missing hours skipped."""

import bottleneck as bn
import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


def rolling_median(values: Values, window: int) -> Values:
    """Return, for each hour t, the median of hours t − window/2 … t + window/2 − 1 (`window` is even).

    The window is clipped at both ends; an hour is NaN only where the whole window is missing.
    """
    ahead = window // 2 - 1
    # bottleneck looks back only: lend it the hours ahead, and at least one full window.
    lent = np.full(max(ahead, window - values.size), np.nan)
    medians: Values = bn.move_median(np.concatenate((values, lent)), window, min_count=1)
    return medians[ahead : ahead + values.size]


def same_hour_median(values: Values, days: int) -> Values:
    """Return, for each hour t, the median over t + 24·k hours, k = −days … days, the hour itself included."""
    whole_days = -(-values.size // 24)
    padded = np.full((max(whole_days + days, 2 * days + 1), 24), np.nan)
    padded.reshape(-1)[: values.size] = values
    by_hour = np.ascontiguousarray(padded.T)  # the median moves along memory
    medians: Values = bn.move_median(by_hour, 2 * days + 1, min_count=1, axis=1)
    return medians.T[days : days + whole_days].reshape(-1)[: values.size]
