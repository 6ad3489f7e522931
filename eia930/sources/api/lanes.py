# SPDX-License-Identifier: Apache-2.0
"""Which hours to ask for next, so that every page comes back full.

A `Span` is what a run wants of a respondent; a `Lane` is what of it is still to be asked: `question.pending` cuts it.
Where a page overflows, the hours it did not hold go back to the lane: no second page by offset, which moves when rows
are added meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from eia930.question.pending import Cut, Pending
from eia930.question.pieces import Flags, bounds, mend, wanted_hours
from eia930.question.span import Span, known
from eia930.question.window import Window
from eia930.reference.routes import ROUTES
from eia930.sources.api.again import Again, revisited, unsettled
from eia930.sources.api.folds.held import Held
from eia930.sources.api.responses import Answer

_LONG = 8
"""Pages."""


def needed(span: Span, held: Iterable[Held], again: Again) -> Flags:
    """bool[hours of the span]: which are still to be asked, given what is stored.

    What this run stored, or the unfinished one that it goes on with, is not; with `refresh` all else is.
    """
    wanted = wanted_hours(known(span), span.first, span.last)
    retrieved, settled = np.full(span.hours, -np.inf), np.zeros(span.hours, bool)
    for one in held:
        here = _answers(one, span, again)
        if one.modified >= again.since:
            wanted[here] = False
            continue
        np.maximum(retrieved[here], one.retrieved.timestamp(), out=retrieved[here])
        settled[here.start : max(here.start, min(here.stop, one.settled(again.settle_hours) + 1 - span.first))] = True
    for mine, old in ((np.flatnonzero(wanted & ~settled), False), (np.flatnonzero(wanted & settled), True)):
        hour, at = mine + span.first, retrieved[mine]
        wanted[mine] = revisited(span.id, span.density, hour, at, again) if old else unsettled(hour, at, again.now)
    return wanted


def serves(held: Held, span: Span, again: Again) -> bool:
    """Whether a stored response saves asking for hours of a span; the same all through a run."""
    here = _answers(held, span, again)
    if here.start >= here.stop:
        return False
    if held.modified >= again.since or held.settled(again.settle_hours) >= span.first + here.start:
        return True
    hour = np.arange(here.start, here.stop) + span.first
    at = np.full(len(hour), held.retrieved.timestamp())
    return not np.all(unsettled(hour, at, again.begun))


def _answers(held: Held, span: Span, again: Again) -> slice:
    """The places in a span, counted from its first hour, on which a stored response is heard."""
    # An answer that names no types has those that the tables know, and none that is newer.
    types = ROUTES[span.route].types
    has, wants = held.kinds or types, span.kinds or types
    other_kinds = has and not (wants and set(wants) <= set(has))
    if other_kinds or (again.refresh and held.modified < again.since):
        return slice(0, 0)
    first = max(0, held.first - span.first)
    return slice(first, max(first, min(span.hours, held.last - span.first + 1)))


class Lane:
    """The hours of a span that are still to be asked, as a dispatcher works through them, window by window."""

    def __init__(self, span: Span, wanted: NDArray[np.bool_], *, hours_per_request: int | None = None) -> None:
        cuts = bounds(known(span), span.first, span.last)
        mend(cuts, wanted)
        self.span = span
        self._pending = Pending.of(wanted, cuts, span.density, fixed=hours_per_request)

    @property
    def left(self) -> int:
        """How many hours are still to be asked."""
        return self._pending.left

    @property
    def pages(self) -> float:
        """About how many pages are left."""
        return self._pending.pages

    def next_window(self) -> Window | None:
        """The next window from a free end; None while both are busy or nothing is left."""
        found = self._pending.next()
        if found is None:
            return None
        piece, self._pending = found
        span = self.span
        first, last = span.first + piece.first, span.first + piece.last
        return Window(span.route, span.respondent, first, last, span.kinds, piece.back)

    def answered(self, answer: Answer) -> int:
        """Take an answer in; how many hours it settles."""
        settled = (answer.first - self.span.first, answer.last - self.span.first)
        self._pending = self._pending.answered(
            self._cut(answer.window), settled, total=answer.total, received=answer.columns.received
        )
        return answer.last - answer.first + 1

    def given_up(self, window: Window) -> bool:
        """The window cannot be had; its hours are not asked again in this run."""
        self._pending = self._pending.given_up(self._cut(window))
        return True

    def shrink(self, window: Window) -> None:
        """Ask the window's hours again, from now on in half as long pieces: its page was full and out of order."""
        self._pending = self._pending.shrunk(self._cut(window))

    @property
    def ends(self) -> int:
        """How many requests of it may be under way at once."""
        return 2

    @property
    def divisible(self) -> bool:
        """Whether it is so long that a page less full in either half does not matter."""
        return self.pages > _LONG

    def halves(self) -> tuple[Lane, Lane]:
        """Two lanes of half the hours each, for a run of so few respondents that their ends are too few."""
        early, late = (self._of(pending) for pending in self._pending.halves())
        return early, late

    def _of(self, pending: Pending) -> Lane:
        return Lane(self.span, pending.wanted, hours_per_request=pending.fixed)

    def _cut(self, window: Window) -> Cut:
        return Cut(window.first - self.span.first, window.last - self.span.first, window.descending)
