# SPDX-License-Identifier: Apache-2.0
"""Which hours to ask for next, so that every page comes back full.

A `Span` is what a run wants of a respondent; a `Lane` is what of it is still to be asked. Windows are cut from
both ends of a lane, as many hours as fill a page at the density last seen there. Where a page overflows, the
hours it did not hold go back to the lane: no second page by offset, which moves when rows are added meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from math import ceil

import numpy as np
from numpy.typing import NDArray

from eia930.question.pieces import bounds, fitting, mend, wanted_hours
from eia930.question.span import Span, known
from eia930.question.window import Window
from eia930.reference.routes import PAGE
from eia930.sources.api.responses import Answer, Held

_OVERASK = 1.05
"""A full page wastes nothing where it overflows, so windows are a little longer than expected."""


def needed(span: Span, held: Iterable[Held], *, settle_hours: int, since: datetime, refresh: bool) -> NDArray[np.bool_]:
    """bool[hours of the span]: which are still to be asked, given what is stored.

    Provisional hours are asked again unless stored `since` (this run, or the unfinished one that it goes on with);
    with `refresh` all hours are.
    """
    wanted = wanted_hours(known(span), span.first, span.last)
    for one in held:
        wanted[answers(one, span, settle_hours=settle_hours, since=since, refresh=refresh)] = False
    return wanted


def answers(held: Held, span: Span, *, settle_hours: int, since: datetime, refresh: bool) -> slice:
    """The places in a span, counted from its first hour, that need not be asked because of one stored response."""
    other_kinds = held.kinds and not (span.kinds and set(span.kinds) <= set(held.kinds))
    if other_kinds or (refresh and held.modified < since):
        return slice(0, 0)
    first, last = held.settles(settle_hours, since)
    return slice(max(0, first - span.first), min(span.hours, max(0, last - span.first + 1)))


class Lane:
    """The hours of a span that are still to be asked, and how dense its rows are at either end."""

    def __init__(self, span: Span, wanted: NDArray[np.bool_], *, hours_per_request: int | None = None) -> None:
        self.span = span
        self._wanted = wanted
        self._fixed = hours_per_request
        self._density = {False: max(span.density, 0.1), True: max(span.density, 0.1)}
        self._fill = _OVERASK
        self._busy = {False: False, True: False}
        self._bounds = bounds(known(span), span.first, span.last)
        mend(self._bounds, wanted)
        self.left = int(wanted.sum())

    def next_window(self) -> Window | None:
        """Cut the next window from a free end; None while both are busy or nothing is left."""
        if not self.left or all(self._busy.values()):
            return None
        descending = self._busy[False]
        places = np.flatnonzero(self._wanted)
        run = _run(places[::-1] if descending else places)
        size = self._size(descending=descending)
        if any(self._busy.values()) and run < 1.5 * size:
            # The window under way may give hours back here: one page will do for both.
            return None
        edge = int(places[-1] if descending else places[0])
        hours = fitting(self._bounds, edge, size, run, descending=descending)
        first = edge - hours + 1 if descending else edge
        self._mark(first, first + hours - 1, wanted=False)
        self._busy[descending] = True
        start = self.span.first + first
        span = self.span
        return Window(span.route, span.respondent, start, start + hours - 1, span.kinds, descending)

    def answered(self, answer: Answer) -> int:
        """Take back the hours that a full page did not settle, and learn the density; how many it settled."""
        window = answer.window
        self._busy[window.descending] = False
        hours = answer.last - answer.first + 1
        if answer.total > answer.columns.received:
            self._density[window.descending] = answer.columns.received / (hours + 0.5)
        else:
            self._density[window.descending] = answer.total / hours
        offset = self.span.first
        if answer.last < window.last:
            # The first hour given back has a row: it is the one at which the page was full.
            self._mark(answer.last + 1 - offset, window.last - offset, wanted=True)
        if answer.first > window.first:
            self._mark(window.first - offset, answer.first - 1 - offset, wanted=True)
        return hours

    def given_up(self, window: Window) -> None:
        """The window cannot be had; its hours are not asked again in this run."""
        self._busy[window.descending] = False

    def shrink(self, window: Window) -> None:
        """Ask the window's hours again, from now on in half as long pieces: its page was full and out of order."""
        self._busy[window.descending] = False
        self._fill /= 2
        self._mark(window.first - self.span.first, window.last - self.span.first, wanted=True)

    def halves(self) -> tuple[Lane, Lane]:
        """Two lanes of half the hours each, for a run of so few respondents that their ends are too few."""
        half = int(np.flatnonzero(self._wanted)[self.left // 2])
        middle = half + int(np.argmax(self._bounds[half:]))
        early, late = self._wanted.copy(), self._wanted.copy()
        early[middle:] = False
        late[:middle] = False
        return (
            Lane(self.span, early, hours_per_request=self._fixed),
            Lane(self.span, late, hours_per_request=self._fixed),
        )

    @property
    def pages(self) -> float:
        """About how many pages are left."""
        return self.left * max(self._density.values()) / PAGE

    def _size(self, *, descending: bool) -> int:
        """Hours that fill a page."""
        if self._fixed:
            return max(1, int(self._fixed * min(1.0, self._fill)))
        density = self._density[descending]
        return ceil(PAGE / density * self._fill) + 1 if density > 0 else self.span.hours

    def _mark(self, first: int, last: int, *, wanted: bool) -> None:
        self._wanted[first : last + 1] = wanted
        self.left += (last - first + 1) * (1 if wanted else -1)


def _run(places: NDArray[np.intp]) -> int:
    """How many of the places, from the first on, follow each other without a hole."""
    breaks = np.flatnonzero(np.abs(np.diff(places)) != 1)
    return int(breaks[0]) + 1 if len(breaks) else len(places)
