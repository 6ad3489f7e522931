# SPDX-License-Identifier: Apache-2.0
"""What is left to ask of the API, given what is stored and whole; what is damaged is removed, and asked again."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

from zstandard import ZstdError

from eia930.question.span import Span
from eia930.question.window import Window
from eia930.sources.api.checked import Checked
from eia930.sources.api.estimate import Manner, asked_in
from eia930.sources.api.folds.folding import crowded, without
from eia930.sources.api.folds.held import Held
from eia930.sources.api.lanes import Lane, needed, serves
from eia930.sources.api.responses import Answer, load, shelf_of
from eia930.sources.api.together.tape import Tape
from eia930.sources.asking import Asking
from eia930.store.fenced import Fenced
from eia930.store.run import Run
from eia930.store.storage import Storage

_LATEST = 8
"""Stored responses of a span that are looked into where nothing comes of it any more."""
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
    names: frozenset[str] = frozenset()
    """Of all stored responses, wherever they lie."""
    crowded: tuple[str, ...] = ()
    """Folders with many small responses."""
    latest: dict[str, tuple[Held, ...]] = field(default_factory=dict)
    """The stored responses that were retrieved last, by the id of their span; those without a moment are settled."""

    def wrote(self, window: Window, key: str, data: bytes) -> None:
        """A response of `window` was written."""
        if (known := self.checked.get(f"{window.route}/{window.respondent}")) is not None and not window.short:
            known.wrote(key, data)

    @property
    def newest(self) -> dict[str, datetime]:
        """When the newest of the stored responses was given, by the id of its span."""
        return {name: max(one.retrieved for one in some) for name, some in self.latest.items() if some}

    def had(self, storage: Storage, name: str, first: int, last: int) -> bool:
        """Whether one of the latest of a span has rows of hours `first`..`last` (inclusive)."""
        return any(_has_rows(storage, one, name, first, last) for one in self.latest.get(name, ()))

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
    crowded: str
    """Its folder, where that has many small ones; else nothing."""


def left(storage: Storage, spans: Sequence[Span], run: Run, manner: Manner, *, now: float) -> Work:
    """What is left to ask `now` (Unix seconds), the stored responses that serve for the rest, how many were damaged."""
    ours = Fenced.of(storage, run)
    with ThreadPoolExecutor(8) as pool:
        held = list(pool.map(lambda span: _sound(ours, span, run), spans))
    both = list(zip(spans, held, strict=True))
    again = manner.again(run.since, now)
    reused = sum(serves(one, span, again) for span, found in both for one in found.good)
    wants = [(span, needed(span, found.good, again)) for span, found in both]
    lanes = _enough(asked_in(wants, manner), manner.max_in_flight)
    checked = {span.id: found.checked for span, found in both}
    work = Work(
        lanes,
        sum(lane.left for lane in lanes),
        reused,
        sum(found.bad for found in held),
        checked,
        frozenset(one.key for found in held for one in found.good),
        tuple(found.crowded for found in held if found.crowded),
        {span.id: _latest(found.good) for span, found in both},
    )
    work.remember()
    return work


def _latest(some: Sequence[Held]) -> tuple[Held, ...]:
    """Of those of provisional hours: what has settled is not asked again."""
    return tuple(heapq.nlargest(_LATEST, (one for one in some if one.at), key=lambda one: one.retrieved))


def _has_rows(storage: Storage, held: Held, name: str, first: int, last: int) -> bool:
    if held.last < first or held.first > last:
        return False
    try:
        hour = load(storage, held, *name.split("/")).columns.hour
    except (KeyError, ValueError, ZstdError):
        return False  # gone or damaged meanwhile: the next run asks for it again
    return bool(((hour >= first) & (hour <= last)).any())


def _sound(storage: Storage, span: Span, run: Run) -> _Sound:
    """What is stored and whole; what is damaged is removed, so that it is asked again."""
    checked, bad = Checked(storage, span), 0
    while True:
        shelf = shelf_of(storage, span.route, span.respondent)
        held = shelf.held()
        spoiled = checked.damaged(one for one in held if usable(one, span))
        if not spoiled and all(fold.whole for fold in shelf.folds):
            break
        # An object of its own may be damaged that lies whole in an archive: then it is heard from there.
        without(storage, shelf, spoiled)
        bad += len(spoiled) + sum(fold.lost for fold in shelf.folds)
    checked.keep(held)
    return _Sound(held, bad, checked, shelf.folder if crowded(shelf, run.since) else "")


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
