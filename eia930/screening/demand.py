# SPDX-License-Identifier: Apache-2.0
"""Screening of hourly demand after Ruggles et al., Scientific Data 7:155 (2020), doi 10.1038/s41597-020-0483-x.

A value is never changed: the result says for each hour whether it is suspect, and why.
"""

from dataclasses import dataclass

import bottleneck as bn
import numpy as np
from numpy.typing import NDArray

from eia930.screening.anomalous_region import anomalous_region
from eia930.screening.flags import FLAGS, Screened
from eia930.screening.quartiles import RollingIqr, Values, interquartile_range
from eia930.screening.rolling import rolling_median, same_hour_median
from eia930.screening.single_delta import Jumps, backward, forward

__all__ = ["FLAGS", "Screened", "screen", "screen_forecast"]

_CODE = {name: code for code, name in enumerate(FLAGS)}
_GLOBAL, _HIGH, _LOW, _DOUBLE = 10.0, 3.5, 2.5, 2.0
_TEMPLATE_DAYS = 10
_DAY = 24
"""Hours with a value, without which there is no daily course to depart from: one alone is far from nothing."""


def screen(demand: Values) -> Screened:
    """Screen one demand series (MW, hour ending UTC) on a full hourly frame: float64[hours], NaN = absent or null.

    Flags are a function of the whole frame; hours more than 336 hours from its end hardly change when it grows.
    """
    return _screen(demand, walk=True)


def screen_forecast(forecast: Values) -> Screened:
    """Screen one day-ahead forecast: as demand, but without single deltas (steps 7 and 8).

    They walk from a trusted hour and call everything after a lasting change of level a fault.
    """
    return _screen(forecast, walk=False)


def _screen(values: Values, *, walk: bool) -> Screened:
    work = _Work(left=values.astype(np.float64), code=np.zeros(values.size, dtype=np.uint8))
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        work.flag(values <= 0, "negative_or_zero")
        work.flag(identical_to_two_before(work.left), "identical_run")
        g = _flag_global(work)
        enough = np.count_nonzero(~np.isnan(work.left)) >= _DAY
        iqr_r = _flag_by_course(work, g=g, walk=walk) if enough else float("nan")
    good = work.code == 0
    work.flag(anomalous_region(good, good & ~np.isnan(values)), "anomalous_region")
    return Screened(code=work.code, g=g, iqr_r=iqr_r)


def identical_to_two_before(values: Values) -> NDArray[np.bool_]:
    """Tell which hours repeat both the hour before and the one before that."""
    same = np.zeros(values.size, dtype=bool)
    same[2:] = (values[2:] == values[1:-1]) & (values[2:] == values[:-2])
    return same


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """What is left of the series while it is screened, and the codes so far (both filled in place)."""

    left: Values
    code: NDArray[np.uint8]

    def flag(self, where: NDArray[np.bool_] | NDArray[np.intp] | list[int], name: str) -> None:
        """Give hours (a mask, or their numbers) a flag and take their values out of what is left."""
        self.code[where] = _CODE[name]
        self.left[where] = np.nan


def _flag_global(work: _Work) -> float:
    """Flag hours of ten times the median and their neighbours; return the median (MW)."""
    g = float(bn.nanmedian(work.left)) if work.left.size else float("nan")
    outliers = np.flatnonzero(work.left >= _GLOBAL * g)
    work.flag(outliers, "global_outlier")
    beside = np.concatenate((outliers - 1, outliers + 1))
    beside = beside[(beside >= 0) & (beside < work.left.size)]
    work.flag(beside[~np.isnan(work.left[beside])], "global_outlier_neighbor")
    return g


def _flag_by_course(work: _Work, *, g: float, walk: bool) -> float:
    """Flag what departs from the expected daily course (steps 4 to 8); return the range of steps in d / course.

    All statistics are taken here, once, and not refreshed as hours are flagged.
    """
    short, long = rolling_median(work.left, 48), rolling_median(work.left, 480)
    deviation = work.left - short
    shape = 1 + same_hour_median(deviation, _TEMPLATE_DAYS) / long
    course = short * shape
    ratio, ratio_long = work.left / course, work.left / (long * shape)
    before, after = _steps(work.left)
    step_iqr = RollingIqr(before)
    iqr_r = interquartile_range(np.diff(ratio))
    _flag_local(work, course, RollingIqr(deviation), g=g)
    _flag_double_delta(work, before, after, step_iqr)
    if walk:
        jumps = Jumps(ratio=ratio, ratio_long=ratio_long, step_iqr=step_iqr, iqr_r=iqr_r)
        work.flag(forward(work.left, jumps), "single_delta")
        work.flag(backward(work.left, jumps), "single_delta")
    return iqr_r


def _steps(values: Values) -> tuple[Values, Values]:
    """Return d[t] − d[t−1] and d[t] − d[t+1], NaN where the frame ends."""
    edge = np.full(min(1, values.size), np.nan)
    step = np.diff(values)
    return np.concatenate((edge, step)), np.concatenate((-step, edge))


def _flag_local(work: _Work, course: Values, spread: RollingIqr, *, g: float) -> None:
    """Flag hours far above, then far below their course; exact quartiles only where the bound leaves it open."""
    excess = work.left - course
    bound = spread.lower_bound() - 1e-9 * g  # must not lose an hour to rounding
    open_ = np.flatnonzero((excess >= _HIGH * bound) | (-excess >= _LOW * bound))
    iqr, value, middle = spread.at(open_), work.left[open_], course[open_]
    high = value >= middle + _HIGH * iqr
    low = (value <= middle - _LOW * iqr) & ~high
    work.flag(open_[high], "local_outlier_high")
    work.flag(open_[low], "local_outlier_low")


def _flag_double_delta(work: _Work, before: Values, after: Values, spread: RollingIqr) -> None:
    """Flag hours that stand out from both neighbours to the same side."""
    # The lesser step, negative where the two point to different sides.
    least = np.where(before > 0, np.minimum(before, after), -np.maximum(before, after))
    open_ = np.flatnonzero(least > _DOUBLE * spread.lower_bound())
    open_ = open_[~np.isnan(work.left[open_])]
    work.flag(open_[least[open_] > _DOUBLE * spread.at(open_)], "double_delta")
