# SPDX-License-Identifier: Apache-2.0
"""A record as EIA keeps it: hours come late, some without a value at first, and some are corrected for days."""

from dataclasses import replace
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from eia930.emulator import RowSource, Series
from eia930.reference.routes import Route

SETTLED = 200
"""From this age on no hour changes any more."""


class Revising:
    """The rows as they are at `now`: of an hour, what is served depends on the series, the hour and its age alone.

    15 % of the hours are corrected within a day and 3.75 % within eight days, as were those that were compared;
    1 % come without a value; all come one to three hours late, 2 % half a day.
    """

    def __init__(self, rows: RowSource, now: int) -> None:
        self._rows = rows
        self.now = now

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rows, name)

    def span(self, route: Route) -> tuple[int, int]:
        return self._rows.span(route)[0], self.now

    def series(self, route: Route, respondent: str) -> tuple[Series, ...]:
        return tuple(self._then(one, route) for one in self._rows.series(route, respondent))

    def _then(self, one: Series, route: Route) -> Series:
        age = self.now - one.hours.astype(np.int64)
        draws = _draws(f"{route.id}/{one.respondent}/{one.kind}", len(one.hours))
        late = np.where(draws[0] < 0.02, 12, 1 + (3 * draws[1]).astype(np.int64))
        soon = (draws[2] < 0.15) & (age < 2 + 22 * draws[3])
        after = (draws[4] < 0.0375) & (age < 24 + (SETTLED - 24) * draws[5])
        values = one.values.astype(np.int64) + np.where(soon, 7, 0) + np.where(after, 11, 0)
        there = age >= late
        empty = one.empty | ((draws[6] < 0.01) & (age < 20))
        return replace(one, hours=one.hours[there], values=values[there], empty=empty[there])


def _draws(name: str, hours: int) -> NDArray[np.float64]:
    """Seven numbers of [0, 1) an hour: always the same of a series."""
    return np.random.default_rng(crc32(name.encode())).random((7, hours))
