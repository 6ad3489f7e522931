# SPDX-License-Identifier: Apache-2.0
"""The hours that a run asked for, as a frame: every series of the page lies on it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from eia930.account.model import Account
from eia930.reference.hours import parse_hour, stamp
from eia930.screening.flags import PROVISIONAL_HOURS


@dataclass(frozen=True)
class Frame:
    """`hours` hours from `first` on (hours since 1970 UTC, hour ending)."""

    first: int
    hours: int

    @property
    def last(self) -> int:
        """The last hour, inclusive."""
        return self.first + self.hours - 1

    @property
    def provisional(self) -> int:
        """The place of the first hour whose flag may still change when later hours come in."""
        return max(0, self.hours - PROVISIONAL_HOURS)

    @cached_property
    def month_starts(self) -> NDArray[np.intp]:
        """The place of the first hour of each month, by stamp; the first month may be cut."""
        return self._starts("M")

    @cached_property
    def months(self) -> tuple[str, ...]:
        """`2019-01`, …"""
        return tuple(self.stamp(int(place))[:7] for place in self.month_starts)

    def year_starts(self) -> NDArray[np.intp]:
        """The place of the first hour of each year; the first year may be cut."""
        return self._starts("Y")

    def sums(self, where: NDArray[np.bool_]) -> list[int]:
        """True hours of each month."""
        counts: list[int] = np.add.reduceat(where.astype(np.int64), self.month_starts).tolist()
        return counts

    def stamp(self, place: int) -> str:
        """`2019-01-01T00`."""
        return stamp(self.first + place)

    def _starts(self, unit: str) -> NDArray[np.intp]:
        hours = np.arange(self.first, self.first + self.hours).astype("datetime64[h]")
        units = hours.astype(f"datetime64[{unit}]").astype(np.int64)
        return np.concatenate(([0], np.flatnonzero(np.diff(units)) + 1))


def frame_of(account: Account) -> Frame:
    """The frame of a run, from the spans of its account."""
    first = min(parse_hour(span.first) for span in account.spans)
    return Frame(first, max(parse_hour(span.last) for span in account.spans) - first + 1)
