# SPDX-License-Identifier: Apache-2.0
"""Series of demand on one frame → a causal estimate for each hour of theirs that is missing or doubtful.

Where too little stood before for the method, a like hour of the days before serves. A series that falls silent is
filled for a month: then it has most likely ended, and what stood before it says little of what would follow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eia930.estimating.causal.method import causal_estimates
from eia930.estimating.learning.exact import Index, Mask, Real
from eia930.estimating.remembered import Recall, anew

REACH = 31 * 24
"""Hours after a series' last hour that stands in which it is filled, whether or not it goes on later."""
_WEEKS = (168, 336, 504, 672)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What stands of the demand of an output: a row a series, on the frame that begins at hour `first`."""

    first: int
    demand: Real
    """float64[series, hours], MW; NaN where nothing stands or what stands is not trusted."""
    forecast: Real
    """float64[series, hours], MW; the day-ahead forecast of the same row."""
    barred: Mask
    """bool[series, series]: true where the second must not tell of the first."""


@dataclass(frozen=True, slots=True)
class Fills:
    """Of one series: `hour` int64 (since 1970 UTC, rising) and `value` float32 (whole MW)."""

    hour: NDArray[np.int64]
    value: NDArray[np.float32]


def filled(of: Standing, recall: Recall = anew) -> Iterator[Fills]:
    """The fills of each series in turn: every hour within REACH of an earlier one that stands has one.

    Each lies between the least and the most that stood of its series before it, and is a function of demand before its
    hour and of forecasts up to it.
    """
    wanted = np.array([_wanted(row) for row in of.demand], bool).reshape(of.demand.shape)
    told: list[list[Real]] = [[] for _ in wanted]
    at: list[list[Index]] = [[] for _ in wanted]
    windows = causal_estimates(of.demand, of.forecast, wanted, first=of.first, barred=of.barred, recall=recall)
    for give, found in windows:
        for row, mine in enumerate(wanted[:, give]):
            told[row].append(found[row][mine])
            at[row].append(np.flatnonzero(mine) + give.start)
    for row, values in enumerate(of.demand):
        every = np.flatnonzero(wanted[row])
        figure = np.full(every.size, np.nan)
        figure[np.searchsorted(every, np.concatenate([every[:0], *at[row]]))] = np.concatenate([figure[:0], *told[row]])
        yield _fills(of.first, values, every, figure)


def _fills(first: int, values: Real, at: Index, figure: Real) -> Fills:
    """Of the figures at hours `at`, those that are missing made up, each held within what stood before its hour."""
    figure = np.where(np.isnan(figure), earlier(values, at), figure)
    low, high = np.fmin.accumulate(values)[at], np.fmax.accumulate(values)[at]
    return Fills(first + at.astype(np.int64), np.clip(np.round(figure), low, high).astype(np.float32))


def earlier(values: Real, at: Index) -> Real:
    """The same hour of the latest week of four that has it, else of the latest day of 31, else the last that stands.

    `values`: float64[hours], NaN = nothing stands. float64[at] in MW; NaN where nothing stands before.
    """
    out = np.full(at.size, np.nan)
    for back in (*_WEEKS, *range(24, REACH + 1, 24)):
        left = np.flatnonzero(np.isnan(out) & (at >= back))
        out[left] = values[at[left] - back]
    last = _last(values)[at]
    left = np.flatnonzero(np.isnan(out) & (last >= 0))
    out[left] = values[last[left]]
    return out


def _wanted(values: Real) -> Mask:
    last = _last(values)
    return np.asarray(np.isnan(values) & (last >= 0) & (np.arange(values.size) - last <= REACH))


def _last(values: Real) -> Index:
    """The last hour that stands, up to each: int[hours], -1 before the first."""
    return np.asarray(np.maximum.accumulate(np.where(np.isnan(values), -1, np.arange(values.size))))
