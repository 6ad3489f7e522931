# SPDX-License-Identifier: Apache-2.0
"""Forecasts of a day of an area to hold the model against, each from what is known as it begins.

Every method gives a day of scaled values; its quantiles are its own values, and those of its errors in validation by
hour of the day. What a method has to choose, it chooses on validation.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ringtrain.boosting import Boosted
from ringtrain.quantiles import LEVELS
from ringtrain.record import DAY, WEEK, DailyRecord
from ringtrain.simple import Values, ahead_of, before, carried, naive, whole_days

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
        train, validation = (whole_days(record, area, split) for split in ("train", "validation"))
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
        filled = carried(record.demand[:, area], record.seen[:, area])
        parts = [before(filled, lag) for lag in range(1, self.lags + 1)]
        if self.published:
            parts.append(ahead_of(record, area, parts[0]))
        constant = np.ones((len(filled), 1), np.float32)
        return np.concatenate([*parts, record.calendar[:, area], constant], axis=1)


METHODS: dict[str, Callable[[DailyRecord, int], Values]] = {
    "day before": lambda record, area: naive(record, area, 1),
    "week before": lambda record, area: naive(record, area, WEEK),
    "ridge, 1 day": Ridge(1),
    "ridge, 28 days": Ridge(28),
    "ridge, 28 days and DF": Ridge(28, published=True),
    "LightGBM, 28 days": Boosted(28),
    "LightGBM, 28 days and DF": Boosted(28, published=True),
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
