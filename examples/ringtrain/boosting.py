# SPDX-License-Identifier: Apache-2.0
"""Boosted trees as a rival: LightGBM on what ridge has, one model an area. Needs lightgbm.

A row is an hour. What is learnt is the difference to what is known already, so that trees need not rebuild a level.
"""

from dataclasses import dataclass

import numpy as np

from ringtrain.record import DAY, DailyRecord
from ringtrain.simple import Values, ahead_of, before, carried, naive, whole_days

ROUNDS, PATIENCE = 300, 30
"""Trees at most, and how many more are grown while validation does not get better."""
SETTINGS = {
    "objective": "l1",
    "learning_rate": 0.1,
    "num_leaves": 31,
    "max_bin": 63,
    "min_data_in_leaf": 40,
    "feature_fraction": 0.3,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "seed": 0,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,  # areas are small: threads would wait for each other
    "verbosity": -1,
}


@dataclass(frozen=True, slots=True)
class Boosted:
    """The same hour on each of the `lags` days before, the day before, calendar, and the published day if `published`.

    How many trees is chosen on validation, as ridge's penalty is.
    """

    lags: int
    published: bool = False

    def __call__(self, record: DailyRecord, area: int) -> Values:
        """Days of one area, [days, hours]."""
        import lightgbm

        inputs, known = self._inputs(record, area)
        train, validation = (whole_days(record, area, split) for split in ("train", "validation"))
        if not len(train):
            return naive(record, area, 1)
        change = record.demand[:, area] - known
        parts = [
            lightgbm.Dataset(_rows(inputs[days]), change[days].ravel(), params=SETTINGS) for days in (train, validation)
        ]
        some = bool(len(validation))
        model = lightgbm.train(
            SETTINGS,
            parts[0],
            ROUNDS if some else ROUNDS // 2,
            valid_sets=parts[1:] if some else None,
            callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False)] if some else None,
        )
        change = np.asarray(model.predict(_rows(inputs)), np.float32).reshape(known.shape)
        return known + change

    def _inputs(self, record: DailyRecord, area: int) -> tuple[Values, Values]:
        """Of each hour, [days, hours, inputs]; and what is known of it already, [days, hours]."""
        filled = carried(record.demand[:, area], record.seen[:, area])
        lags = [before(filled, lag) for lag in range(1, self.lags + 1)]
        days, known = [lags[0], record.calendar[:, area]], lags[0]
        if self.published:
            known = ahead_of(record, area, lags[0])
            lags += [known, *(before(filled - known, lag) for lag in (1, 7))]
            days.append(known)
        hour = np.broadcast_to(np.arange(DAY, dtype=np.float32), known.shape)
        by_hour = np.stack([*lags, hour], axis=-1)
        by_day = np.concatenate(days, axis=1)[:, None]
        return np.concatenate([by_hour, np.repeat(by_day, DAY, axis=1)], axis=-1), known


def _rows(inputs: Values) -> Values:
    return inputs.reshape(-1, inputs.shape[-1])
