# SPDX-License-Identifier: Apache-2.0
"""By which clock an authority files its days: hours from UTC, and whether it moves to summer time.

It is not always the clock of the place: MISO and LGEE file at UTC−5 all year, five authorities outside Arizona by
Arizona's or a neighbour's. Rows of EIA's files and their counts say so; in UTC no hour is doubled or absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType

from eia930.reference.respondents import respondents

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Clock:
    """`standard`: hours that it is ahead of UTC in winter; `saves`: whether summer time adds one (rule of 2007)."""

    standard: int
    saves: bool

    def midnight(self, day: date) -> int:
        """The UTC hour (since 1970) at which `day` begins: the last stamp of the day before."""
        return (day - _EPOCH).days * 24 - self.standard - (self.saves and _summer(day))


_EASTERN, _CENTRAL, _MOUNTAIN, _PACIFIC = (Clock(hours, True) for hours in (-5, -6, -7, -8))
_ARIZONA, _EST = Clock(-7, False), Clock(-5, False)
_ZONES: Mapping[str, Clock] = MappingProxyType(
    {
        "America/New_York": _EASTERN,
        "America/Chicago": _CENTRAL,
        "America/Denver": _MOUNTAIN,
        "America/Los_Angeles": _PACIFIC,
        "America/Phoenix": _ARIZONA,
        "Etc/GMT+5": _EST,
    }
)
EARLIEST, LATEST = _EASTERN, _PACIFIC
"""The clocks between which all others lie."""


def clock_of(code: str) -> Clock | None:
    """The clock of a home authority; None for codes that the tables lack, and for foreign neighbours."""
    about = respondents().get(code)
    return _ZONES.get(about.reporting_zone) if about is not None and about.kind != "foreign" else None


def _summer(day: date) -> bool:
    """Whether summer time holds as a day begins: the change comes two hours later."""
    return _sunday(day.year, 3, 2) < day <= _sunday(day.year, 11, 1)


def _sunday(year: int, month: int, nth: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(6 - first.weekday()) % 7 + 7 * (nth - 1))
