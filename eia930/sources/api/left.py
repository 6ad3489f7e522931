# SPDX-License-Identifier: Apache-2.0
"""What is left to ask of the API, given what is stored and whole; what is damaged is removed, and asked again."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from eia930.question.span import Span
from eia930.question.window import Window
from eia930.sources.api.checked import Checked
from eia930.sources.api.estimate import Manner, asked_in
from eia930.sources.api.lanes import Lane, needed, serves
from eia930.sources.api.responses import Answer, Held, held_in
from eia930.sources.api.together.tape import Tape
from eia930.sources.asking import Asking
from eia930.store.run import Run
from eia930.store.storage import Storage

_ENOUGH_ENDS = 4
"""Requests under way that fill 1.75 a second at 1.6 s an answer, with one to spare."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a dispatcher is to ask for: `hours` that are wanted, and what the store holds already."""

    lanes: Sequence[Asking[Window, Answer]]
    hours: int
    reused: int
    damaged: int
    checked: dict[str, Checked] = field(default_factory=dict)
    """What is known of the stored responses, by the id of their span."""

    def wrote(self, window: Window, key: str, data: bytes) -> None:
        """A response of `window` was written."""
        if (known := self.checked.get(f"{window.route}/{window.respondent}")) is not None and not window.short:
            known.wrote(key, data)

    def remember(self) -> None:
        """For a later run."""
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(Checked.write, self.checked.values()))


@dataclass(frozen=True, slots=True)
class _Sound:
    """The stored responses of a span that are whole, and how many were not."""

    good: list[Held]
    bad: int
    checked: Checked


def left(storage: Storage, spans: Sequence[Span], run: Run, manner: Manner, *, now: float) -> Work:
    """What is left to ask `now` (Unix seconds), the stored responses that serve for the rest, how many were damaged."""
    with ThreadPoolExecutor(8) as pool:
        held = list(pool.map(lambda span: _sound(storage, span), spans))
    both = list(zip(spans, held, strict=True))
    again = manner.again(run.since, now)
    reused = sum(serves(one, span, again) for span, found in both for one in found.good)
    wants = [(span, needed(span, found.good, again)) for span, found in both]
    lanes = _enough(asked_in(wants, manner), manner.max_in_flight)
    checked = {span.id: found.checked for span, found in both}
    work = Work(lanes, sum(lane.left for lane in lanes), reused, sum(found.bad for found in held), checked)
    work.remember()
    return work


def _sound(storage: Storage, span: Span) -> _Sound:
    """What is stored and whole; what is damaged is removed, so that it is asked again."""
    held, checked = held_in(storage, span.route, span.respondent), Checked(storage, span)
    bad = {one.key for one in held if usable(one, span) and not checked.whole(one)}
    storage.delete(*bad)
    good = [one for one in held if one.key not in bad]
    checked.keep(good)
    return _Sound(good, len(bad), checked)


def usable(held: Held, span: Span) -> bool:
    """Whether a stored response speaks of hours and kinds of the span."""
    return held.first <= span.last and held.last >= span.first


def _enough(lanes: list[Lane | Tape], in_flight: int) -> list[Lane | Tape]:
    """Halve the longest lanes until their ends can keep the pipe full."""
    while sum(lane.ends for lane in lanes) < min(in_flight, _ENOUGH_ENDS):
        longest = max((lane for lane in lanes if lane.divisible), key=lambda lane: lane.pages, default=None)
        if longest is None:
            break
        lanes = [*(lane for lane in lanes if lane is not longest), *longest.halves()]
    return lanes
