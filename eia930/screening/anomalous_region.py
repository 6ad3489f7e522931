# SPDX-License-Identifier: Apache-2.0
"""Short good stretches among many flagged hours (step 9 of the demand screening)."""

import numpy as np
from numpy.typing import NDArray

_SIDE = 24  # hours to each side
_WIDTH = 2 * _SIDE + 1
_MOST_GOOD = 41  # of the 49 hours around: at most 85 %

Flags = NDArray[np.bool_]


def anomalous_region(good: Flags, unflagged: Flags) -> Flags:
    """Tell which hours lie in an anomalous region.

    `good`: nothing found, or missing; `unflagged`: nothing found and present. The first hour is never flagged.
    A frame shorter than one window of 49 hours has nothing to judge by: no hour of it is flagged.
    """
    if good.size < _WIDTH:
        return np.zeros(good.size, dtype=bool)
    before, after = _run(good)
    short = before + after - 1 <= _SIDE
    reaches_end = np.arange(good.size) + after == good.size
    hours = np.flatnonzero(unflagged & (before <= _SIDE) & (after <= _SIDE) & (short | reaches_end))
    hours = hours[hours > 0]
    flagged = np.zeros(good.size, dtype=bool)
    flagged[hours[_is_near(_triggers(good), hours)]] = True
    return flagged


def _run(good: Flags) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return how many hours of each hour's good run lie up to it and from it on, itself included in both."""
    hours = np.arange(good.size)
    last_bad = np.maximum.accumulate(np.where(good, -1, hours))
    next_bad = np.minimum.accumulate(np.where(good, good.size, hours)[::-1])[::-1]
    return hours - last_bad, next_bad - hours


def _triggers(good: Flags) -> Flags:
    """Tell around which hours too few are good; a window that leaves the frame always counts as such."""
    few = np.ones(good.size, dtype=bool)
    seen = np.concatenate(([0], np.cumsum(good)))
    few[_SIDE : good.size - _SIDE] = seen[_WIDTH:] - seen[:-_WIDTH] <= _MOST_GOOD
    return few


def _is_near(triggers: Flags, hours: NDArray[np.intp]) -> Flags:
    """Tell which of the hours j have a trigger in j − 23 … j + 24."""
    seen = np.concatenate(([0], np.cumsum(triggers)))
    first = np.maximum(hours - _SIDE + 1, 0)
    end = np.minimum(hours + _SIDE + 1, triggers.size)
    near: Flags = seen[end] > seen[first]
    return near
