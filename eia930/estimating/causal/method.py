# SPDX-License-Identifier: Apache-2.0
"""Demand of an hour from the hours before it and the forecast for it, by what the year before its quarter taught.

An hour is told from its forecast, from the series that move most alike one and two hours before it, and from its own
hours before it. Weights are those of the year before its quarter, so no hour of the quarter has a part in them.
Memory: about 200 bytes an hour of five quarters of all series.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from eia930.estimating.learning.bridge import own_hours
from eia930.estimating.learning.exact import Index, Mask, Real
from eia930.estimating.learning.learnt import Learnt, Manner
from eia930.estimating.learning.likeness import allowed
from eia930.estimating.remembered import Recall, anew
from eia930.estimating.windows import Window, quarters

_EVERY, _MANY = 5, 4400
"""Of so many hours weights are learnt from every fifth: a day has all its hours in five days."""
_NEAR = 60 * 24
"""The latest hours, of which residuals tell how they hang together in time."""
_BESIDE = 3
"""Latest own hours that are carried on."""


def causal_estimates(
    demand: Real,
    forecast: Real,
    wanted: Mask,
    *,
    first: int,
    barred: Mask | None = None,
    recall: Recall = anew,
) -> Iterator[tuple[slice, Real]]:
    """Demand where it is `wanted` (bool[series, hours]), a window at a time: its columns, float64[series, columns].

    `demand`, `forecast`: float64[series, hours] in MW on one frame that begins at hour `first` (since 1970 UTC, hour
    ending), NaN where nothing stands; a row of `forecast` is the day-ahead forecast of the same row, or NaN.
    `barred`: bool[series, series], true where the second must not tell of the first (its sum contains it).
    `recall`: who may know what was told of a window before.
    A value is a function of `demand` before its hour and of `forecast` up to it. NaN elsewhere, and where a series has
    fewer than 500 hours in the year before the window: so in the first month of a record. ValueError if shapes differ.
    """
    if not demand.shape == forecast.shape == wanted.shape or demand.ndim != 2:
        raise ValueError(f"{demand.shape}, {forecast.shape}, {wanted.shape}: want the same series and hours")
    others = allowed(len(demand), barred)
    for window in quarters(first, demand.shape[1]) if demand.size else ():
        some = wanted[:, window.give]
        if some.any():

            def make(window: Window = window, some: Mask = some) -> Real:
                manner = _manner(window)
                learnt = Learnt.of(demand, forecast, first=first, window=window, allowed=others, manner=manner)
                return learnt.each(some, partial(_told, learnt))

            yield window.give, recall(window, some, make)


def _manner(window: Window) -> Manner:
    every = 1 if window.learn.stop - window.learn.start < _MANY else _EVERY
    return Manner(every=every, partners=6, demand=(-1, -2), forecast=(-1, 0), behind=True)


def _told(of: Learnt, row: int, at: Index) -> Real:
    """One series at hours `at`: float64[hours] in MW."""
    there = ~np.isnan(of.own.value[row])
    near = slice(int(of.learn[there[of.learn]][-_NEAR:][0]), int(of.learn[-1]) + 1)
    points = own_hours(there, at, ahead=False, beside=_BESIDE)
    return of.level(row, at, of.departed(row, at, points=points, near=near, evidence=of.evidence(row)))
