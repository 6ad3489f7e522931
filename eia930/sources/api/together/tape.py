# SPDX-License-Identifier: Apache-2.0
"""The same hours of several respondents, asked for one page after the other as if they were one long tape.

On it lie all hours of the first respondent, then those of the next. A request names as many of those left as fill two
pages, so that its page comes back full; the next one goes on where that page ended, in the middle of a respondent. A
long one is asked for from both ends, so that two requests are under way. Whoever cannot be had so is asked for alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from eia930.question.several import Several
from eia930.question.span import Span
from eia930.question.window import Window
from eia930.reference.routes import PAGE
from eia930.sources.api.lanes import Lane
from eia930.sources.api.responses import Answer
from eia930.sources.api.together.joint import Joint

_PAGES = 2.0
"""So many are asked for: a page comes back full even where half of the rows that are expected do not exist."""
_LEAST = 4
"""Respondents in a request, where so many are left: of some no row exists."""
_THINNEST = 0.01
_MOST = 100
"""Respondents in a request: its URL has some 4,000 letters then."""
_LONG = 100
"""Pages: either half of a longer one loses less than a fiftieth by its last page."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Hours `first`..`last` (inclusive) of a span that are wanted, one after the other.

    Those before `since` have come meanwhile; the first `skip` rows on its part of the tape need not come again.
    From the other end those after `until` have come, and `passed` rows.
    """

    span: Span
    first: int
    last: int
    since: int | None = None
    skip: int = 0
    until: int | None = None
    passed: int = 0

    @property
    def hours(self) -> int:
        """How many are still to be had."""
        return self.ends - self.begins + 1

    @property
    def begins(self) -> int:
        """The first that is still to be had."""
        return self.first if self.since is None else max(self.first, self.since)

    @property
    def ends(self) -> int:
        """The last that is still to be had."""
        return self.last if self.until is None else min(self.last, self.until)

    @property
    def density(self) -> float | None:
        """How many rows an hour of those that came have; None where none came."""
        early, late = self.begins - self.first, self.last - self.ends
        return (self.skip + self.passed) / (early + late) if early + late else None

    @property
    def rows(self) -> float:
        """How many are still to be had, as the tables expect."""
        return self.hours * self.span.density


class Tape:
    """Stretches of one route, asked for by the hours `first`..`last` that hold all of them; a dispatcher's lane.

    What else these hours hold must be none of the stretches' spans.
    """

    ends = 2
    """How many requests of it may be under way at once: each begins where the one before it ended, at either end."""

    def __init__(self, stretches: Iterable[Stretch], first: int, last: int) -> None:
        self._left = sorted(stretches, key=lambda one: one.span.respondent)
        self._first, self._last = first, last
        self._flying: dict[bool, dict[str, Stretch]] = {}
        self._alone: dict[str, Lane] = {}
        self._doubted: dict[str, Stretch] = {}
        self._probe = ""
        self._came, self._expected = 0.0, 0.0

    @property
    def left(self) -> int:
        """How many hours are still to be asked."""
        return sum(one.hours for one in self._still) + sum(lane.left for lane in self._alone.values())

    @property
    def pages(self) -> float:
        """About how many pages are left."""
        return sum(one.rows for one in self._still) / PAGE + sum(lane.pages for lane in self._alone.values())

    @property
    def divisible(self) -> bool:
        """Whether it is so long that one page more that is not full does not matter."""
        return self.pages > _LONG and len(self._left) > 3

    def next_window(self) -> Window | None:
        """The next page of the tape; None while one is under way, or nothing is left."""
        for lane in self._alone.values():
            if (window := lane.next_window()) is not None:
                return window
        if not self._flying and not self._left and not self._probe:
            self._left, self._doubted = self._still, {}
        if self._flying:
            back = next(iter(self._flying)) is False
            return self._several(back=back) if len(self._flying) == 1 and self._long else None
        if not self._left:
            return None
        if len(self._left) == 1:
            self._alone_from_now(self._left.pop())
            return self.next_window()
        return self._several(back=False)

    def answered(self, answer: Answer) -> int:
        """Take an answer in; how many hours it settles."""
        if not isinstance(answer, Joint):
            return self._answered_alone(answer)
        back = answer.window.descending
        flying = self._flying.pop(back)
        settled = [(flying[part.window.respondent], part) for part in answer.parts]
        hours = [_settled(one, part) for one, part in settled]
        self._came += answer.rows
        self._expected += sum(count * one.span.density for count, (one, _) in zip(hours, settled, strict=True))
        for code in answer.apart:
            self._alone_from_now(flying[code])
        left = [flying[code] for code in answer.left]
        if answer.since is not None and back:
            left[0] = replace(left[0], until=answer.since, passed=answer.skip)
        elif answer.since is not None:
            left[0] = replace(left[0], since=answer.since, skip=answer.skip)
        self._left = [*self._left, *reversed(left)] if back else [*left, *self._left]
        self._doubt({code: flying[code] for code in answer.doubted})
        return sum(hours)

    def given_up(self, window: Window) -> bool:
        """Of several, each is asked for alone."""
        if not isinstance(window, Several):
            self._probe = "" if window.respondent == self._probe else self._probe
            return self._alone[window.respondent].given_up(window)
        self._fall_apart(window)
        return False

    def shrink(self, window: Window) -> None:
        """The page was full and out of order: of several, each is asked for alone."""
        if isinstance(window, Several):
            self._fall_apart(window)
        else:
            self._alone[window.respondent].shrink(window)

    def halves(self) -> tuple[Tape, Tape]:
        """Two of about as many pages each; before anything is asked."""
        rows = np.cumsum([one.rows for one in self._left])
        middle = min(max(2, int(np.searchsorted(rows, rows[-1] / 2))), len(rows) - 2)
        early, late = (Tape(some, self._first, self._last) for some in (self._left[:middle], self._left[middle:]))
        return early, late

    @property
    def _still(self) -> list[Stretch]:
        """Those that nobody asks for just now, in order."""
        return [*self._left, *sorted(self._doubted.values(), key=lambda one: one.span.respondent)]

    def _doubt(self, some: dict[str, Stretch]) -> None:
        """Of whom nothing came, and may have been left out: whoever most was expected of is asked for alone first."""
        self._doubted |= some
        if self._doubted and not self._probe:
            self._probe = max(self._doubted, key=lambda code: self._doubted[code].rows)
            self._alone_from_now(self._doubted.pop(self._probe))

    def _answered_alone(self, answer: Answer) -> int:
        """Where it shows that somebody was left out, so may all have been of whom it is doubted."""
        code = answer.window.respondent
        hours = self._alone[code].answered(answer)
        if code == self._probe and answer.rows:
            for one in self._doubted.values():
                self._alone_from_now(one)
            self._doubted = {}
        if code == self._probe and (answer.rows or not self._alone[code].left):
            self._probe = ""
        return hours

    @property
    def _long(self) -> bool:
        """Whether those left fill a page at either end, as far as is known by those that came."""
        rows = sum(one.rows for one in self._left) * self._share
        return self._expected > 0 and len(self._left) > 1 and rows > 2 * _PAGES * PAGE

    def _several(self, *, back: bool) -> Several:
        """The first of those left, or from the back the last, as many as fill a page and more."""
        ahead = self._left[::-1] if back else self._left
        rows = np.cumsum([one.rows * self._share for one in ahead[:_MOST]])
        count = min(len(rows), max(_LEAST, int(np.searchsorted(rows, _PAGES * PAGE)) + 1))
        taken, rest = ahead[:count], ahead[count:]
        self._left = rest[::-1] if back else rest
        self._flying[back] = {one.span.respondent: one for one in taken}
        head, tail = taken[0], taken[-1]
        return Several(
            head.span.route,
            head.span.respondent,
            self._first,
            self._last,
            head.span.kinds,
            back,
            others=tuple(one.span.respondent for one in taken[1:]),
            since=head.until if back else head.since,
            skip=head.passed if back else head.skip,
            until=tail.since if back else tail.until,
        )

    @property
    def _share(self) -> float:
        """How many rows came for each that the tables expected."""
        return max(_THINNEST, self._came / self._expected) if self._expected else 1.0

    def _fall_apart(self, window: Several) -> None:
        for one in self._flying.pop(window.descending).values():
            self._alone_from_now(one)

    def _alone_from_now(self, one: Stretch) -> None:
        hour = np.arange(one.span.first, one.span.last + 1)
        density = one.span.density * self._share if one.density is None else one.density
        span = replace(one.span, density=density)
        self._alone[span.respondent] = Lane(span, (hour >= one.begins) & (hour <= one.ends))


def _settled(one: Stretch, part: Answer) -> int:
    """How many hours of a stretch that were still to be had an answer settles."""
    return max(0, min(one.ends, part.last) - max(one.begins, part.first) + 1)
