# SPDX-License-Identifier: Apache-2.0
"""Numbers that only a name and an hour decide: smooth noise, local time, and the shapes of day, week and year.

Hours are cut from tables and combined by + and × alone, so an hour's value is the same however many are asked for.
"""

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

from eia930.emulator.faults import number

Floats = NDArray[np.float64]
Stamps = NDArray[np.int64]

# Hours behind UTC in winter; all but Arizona move to summer time by the rule of 2007.
_WINTER = {"America/New_York": -5, "America/Chicago": -6, "America/Denver": -7, "America/Los_Angeles": -8}
_ARIZONA = "America/Phoenix"


def noise(name: str, hours: Stamps, width: int) -> Floats:
    """Smooth noise in [-1, 1] with a knot every `width` hours, float64 of the shape of `hours` (ascending)."""
    if len(hours) == 0:
        return np.zeros(0)
    first = int(hours[0]) // width
    knots = _uniform(name, np.arange(first, int(hours[-1]) // width + 2, dtype=np.int64)) * 2 - 1
    left = hours // width - first
    return np.asarray(knots[left] + (knots[left + 1] - knots[left]) * _steps(width)[hours % width], np.float64)


def clock_changes(year: int) -> tuple[int, int]:
    """The year's two changes of the clock at 02:00 of a zone on UTC: second Sunday of March, first of November."""
    return _sunday(year, month=3, nth=2) * 24 + 2, _sunday(year, month=11, nth=1) * 24 + 1


def winter_offset(zone: str) -> int:
    """Hours that the zone's standard time is ahead of UTC."""
    return -7 if zone == _ARIZONA else _WINTER[zone]


def local(zone: str, hours: Stamps) -> Stamps:
    """Hours of UTC → hours of the zone's wall clock, summer time included."""
    shifted = hours + winter_offset(zone)
    if zone == _ARIZONA or len(hours) == 0:
        return shifted
    summer = np.zeros(len(hours), np.int64)
    for year in range(_year(int(hours[0])), _year(int(hours[-1])) + 1):
        low, high = np.searchsorted(shifted, clock_changes(year))
        summer[low:high] = 1
    return shifted + summer


def demand_shape(wall: Stamps) -> Floats:
    """Load relative to its mean: two peaks on winter days, one on summer afternoons, less at the weekend."""
    day, hour = wall // 24, wall % 24
    warmth = (_SUMMER_DAY - _WINTER_DAY)[hour] * _SUMMER[day % _PERIOD]
    return np.asarray((_WINTER_DAY[hour] + warmth) * _SEASON[day % _PERIOD] * _WEEK[day % 7], np.float64)


def sun_shape(wall: Stamps) -> Floats:
    """Height of the sun in [0, 1]: nothing at night, long days in summer."""
    return np.asarray(_SUN[wall // 24 % _PERIOD, wall % 24], np.float64)


def hour_shape(wall: Stamps) -> Floats:
    """A storage's day in [-1, 1]: it charges around noon and discharges in the evening."""
    return np.asarray(_STORAGE[wall % 24], np.float64)


def _uniform(name: str, keys: NDArray[np.int64]) -> Floats:
    """A number in [0, 1) for each key (SplitMix64 of the name's hash and the key)."""
    x = keys.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(number(name))
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (x ^ (x >> np.uint64(31))).astype(np.float64) / 2.0**64


@cache
def _steps(width: int) -> Floats:
    at = np.arange(width) / width
    return np.asarray(at * at * (3 - 2 * at), np.float64)


def _year(hour: int) -> int:
    return int(np.datetime64(hour, "h").astype("datetime64[Y]").astype(int)) + 1970


def _sunday(year: int, *, month: int, nth: int) -> int:
    first = int(np.datetime64(f"{year}-{month:02}-01").astype(int))
    # Day 3 after 1970-01-01, a Thursday, is a Sunday.
    return first + (3 - first) % 7 + 7 * (nth - 1)


# Four years of days, so that a day's place in the year needs no calendar.
_PERIOD = 1461
_TURN = [2 * math.pi * (day % 365.25) / 365.25 for day in range(_PERIOD)]
_SUMMER = np.array([0.5 - 0.5 * math.cos(t - 0.35) for t in _TURN])
_SEASON = np.array([1 - 0.10 * math.cos(2 * (t - 0.35) + math.pi) - 0.03 * math.cos(t) for t in _TURN])
_WEEK = np.array([1.02, 1.01, 0.94, 0.92, 1.02, 1.03, 1.03])
_WINTER_DAY = np.array([
    0.87, 0.85, 0.84, 0.84, 0.86, 0.92, 1.02, 1.09, 1.09, 1.07, 1.05, 1.03,
    1.01, 1.00, 0.99, 1.00, 1.03, 1.10, 1.14, 1.12, 1.09, 1.04, 0.97, 0.91,
])  # fmt: skip
_SUMMER_DAY = np.array([
    0.84, 0.80, 0.77, 0.75, 0.75, 0.78, 0.84, 0.91, 0.96, 1.01, 1.06, 1.11,
    1.15, 1.18, 1.21, 1.23, 1.24, 1.23, 1.20, 1.15, 1.10, 1.04, 0.96, 0.89,
])  # fmt: skip
_STORAGE = np.array([-0.2] * 6 + [0.1, 0.1, -0.2, -0.5, -0.8, -1, -1, -1, -0.8, -0.5, 0, 0.7, 1, 1, 0.8, 0.4, 0, -0.1])
_SUN = np.array(
    [
        [
            max(0.0, math.sin(math.pi * (h - rise) / (2 * (12.5 - rise)))) if rise < h < 25 - rise else 0.0
            for h in range(24)
        ]
        for rise in (6.5 + 1.3 * math.cos(t + 0.17) for t in _TURN)
    ]
)
