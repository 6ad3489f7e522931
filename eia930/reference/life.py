# SPDX-License-Identifier: Apache-2.0
"""From when to when something of the tables has hours: to the hour where rows show it, else to the day.

A day is known to about a month, since most of them are the first or last of one: so a month of slack lies around it.
An hour is exact, and nothing is asked for beyond it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from eia930.reference.hours import parse_hour

SLACK = 31 * 24
"""Hours around a life of which the tables know only the days."""


@dataclass(frozen=True, slots=True)
class Life:
    """`first` and `last` as the tables have them: `YYYY-MM-DDTHH` (hour ending, UTC), `YYYY-MM-DD`, or empty."""

    first: str = ""
    last: str = ""

    def hours(self, first: int, last: int, *, slack: int = SLACK) -> tuple[int, int] | None:
        """The hours of `first`..`last` (inclusive, since 1970 UTC) that lie within, slack around a day; or None."""
        begin = max(first, _begin(self.first, slack)) if self.first else first
        end = min(last, _end(self.last, slack)) if self.last else last
        return (begin, end) if begin <= end else None

    def within(self, other: Life) -> Life:
        """The time in which both live."""
        lasts = [text for text in (self.last, other.last) if text]
        # Texts sort as what they stand for, save that a day ends after each of its hours.
        last = min(lasts, key=lambda text: text if "T" in text else f"{text}T99", default="")
        return Life(max(self.first, other.first), last)

    def __str__(self) -> str:
        parts = (("active since", self.first), ("retired", self.last))
        return ", ".join(f"{word} {text[:10]}" for word, text in parts if text)


@cache
def _begin(text: str, slack: int) -> int:
    return parse_hour(text) - (0 if "T" in text else slack)


@cache
def _end(text: str, slack: int) -> int:
    return parse_hour(text) + (0 if "T" in text else 23 + slack)
