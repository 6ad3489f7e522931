# SPDX-License-Identifier: Apache-2.0
"""Which hours an estimate may depend on: fixed by the calendar, whatever is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from eia930.reference.hours import hour_of, moment_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Columns of a frame of hours: estimates are given in `give`, made of `of`, by what is learnt in `learn`."""

    give: slice
    of: slice
    learn: slice


def years(first: int, hours: int) -> Iterator[Window]:
    """A calendar year (UTC) at a time, made of it and of the years beside it. `first`: hours since 1970 UTC."""
    columns = _Columns(first, hours)
    for year in range(moment_of(first).year, moment_of(first + hours - 1).year + 1):
        of = columns.between((year - 1, 1), (year + 2, 1))
        yield Window(give=columns.between((year, 1), (year + 1, 1)), of=of, learn=of)


def quarters(first: int, hours: int) -> Iterator[Window]:
    """A quarter at a time, a month in a record's first half-year, by what is learnt in the year before it.

    The first month has nothing to learn from, so it is in none. `first`: hours since 1970 UTC.
    """
    columns, end = _Columns(first, hours), moment_of(first + hours - 1)
    begun = month = moment_of(first).year * 12 + moment_of(first).month - 1
    while month <= end.year * 12 + end.month - 1:
        after = month + 1 if month < begun + 6 else month // 3 * 3 + 3
        give = columns.between(_month(month), _month(after))
        learn = columns.between(_month(month - 12), _month(month))
        if give.stop > give.start and learn.stop > learn.start:
            yield Window(give=give, of=slice(learn.start, give.stop), learn=learn)
        month = after


def _month(number: int) -> tuple[int, int]:
    return number // 12, number % 12 + 1


@dataclass(frozen=True, slots=True)
class _Columns:
    first: int
    hours: int

    def between(self, begin: tuple[int, int], end: tuple[int, int]) -> slice:
        """Columns from the first hour of one month to that of another, as far as the frame goes."""
        at = [hour_of(datetime(*month, 1, tzinfo=UTC)) - self.first for month in (begin, end)]
        return slice(*(min(max(column, 0), self.hours) for column in at))
