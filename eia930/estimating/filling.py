# SPDX-License-Identifier: Apache-2.0
"""Series of demand on one frame → an estimate for every hour of theirs that is missing or doubtful, and whose it is.

EIA's own figure comes first, then ours; where too little stands for ours, the same hour of other days.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eia930.estimating.demand import estimates
from eia930.estimating.learning.exact import Index, Mask, Real
from eia930.estimating.remembered import Recall, anew

METHODS = ("eia", "regression_kriging", "same_hour")
_EIA, _OURS, _SAME_HOUR = range(3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What is known of the demand of an output: a row a series, on the frame that begins at hour `first`."""

    first: int
    demand: Real
    """float64[series, hours], MW; NaN where nothing stands or what stands is flagged."""
    forecast: Real
    """float64[series, hours], MW; the day-ahead forecast of the same row."""
    wanted: Sequence[Index]
    """Of each series, the places where an estimate is wanted, rising."""
    eia: Sequence[Real]
    """Of each of those, EIA's own figure that can be trusted; NaN where there is none."""
    barred: Mask


@dataclass(frozen=True, slots=True)
class Estimates:
    """Of one series: `hour` int64 (since 1970 UTC, rising), `value` float64 (MW), `by` int8, an index into METHODS."""

    hour: NDArray[np.int64]
    value: Real
    by: NDArray[np.int8]

    @property
    def counts(self) -> dict[str, int]:
        """How many hours each method gave, of those that gave any."""
        found = np.bincount(self.by, minlength=len(METHODS)).tolist()
        return {name: count for name, count in zip(METHODS, found, strict=True) if count}


def filled(of: Gathered, recall: Recall = anew) -> Iterator[Estimates]:
    """Estimates of each series in turn; every hour wanted has one, save where a series has no hour that stands."""
    figures, by = [one.copy() for one in of.eia], [np.full(len(one), _EIA, np.int8) for one in of.eia]
    left = np.zeros(of.demand.shape, bool)
    for row, (wanted, figure) in enumerate(zip(of.wanted, figures, strict=True)):
        left[row, wanted[np.isnan(figure)]] = True
    for give, found in estimates(of.demand, of.forecast, first=of.first, barred=of.barred, wanted=left, recall=recall):
        for row, wanted in enumerate(of.wanted):
            some = slice(*np.searchsorted(wanted, (give.start, give.stop)).tolist())
            told = found[row, wanted[some] - give.start]
            by[row][some] = np.where(np.isnan(told), by[row][some], _OURS)
            figures[row][some] = np.where(np.isnan(told), figures[row][some], told)
    for row, wanted in enumerate(of.wanted):
        none = np.isnan(figures[row])
        if none.any():
            figures[row][none] = same_hour(of.demand[row], wanted[none])
            by[row][none] = _SAME_HOUR
        given = ~np.isnan(figures[row])
        yield Estimates(of.first + wanted[given].astype(np.int64), figures[row][given], by[row][given])


def same_hour(values: Real, at: Index) -> Real:
    """Between the nearest days that have the hour, or the nearest hours where no day has: whole MWh, float64[at].

    `values`: float64[hours], NaN = nothing stands. NaN where nothing stands at all.
    """
    out = np.full(at.size, np.nan)
    there = np.flatnonzero(~np.isnan(values))
    if not there.size:
        return out
    for hour in range(24):
        mine = at % 24 == hour
        days = there[there % 24 == hour]
        known = days if days.size else there
        out[mine] = np.interp(at[mine], known, values[known])
    return np.clip(np.round(out), values[there].min(), values[there].max())
