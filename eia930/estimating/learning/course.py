# SPDX-License-Identifier: Apache-2.0
"""What a series does by the calendar alone: its mean, and a daily course by kind of day, season and clock."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eia930.estimating.learning.exact import Mask, Real, coarse, solve

Days = NDArray[np.int64]

_TURN = 6
"""Days are cut at 06:00 UTC, which is midnight somewhere in the country."""
_RIDGE = np.array([0.5, 6.0, 6.0, 10.0, 10.0, 10.0])
"""Days' worth of evidence for the mean: level, year, half-year, clock."""

_LEVEL, _BEHIND, DOUBT = 90 * 24, 45 * 24, 24
"""Hours of a level, of one that is behind, and hours' worth of evidence that it is the mean."""

_AT_ONCE = 1 << 16
"""Hours of series at a time: what is worked on stays near the processor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Departures:
    """Series less their calendar course, in units of each one's mean."""

    value: Real
    """float64[series, hours], multiples of 2⁻¹⁴; NaN where nothing stands."""
    course: Real
    """float64[series, hours]; the level is in it."""
    level: Real
    """float64[series, hours], multiples of 2⁻¹⁴."""
    mean: Real
    """float64[series], MW; NaN where a series has no hour to be fitted on."""


def departures(values: Real, fitted: Mask, *, first: int, behind: bool = False) -> Departures:
    """Take out mean, slow level and course, learnt at the hours `fitted` (bool[hours]).

    `values`: float64[series, hours] in MW, NaN = nothing stands; `first`: the first hour since 1970 UTC.
    `behind`: the level of an hour is that of the hours before it alone.
    """
    out = Departures(
        value=np.full(values.shape, np.nan),
        course=np.full(values.shape, np.nan),
        level=np.zeros(values.shape),
        mean=np.full(len(values), np.nan),
    )
    known, series = np.flatnonzero(~np.isnan(values).all(axis=1)), max(_AT_ONCE // max(values.shape[1], 1), 1)
    for start in range(0, known.size, series):
        some = known[start : start + series]
        found = _departed(values[some], fitted, first, behind=behind)
        out.value[some], out.course[some], out.level[some], out.mean[some] = found
    return out


def _departed(values: Real, fitted: Mask, first: int, *, behind: bool) -> tuple[Real, Real, Real, Real]:
    """The same of some series: value, course, level and mean of each."""
    there = ~np.isnan(values)
    stands = there & fitted
    count = np.count_nonzero(stands, axis=1)
    total = np.where(stands, values, 0).sum(axis=1)  # whole MW: exact
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    mean = np.where(mean > 0, mean, np.nan)
    relative = values / mean[:, None]
    relative -= 1
    relative = coarse(relative)
    there &= (mean > 0)[:, None]
    near = within(there, behind=behind)
    near += DOUBT
    above = relative - _level(relative, there, near, behind=behind)
    course = _course(coarse(above), there & fitted, first)
    np.subtract(relative, course, out=above)
    level = _level(above, there, near, behind=behind)
    above -= level
    course += 1
    course += level
    return coarse(above), course, level, mean


def _level(relative: Real, there: Mask, near: Real, *, behind: bool) -> Real:
    """The mean of what is `there` near each hour, of which there are `near`: float64[series, hours].

    A load that is counted otherwise from some day on does so for good, and a growing one grows.
    """
    level = within(np.where(there, relative, 0.0), behind=behind)
    level /= near
    return coarse(level)


def within(of: Real | Mask, step: int = 1, *, behind: bool) -> Real:
    """The sum within 45 days to each side of each place, or of the 45 days before it: float64[series, places].

    A place is `step` hours.
    """
    series, places = of.shape
    back, ahead = (_BEHIND // step, 0) if behind else (_LEVEL // 2 // step, _LEVEL // 2 // step + 1)
    so_far = np.zeros((series, back + 1 + places + ahead))
    np.cumsum(of, axis=1, dtype=np.float64, out=so_far[:, back + 1 : back + 1 + places])
    so_far[:, back + 1 + places :] = so_far[:, back + places, None]
    return np.asarray(so_far[:, back + ahead : back + ahead + places] - so_far[:, :places])


def _course(relative: Real, stands: Mask, first: int) -> Real:
    """Fit each hour of day and kind of day on the seasons: float64[series, hours], multiples of 2⁻¹⁴."""
    series, hours = relative.shape
    before = (first - _TURN) % 24
    days = -(-(before + hours) // 24)
    day = (first - _TURN - before) // 24 + np.arange(days)
    basis, kind = _seasons(day), _kind(day)

    def by_day(values: Real | Mask) -> Real:
        folded = np.zeros((series, days * 24))
        folded[:, before : before + hours] = values
        return folded.reshape(series, days, 24)

    seen, value = by_day(stands), by_day(np.where(stands, relative, 0))
    width = basis.shape[1]
    course = np.zeros((series, days, 24))
    for each in range(3):
        on = np.flatnonzero(kind == each)
        if not on.size:
            continue
        of = basis[on]
        products = (of[:, :, None] * of[:, None, :]).reshape(-1, width * width)
        matrix = (products.T @ seen[:, on]).transpose(0, 2, 1).reshape(-1, width, width) + np.diag(_RIDGE)
        right = (of.T @ value[:, on]).transpose(0, 2, 1).reshape(-1, width)
        weights = np.ascontiguousarray(solve(matrix, right).reshape(series, 24, width).transpose(2, 0, 1))
        course[:, on] = sum(weights[k][:, None, :] * of[:, k, None] for k in range(width))
    return coarse(course.reshape(series, days * 24)[:, before : before + hours])


def _seasons(day: Days) -> Real:
    """Year, half-year and clock of each day (since 1970): float64[days, 6]."""
    year = day * (2 * np.pi / 365.2425)
    parts = (np.ones(day.size), np.cos(year), np.sin(year), np.cos(2 * year), np.sin(2 * year), _clock(day))
    return coarse(np.stack(parts, axis=1))


def _clock(day: Days) -> Real:
    """1 while clocks are an hour ahead (second Sunday of March to first Sunday of November), else 0."""
    stamp = day.astype("datetime64[D]")
    year = stamp.astype("datetime64[Y]")

    def sunday(month: int, at_least: int) -> Days:
        earliest = (year.astype("datetime64[M]") + (month - 1)).astype("datetime64[D]") + (at_least - 1)
        number = earliest.astype(np.int64)
        return np.asarray(number + (3 - number) % 7)  # 1970-01-04 was a Sunday

    return np.asarray((day >= sunday(3, 8)) & (day < sunday(11, 1)), np.float64)


def _kind(day: Days) -> Days:
    """0 for Monday to Friday, 1 Saturday, 2 Sunday."""
    weekday = (day + 3) % 7
    return np.asarray(np.maximum(weekday - 4, 0))
