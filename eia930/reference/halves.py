# SPDX-License-Identifier: Apache-2.0
"""Half-years, as EIA's six-month files are cut: by local dates, so each authority's half begins at another UTC hour."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from eia930.reference.clocks import EARLIEST, LATEST, Clock
from eia930.reference.hours import moment_of

_NAME = re.compile(r"(\d{4})_(Jan_Jun|Jul_Dec)", re.ASCII)
_PARTS = ("Jan_Jun", "Jul_Dec")


@dataclass(frozen=True, slots=True, order=True)
class Half:
    """Half `part` (1 or 2) of a `year`."""

    year: int
    part: int

    @property
    def name(self) -> str:
        """`2015_Jul_Dec`, as in the names of EIA's files."""
        return f"{self.year}_{_PARTS[self.part - 1]}"

    @property
    def begins(self) -> date:
        """Its first day."""
        return date(self.year, 1 if self.part == 1 else 7, 1)

    @property
    def next(self) -> Half:
        """The half after it."""
        return Half(self.year, 2) if self.part == 1 else Half(self.year + 1, 1)

    @property
    def before(self) -> Half:
        """The half before it."""
        return Half(self.year, 1) if self.part == 2 else Half(self.year - 1, 2)

    def hours(self, clock: Clock | None = None) -> tuple[int, int]:
        """First and last stamp (hour ending, hours since 1970 UTC) by a clock; by any of them where there is none."""
        first, last = (clock, clock) if clock else (EARLIEST, LATEST)
        return first.midnight(self.begins) + 1, last.midnight(self.next.begins)


FIRST = Half(2015, 2)
"""The form begins on 2015-07-01; there is no file before."""
FIRST_FUELS = Half(2018, 2)
"""Generation by energy source and demand by sub-region begin here."""


def parse_half(text: str) -> Half:
    """`2015_Jul_Dec` → the half; ValueError otherwise."""
    found = _NAME.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no half-year like 2015_Jul_Dec")
    return Half(int(found[1]), _PARTS.index(found[2]) + 1)


def halves(first: int, last: int) -> tuple[Half, ...]:
    """The halves, from the form's first on, with any of the hours `first`..`last` (UTC, inclusive) by some clock."""
    found, year = [], moment_of(first).year - 1
    half = max(Half(year, 1), FIRST)
    while half.hours()[0] <= last:
        if half.hours()[1] >= first:
            found.append(half)
        half = half.next
    return tuple(found)
