# SPDX-License-Identifier: Apache-2.0
"""Intervals as wide as validation says: each area's quantiles, drawn out or in about their median. numpy only.

The rule of conformal prediction (Romano et al. 2019, doi 10.48550/arXiv.1905.03222), by a factor, not a margin.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ringtrain.quantiles import HIGHEST, LEVELS, LOWEST, MIDDLE

if TYPE_CHECKING:
    from ringtrain.scores import Days

HELD = LEVELS[HIGHEST] - LEVELS[LOWEST]
"""The share of hours that the outer interval is to hold."""
_NARROWEST = 1e-9
"""MW that half an interval has at least."""


def widths_of(days: Sequence["Days"]) -> NDArray[np.float32]:
    """float32[series]: by what the outer interval of each must be drawn out to hold its share of the scored hours.

    1 where no hour is scored.
    """
    outside = np.concatenate([_outside(day) for day in days])
    scored = np.concatenate([day.scored for day in days])
    return np.array([_needed(outside[:, one][scored[:, one]]) for one in range(scored.shape[1])], np.float32)


def drawn_out(days: "Days", widths: NDArray[np.float32]) -> "Days":
    """The same with its quantiles that many times as far from their median, by series; the median stays."""
    middle = days.quantiles[MIDDLE]
    return replace(days, quantiles=middle + (days.quantiles - middle) * widths[:, None])


def _outside(day: "Days") -> NDArray[Any]:
    """Of each hour its distance from the median, in half intervals of the side on which it lies."""
    low, middle, high = (day.quantiles[place].astype(np.float64) for place in (LOWEST, MIDDLE, HIGHEST))
    half = np.where(day.demand >= middle, high - middle, middle - low)
    return np.asarray(np.abs(day.demand - middle) / np.maximum(half, _NARROWEST))


def _needed(outside: NDArray[Any]) -> float:
    return float(np.quantile(outside, HELD)) if len(outside) else 1.0
