# SPDX-License-Identifier: Apache-2.0
"""Which hours to ask for next, so that every page comes back full.

A `Span` is what a run wants of a respondent; a `Lane` is what of it is still to be asked: `question.pending` cuts it.
Where a page overflows, the hours it did not hold go back to the lane: no second page by offset, which moves when rows
are added meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from eia930.question.pending import Cut, Pending
from eia930.question.pieces import bounds, mend, wanted_hours
from eia930.question.span import Span, known
from eia930.question.window import Window
from eia930.reference.routes import ROUTES
from eia930.sources.api.responses import Answer, Held


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
    # An answer that names no types has those that the tables know, and none that is newer.
    types = ROUTES[span.route].types
    has, wants = held.kinds or types, span.kinds or types
    other_kinds = has and not (wants and set(wants) <= set(has))
    if other_kinds or (refresh and held.modified < since):
        return slice(0, 0)
    first, last = held.settles(settle_hours, since)
    return slice(max(0, first - span.first), min(span.hours, max(0, last - span.first + 1)))


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

    def given_up(self, window: Window) -> None:
        """The window cannot be had; its hours are not asked again in this run."""
        self._pending = self._pending.given_up(self._cut(window))

    def shrink(self, window: Window) -> None:
        """Ask the window's hours again, from now on in half as long pieces: its page was full and out of order."""
        self._pending = self._pending.shrunk(self._cut(window))

    def halves(self) -> tuple[Lane, Lane]:
        """Two lanes of half the hours each, for a run of so few respondents that their ends are too few."""
        early, late = (self._of(pending) for pending in self._pending.halves())
        return early, late

    def _of(self, pending: Pending) -> Lane:
        return Lane(self.span, pending.wanted, hours_per_request=pending.fixed)

    def _cut(self, window: Window) -> Cut:
        return Cut(window.first - self.span.first, window.last - self.span.first, window.descending)
