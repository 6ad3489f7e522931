# SPDX-License-Identifier: Apache-2.0
"""What simple forecasts are made of: days before, gaps carried over, and what is published. numpy only."""

import numpy as np
from numpy.typing import NDArray

from ringtrain.record import DailyRecord

Values = NDArray[np.float32]


def naive(record: DailyRecord, area: int, days: int) -> Values:
    """The same hours some days before."""
    return before(record.demand[:, area], days)


def whole_days(record: DailyRecord, area: int, split: str) -> NDArray[np.int64]:
    """Places of the days of a split at which all of the area's demand was seen."""
    days = record.within(split)
    whole: NDArray[np.bool_] = np.all(record.seen[days, area], axis=1)
    return days[whole]


def ahead_of(record: DailyRecord, area: int, otherwise: Values) -> Values:
    """What is published of each day, [days, hours]; `otherwise` where nothing is."""
    return np.where(record.known[:, area], record.published[:, area], otherwise)


def before(days: Values, count: int) -> Values:
    """Each day's `count`-th before it; 0, the mean of train, before the first."""
    moved = np.zeros_like(days)
    moved[count:] = days[:-count]
    return moved


def carried(days: Values, seen: NDArray[np.bool_]) -> Values:
    """The newest known value of the same hour, where one is not known."""
    place = np.where(seen, np.arange(len(days))[:, None], -1)
    newest = np.maximum.accumulate(place, axis=0)
    return np.where(newest >= 0, np.take_along_axis(days, np.maximum(newest, 0), axis=0), 0).astype(np.float32)
