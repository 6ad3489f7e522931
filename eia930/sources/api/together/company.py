# SPDX-License-Identifier: Apache-2.0
"""Whether a server answers for everybody whom a request names: who has no row in company may have some alone.

Of whom nothing came, though there are hours of his life long past, or hours of which a stored answer has rows, nothing
is stored: one of them is asked for alone first. If nothing comes again, the others are asked for together once more,
and believed. If rows come, the server has left somebody out, and from then on everybody of whom nothing came in company
is asked for alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from threading import Lock

import numpy as np

from eia930.question.span import Span
from eia930.reference.hours import hour_of
from eia930.sources.api.responses import Answer
from eia930.sources.api.together.joint import Joint

LONG_PAST = 72
"""Hours: EIA publishes within a day or two, so whose older hours are empty sends none, or was left out."""
_EACH = 100
"""Answers for one doubt in vain, besides the first one: so doubts cost a few requests in a hundred."""
Hours = tuple[int, int]
Had = Callable[[str, int, int], bool]
"""`had(span id, first, last)`: whether a stored answer has rows of these hours, inclusive."""


class Company:
    """Looks at every answer before it is stored. Thread-safe."""

    def __init__(self, spans: Iterable[Span], had: Had = lambda *_: False) -> None:
        self._spans = {span.id: span for span in spans}
        self._had = had
        self._lock = Lock()
        self._answers, self._in_vain, self._open = 0, 0, False
        self._doubted: dict[str, Hours] = {}
        self._left_out: set[str] = set()

    def check(self, answer: Answer) -> Answer:
        """The answer; of several, without those of whom it is doubted that they have no row."""
        with self._lock:
            self._answers += 1
            return self._joint(answer) if isinstance(answer, Joint) else self._single(answer)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Who was left out, in words."""
        if not self._left_out:
            return ()
        names = ", ".join(sorted(self._left_out)[:5])
        return (
            f"the server left out {len(self._left_out):,} of those whom one request named, {names}: each was asked for "
            "alone. python -m pipelines.doctor says what else it does otherwise",
        )

    def _single(self, answer: Answer) -> Answer:
        if (doubted := self._doubted.get(_name(answer))) is not None:
            hour = answer.columns.hour
            if np.any((hour >= doubted[0]) & (hour <= doubted[1])):
                self._left_out.add(_name(answer))
            elif self._open:
                self._in_vain += 1
            self._open = False
        return answer

    def _joint(self, answer: Joint) -> Joint:
        # What comes before a doubt is cleared up is no better than what raised it.
        if not (self._left_out or self._open) and self._in_vain > self._answers // _EACH:
            return answer
        found = ((part, self._doubtful(part, answer)) for part in answer.parts)
        empty = {part.window.respondent: (_name(part), hours) for part, hours in found if hours}
        if not empty:
            return answer
        self._open = True
        self._doubted |= dict(empty.values())
        parts = tuple(part for part in answer.parts if part.window.respondent not in empty)
        return replace(answer, parts=parts, doubted=tuple(empty))

    def _doubtful(self, part: Answer, whole: Joint) -> Hours | None:
        """The hours in a life that are long past, or were heard of, and of which nothing came.

        Once of each, until somebody was left out.
        """
        went_on = part.window.respondent == whole.window.respondent and whole.goes_on
        if part.rows or went_on:
            return None
        span = self._spans.get(_name(part))
        if span is None or (_name(part) in self._doubted and not self._left_out):
            return None
        first, last = max(part.first, span.first), min(part.last, span.last)
        past = min(last, hour_of(part.retrieved_at) - LONG_PAST)
        if first <= past:
            return first, past
        return (first, last) if self._had(span.id, first, last) else None


def _name(answer: Answer) -> str:
    return f"{answer.window.route}/{answer.window.respondent}"
