# SPDX-License-Identifier: Apache-2.0
"""Runs of hours: where hours are missing, and for how long."""

import numpy as np
from numpy.typing import NDArray


def runs(where: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the first index and the length of each run of true values, in order."""
    within = np.zeros(where.size + 2, np.bool_)
    within[1:-1] = where
    # They begin and end by turns.
    edges = np.flatnonzero(within[1:] != within[:-1])
    return edges[::2], edges[1::2] - edges[::2]


def gaps(present: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the first index and the length of each run of hours that are not `present`, in order."""
    return runs(~present)


def longest_gap(present: NDArray[np.bool_]) -> tuple[int, int]:
    """Return (length, first index) of the longest gap, the earliest of equals; (0, 0) where there is none."""
    starts, lengths = gaps(present)
    if not lengths.size:
        return 0, 0
    longest = int(np.argmax(lengths))
    return int(lengths[longest]), int(starts[longest])
