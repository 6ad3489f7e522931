# SPDX-License-Identifier: Apache-2.0
"""An estimate of demand where nothing stands: evidence of other series, bridged from the series' own hours.

A value of a year is a function of that year and of the two beside it. Memory: about 70 bytes an hour of three years of
all series. What earlier hours alone say of an hour is another method: `eia930.estimating.causal`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from eia930.estimating.learning.bridge import own_hours
from eia930.estimating.learning.exact import Index, Mask, Real
from eia930.estimating.learning.learnt import Learnt, Manner
from eia930.estimating.learning.likeness import allowed
from eia930.estimating.learning.lone import Lone, is_lone
from eia930.estimating.remembered import Recall, anew
from eia930.estimating.windows import Window, years

_MANNER = Manner(every=3, partners=10, demand=(0,), forecast=(-1, 0, 1))
"""Weights are learnt from every third hour: a day has all its hours in three days."""
_NEAR = 90 * 24
"""Hours beside a year of which residuals tell how they hang together in time."""


def estimate(demand: Real, forecast: Real, *, first: int, barred: Mask | None = None) -> Real:
    """Estimate demand (whole MWh) where it is NaN; NaN where it stands, or where nothing can be said.

    Arguments, and what nothing is said of, are those of `estimates`: float64[series, hours].
    """
    out = np.full(demand.shape, np.nan)
    for give, found in estimates(demand, forecast, first=first, barred=barred):
        out[:, give] = found
    return out


def estimates(
    demand: Real,
    forecast: Real,
    *,
    first: int,
    barred: Mask | None = None,
    wanted: Mask | None = None,
    recall: Recall = anew,
) -> Iterator[tuple[slice, Real]]:
    """The same, a window at a time: its columns, and float64[series, columns].

    `demand`, `forecast`: float64[series, hours] on one frame that begins at hour `first` (since 1970 UTC, hour ending),
    NaN where missing or flagged; a row of `forecast` is the day-ahead forecast of the same row of `demand`, or NaN.
    `barred`: bool[series, series], true where the second must not tell of the first (its sum contains it).
    `wanted`: bool[series, hours], the hours to estimate; None: all that are NaN. A window without any is passed over.
    `recall`: who may know what was told of a window before.
    Nothing is said of a series that has fewer than 500 hours in a window. ValueError if shapes differ.
    """
    if demand.shape != forecast.shape or demand.ndim != 2:
        raise ValueError(f"demand {demand.shape} and forecast {forecast.shape}: want the same series and hours")
    if not demand.size:
        return
    others = allowed(len(demand), barred)
    for window in years(first, demand.shape[1]):
        missing = np.isnan(demand[:, window.give])
        missing &= True if wanted is None else wanted[:, window.give]
        if missing.any():

            def make(window: Window = window, missing: Mask = missing) -> Real:
                learnt = Learnt.of(demand, forecast, first=first, window=window, allowed=others, manner=_MANNER)
                found = learnt.each(missing, partial(_estimated, learnt, Lone.learnt(learnt)))
                return np.clip(np.round(found), *_range(demand, window))

            yield window.give, recall(window, missing, make)


def _range(demand: Real, window: Window) -> tuple[Real, Real]:
    """The least and the most that stood where is learnt: float64[series, 1], MW."""
    part = demand[:, window.learn]
    return np.fmin.reduce(part, axis=1, keepdims=True), np.fmax.reduce(part, axis=1, keepdims=True)


def _estimated(of: Learnt, lone: Lone, row: int, at: Index) -> Real:
    """Estimates of one series at hours `at`: float64[hours] in MW."""
    there, evidence = ~np.isnan(of.own.value[row]), of.evidence(row)
    departed, alone = np.full(at.size, np.nan), is_lone(there, at)
    departed[alone] = lone.departed(row, at[alone], evidence)
    left = np.isnan(departed)
    if left.any():
        near = slice(max(of.give.start - _NEAR, 0), min(of.give.stop + _NEAR, of.learn.size))
        points = own_hours(there, at[left], ahead=True)
        departed[left] = of.departed(row, at[left], points=points, near=near, evidence=evidence)
    return of.level(row, at, departed)
