# SPDX-License-Identifier: Apache-2.0
"""Simple forecasts of a day of an area, each from what is known as it begins. numpy only.

Every method gives a day of scaled values; its quantiles are its own values, and those of its errors in validation by
hour of the day. What a method has to choose, it chooses on validation.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ringtrain.quantiles import LEVELS
from ringtrain.record import DAY, WEEK, DailyRecord

Values = NDArray[np.float32]
PENALTIES = (0.1, 1.0, 10.0, 100.0, 1_000.0)
"""Of ridge, tried on validation for each area."""


@dataclass(frozen=True, slots=True)
class Ridge:
    """Linear in the hours of the `lags` days before and the calendar, and in the published forecast if `published`."""

    lags: int
    published: bool = False

    def __call__(self, record: DailyRecord, area: int) -> Values:
        """Days of one area, [days, hours]; fitted to train days that are whole, the penalty chosen on validation."""
        inputs, truth = self._inputs(record, area), record.demand[:, area]
        whole: NDArray[np.bool_] = np.all(record.seen[:, area], axis=1)
        train, validation = (part[whole[part]] for part in (record.within("train"), record.within("validation")))
        if not len(train):
            return naive(record, area, 1)
        x, y = inputs[train].astype(np.float64), truth[train].astype(np.float64)
        gram, moment, unit = x.T @ x, x.T @ y, np.eye(x.shape[1])
        unit[-1, -1] = 0  # the constant is not held down
        fits = [inputs @ np.linalg.solve(gram + penalty * unit, moment) for penalty in PENALTIES]
        errors = [np.abs(fit[validation] - truth[validation]).mean() if len(validation) else 0 for fit in fits]
        return fits[int(np.argmin(errors))].astype(np.float32)

    def _inputs(self, record: DailyRecord, area: int) -> Values:
        """[days, inputs]; an hour that was not seen is taken from the newest day before it that has it."""
        filled = _carried(record.demand[:, area], record.seen[:, area])
        parts = [_before(filled, lag) for lag in range(1, self.lags + 1)]
        if self.published:
            parts.append(np.where(record.known[:, area], record.published[:, area], parts[0]))
        constant = np.ones((len(filled), 1), np.float32)
        return np.concatenate([*parts, record.calendar[:, area], constant], axis=1)


def naive(record: DailyRecord, area: int, days: int) -> Values:
    """The same hours some days before."""
    return _before(record.demand[:, area], days)


METHODS: dict[str, Callable[[DailyRecord, int], Values]] = {
    "day before": lambda record, area: naive(record, area, 1),
    "week before": lambda record, area: naive(record, area, WEEK),
    "ridge, 1 day": Ridge(1),
    "ridge, 28 days": Ridge(28),
    "ridge, 28 days and DF": Ridge(28, published=True),
    "published (DF)": lambda record, area: record.published[:, area],
}


def quantiles_of(values: Values, record: DailyRecord, area: int) -> NDArray[np.float32]:
    """[levels, days, hours]: the values, and quantiles of their errors in validation at the same hour of the day."""
    days = record.within("validation")
    seen = record.seen[days, area] & record.known[days, area]
    error = np.where(seen, record.demand[days, area] - values[days], np.nan)
    told = seen.sum(axis=0) > 0
    found = np.zeros((len(LEVELS), DAY))
    found[:, told] = np.nanquantile(error[:, told], LEVELS, axis=0)
    return (values + found[:, None]).astype(np.float32)


def _before(days: Values, count: int) -> Values:
    """Each day's `count`-th before it; 0, the mean of train, before the first."""
    moved = np.zeros_like(days)
    moved[count:] = days[:-count]
    return moved


def _carried(days: Values, seen: NDArray[np.bool_]) -> Values:
    """The newest known value of the same hour, where one is not known."""
    place = np.where(seen, np.arange(len(days))[:, None], -1)
    newest = np.maximum.accumulate(place, axis=0)
    return np.where(newest >= 0, np.take_along_axis(days, np.maximum(newest, 0), axis=0), 0).astype(np.float32)
