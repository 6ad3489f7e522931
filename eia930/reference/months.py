# SPDX-License-Identifier: Apache-2.0
"""Calendar months of UTC stamps, as integers: months since 1970-01, beside hours since 1970-01-01T00."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def month_of(hour: int) -> int:
    """The month in which the stamp of an hour lies."""
    return int(np.int64(hour).astype("datetime64[h]").astype("datetime64[M]").astype(np.int64))


def months_of(hours: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same for int64[n] hours."""
    return hours.astype("datetime64[h]").astype("datetime64[M]").astype(np.int64)


def first_hour(month: int) -> int:
    """The first stamp of a month."""
    return int(np.int64(month).astype("datetime64[M]").astype("datetime64[h]").astype(np.int64))


def hours_in(month: int, first: int, last: int) -> int:
    """How many of the hours `first`..`last` (inclusive) lie in a month."""
    return max(0, min(last, first_hour(month + 1) - 1) - max(first, first_hour(month)) + 1)


def roundest(low: int, high: int) -> int:
    """The month of `low`..`high` (inclusive) that most powers of two divide.

    A cut there is the same for every question about the same months, so that stored answers serve again.
    """
    return max(range(low, high + 1), key=lambda month: (month & -month, -month))
