# SPDX-License-Identifier: Apache-2.0
"""What is known beforehand of the day to be forecast, from positions and time zones alone: nothing is stored."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from math import cos, pi, sin
from zoneinfo import ZoneInfo

FEATURES = 16
_FIXED = {(1, 1), (7, 4), (12, 24), (12, 25), (12, 31)}
_MONDAYS = {(1, 3), (2, 3), (5, -1), (9, 1)}  # month and which Monday; -1: the last


@lru_cache(maxsize=1 << 20)
def features(hour: int, zone: str) -> tuple[float, ...]:
    """FEATURES numbers of the 24 hours from `hour` on (hours since 1970 UTC, hour ending), by the local clock."""
    begin = datetime.fromtimestamp((hour - 1) * 3600, UTC).astimezone(ZoneInfo(zone))
    day = (begin + timedelta(hours=12)).date()  # the day that holds most of them
    week = [float(day.weekday() == number) for number in range(7)]
    year = 2 * pi * day.timetuple().tm_yday / 365.25
    season = [sin(year), cos(year), sin(2 * year), cos(2 * year)]
    clock = 2 * pi * begin.hour / 24
    off = [float(holiday(day + timedelta(days=days))) for days in (-1, 0, 1)]
    return (*week, *season, sin(clock), cos(clock), *off)


def holiday(day: date) -> bool:
    """Whether much of the United States is off work: fixed days, Mondays, Thanksgiving and the day after."""
    if (day.month, day.day) in _FIXED:
        return True
    if day.weekday() == 0:
        last = (day + timedelta(days=7)).month != day.month
        return (day.month, (day.day + 6) // 7) in _MONDAYS or (last and (day.month, -1) in _MONDAYS)
    thanksgiving = day.month == 11 and 22 <= (day - timedelta(days=day.weekday() - 3)).day <= 28
    return thanksgiving and day.weekday() in (3, 4)
