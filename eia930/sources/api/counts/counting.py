# SPDX-License-Identifier: Apache-2.0
"""Counting a respondent's rows by short answers: which series there are, and in every month how many rows and nulls.

A series costs two answers: sorted by kind, the row where it begins says its kind and first hour; sorted by period
downwards, its own first row is its last hour, and `total` counts its rows. As many rows as hours between the two:
nothing is absent. Else the hours are cut in two at a month, and again only where rows and hours still differ: the
total of one half also tells the other's; what one answer can hold is read. Nulls come to one end when rows are
sorted by value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from eia930.question.span import Span
from eia930.question.window import KIND, PERIOD, Short, Window
from eia930.reference.months import first_hour, hours_in, month_of, months_of, roundest
from eia930.reference.routes import PAGE
from eia930.sources.api.counts.nulls import NullRows, Unsorted
from eia930.sources.api.responses import Answer
from eia930.sources.matrix import Counted, Counts, Matrix

Then = Callable[[Answer], None]

CHANGED = "the rows changed while they were counted, or an hour has two"
_DRIFT = 50
"""Rows that may come in to earlier kinds while a span is counted."""
_HALVES = 2
"""Two months take one more answer of one row; a longer part would take more of them than reading it does."""


@dataclass(slots=True)
class _Series:
    kind: str
    first: int
    last: int
    rows: Counts


@dataclass(frozen=True, slots=True)
class _Part:
    """Hours `first`..`last` of one series, and the rows in them."""

    series: _Series
    first: int
    last: int
    rows: int

    @property
    def hours(self) -> int:
        """How many hours."""
        return self.last - self.first + 1

    @property
    def months(self) -> int:
        """In how many months they lie."""
        return month_of(self.last) - month_of(self.first) + 1

    @property
    def settled(self) -> bool:
        """Whether every month's rows are known."""
        return self.rows in (0, self.hours) or self.months == 1


class Counting:
    """What is still to be asked about a span; to a dispatcher it is a lane. `find` gives stored answers."""

    def __init__(self, span: Span, find: Callable[[Window], Answer | None]) -> None:
        self.span = span
        self.reused = 0
        self.failure = ""
        self._find = find
        self._dead = False
        self._open: dict[Window, Then] = {}
        self._flying: dict[Window, Then] = {}
        self._series: dict[str, _Series] = {}
        self._nulls = NullRows()
        self._ask_kind(0, 0)

    @property
    def left(self) -> int:
        """Hours of the span while anything is open: a span is counted whole."""
        return self.span.hours if self._open or self._flying else 0

    @property
    def pages(self) -> float:
        """How many questions are open: a dispatcher takes the fullest lane first."""
        return float(len(self._open))

    def matrix(self) -> Matrix | None:
        """What was counted; None while anything is open, or where it cannot be had."""
        if self.left or self._dead:
            return None
        return Matrix(self.span, tuple(self._counted(self._series[kind]) for kind in sorted(self._series)))

    def next_window(self) -> Window | None:
        """The next question that no stored answer settles."""
        while self._open:
            window = next(iter(self._open))
            then = self._open.pop(window)
            answer = self._find(window)
            if answer is None:
                self._flying[window] = then
                return window
            self.reused += 1
            self._take(answer, then)
        return None

    def answered(self, answer: Answer) -> int:
        """Take an answer in; the hours of the span once it is all counted, else 0."""
        then = self._flying.pop(answer.window, None)
        if then is not None:
            self._take(answer, then)
        return 0 if self.left else self.span.hours

    def given_up(self, window: Window) -> bool:
        """A question that cannot be had (the dispatcher says why): the span cannot be counted."""
        self._end()
        return True

    def shrink(self, window: Window) -> None:
        """A short answer is never cut."""
        self._end()

    def _end(self) -> None:
        self._dead = True
        self._open.clear()
        self._flying.clear()

    def _take(self, answer: Answer, then: Then) -> None:
        try:
            then(answer)
        except Unsorted as error:
            self.failure = str(error)
            self._end()

    def _ask(self, first: int, last: int, kinds: tuple[str, ...], short: Short, then: Then, *, down: bool) -> None:
        self._open[Window(self.span.route, self.span.respondent, first, last, kinds, down, short)] = then

    def _ask_kind(self, offset: int, tries: int) -> None:
        """The row at `offset` of all rows sorted by kind, then period."""
        span = self.span

        def then(answer: Answer) -> None:
            self._kind_found(answer, offset, tries)

        self._ask(span.first, span.last, span.kinds, Short(KIND, offset), then, down=False)

    def _kind_found(self, answer: Answer, offset: int, tries: int) -> None:
        if answer.total <= offset:
            return
        if not answer.columns.kinds or tries > _DRIFT:
            raise Unsorted(f"{answer.window.id}: {CHANGED}")
        kind, first = answer.columns.kinds[0], int(answer.columns.hour[0])
        if kind in self._series:
            # Rows came in meanwhile, which moved all later ones: the next kind begins a little further on.
            self._ask_kind(offset + 1, tries + 1)
            return
        if not self._series:
            self._ask_nulls()
        months = month_of(self.span.last) - month_of(self.span.first) + 1
        series = self._series[kind] = _Series(kind, first, first, np.zeros(months, np.int64))

        def then(end: Answer) -> None:
            self._end_found(end, series, offset, answer.total)

        self._ask(first, self.span.last, (kind,), Short(PERIOD), then, down=True)

    def _end_found(self, answer: Answer, series: _Series, offset: int, total: int) -> None:
        if not len(answer.columns.hour):
            raise Unsorted(f"{answer.window.id}: {CHANGED}")
        series.last = int(answer.columns.hour[0])
        self._settle(_Part(series, series.first, series.last, answer.total))
        if offset + answer.total < total:
            self._ask_kind(offset + answer.total, 0)

    def _settle(self, part: _Part) -> None:
        """Write down what is known of a part; or read it, where one answer holds it; or ask for its first half."""
        if not 0 <= part.rows <= part.hours:
            raise Unsorted(f"{self.span.id} {part.series.kind}: {part.rows} rows in {part.hours} hours: {CHANGED}")
        if part.settled:
            self._write(part)
        elif part.months > _HALVES and part.rows <= PAGE:
            self._ask_rows(part)
        else:
            self._ask_half(part)

    def _ask_rows(self, part: _Part) -> None:
        def then(answer: Answer) -> None:
            months = months_of(np.unique(answer.columns.hour)) - month_of(self.span.first)
            part.series.rows[:] += np.bincount(months, minlength=len(part.series.rows))

        self._ask(part.first, part.last, (part.series.kind,), Short(PERIOD, 0, PAGE), then, down=False)

    def _ask_half(self, part: _Part) -> None:
        cut = first_hour(roundest(month_of(part.first) + 1, month_of(part.last)))

        def then(answer: Answer) -> None:
            self._split(answer, part, cut)

        self._ask(part.first, cut - 1, (part.series.kind,), Short(PERIOD), then, down=True)

    def _split(self, answer: Answer, part: _Part, cut: int) -> None:
        """The half asked for reaches to its last row; the other half has the rest of the rows."""
        if answer.total:
            last = int(answer.columns.hour[0]) if len(answer.columns.hour) else cut - 1
            self._settle(_Part(part.series, part.first, last, answer.total))
        self._settle(_Part(part.series, cut, part.last, part.rows - answer.total))

    def _write(self, part: _Part) -> None:
        low, high, zero = month_of(part.first), month_of(part.last), month_of(self.span.first)
        if low == high:
            part.series.rows[low - zero] += part.rows
        elif part.rows:
            for month in range(low, high + 1):
                part.series.rows[month - zero] += hours_in(month, part.first, part.last)

    def _ask_nulls(self) -> None:
        if (question := self._nulls.question()) is not None:
            short, down = question
            self._ask(self.span.first, self.span.last, self.span.kinds, short, self._nulls_found, down=down)

    def _nulls_found(self, answer: Answer) -> None:
        self._nulls.add(answer)
        self._ask_nulls()

    def _counted(self, series: _Series) -> Counted:
        hours = self._nulls.hours.get(series.kind, np.zeros(0, np.int64))
        null = np.bincount(months_of(hours) - month_of(self.span.first), minlength=len(series.rows)).astype(np.int64)
        return Counted(series.kind, series.first, series.last, series.rows, null)
