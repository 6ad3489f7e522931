# SPDX-License-Identifier: Apache-2.0
"""What is left to ask of the API, given what is stored and whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from zstandard import ZstdError

from eia930.question.span import Span
from eia930.question.window import Window
from eia930.sources.api.estimate import Manner, asked_in
from eia930.sources.api.folds.held import Held
from eia930.sources.api.lanes import Lane
from eia930.sources.api.responses import Answer, load
from eia930.sources.api.stock.checked import Checked
from eia930.sources.api.stock.looking import Stock, look_and_mend
from eia930.sources.api.together.tape import Tape
from eia930.sources.asking import Asking
from eia930.store.fenced import Fenced
from eia930.store.run import Run
from eia930.store.storage import Storage

_ENOUGH_ENDS = 4
"""Requests under way that fill 1.75 a second at 1.6 s an answer, with one to spare."""


class Notes:
    """What is known of the stored responses of spans, gone on with as more are written; read when the first one is."""

    def __init__(self, storage: Storage, spans: Iterable[Span] = ()) -> None:
        self._storage = storage
        self._spans = {span.id: span for span in spans}
        self._known: dict[str, Checked] = {}
        self._lock = Lock()

    def wrote(self, window: Window, key: str, data: bytes) -> None:
        """A response of `window` was written: what is read next time must be the same."""
        span = self._spans.get(f"{window.route}/{window.respondent}")
        if span is None or window.short:
            return
        with self._lock:
            if span.id not in self._known:
                self._known[span.id] = Checked(self._storage, span)
        self._known[span.id].wrote(key, data)

    def keep(self) -> None:
        """For a later run."""
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(Checked.write, self._known.values()))


@dataclass(frozen=True, slots=True)
class Work:
    """What a dispatcher is to ask for: `hours` that are wanted, and what the store holds already."""

    lanes: Sequence[Asking[Window, Answer]]
    hours: int
    notes: Notes
    reused: int = 0
    damaged: int = 0
    crowded: tuple[str, ...] = ()
    """Folders with many small responses."""
    latest: dict[str, tuple[Held, ...]] = field(default_factory=dict)
    """The stored responses that were retrieved last, by the id of their span."""

    @property
    def newest(self) -> dict[str, datetime]:
        """When the newest of the stored responses was given, by the id of its span."""
        return {name: max(one.retrieved for one in some) for name, some in self.latest.items() if some}

    def had(self, storage: Storage, name: str, first: int, last: int) -> bool:
        """Whether one of the latest of a span has rows of hours `first`..`last` (inclusive)."""
        return any(_has_rows(storage, one, name, first, last) for one in self.latest.get(name, ()))


def left(
    storage: Storage, spans: Sequence[Span], run: Run, manner: Manner, *, now: float, looked: Sequence[Stock] = ()
) -> Work:
    """What is left to ask `now` (Unix seconds), the stored responses that serve for the rest, how many were damaged.

    `looked`: what workers have just seen of spans; the others are looked over here, and mended.
    """
    seen = {one.span: one for one in looked}
    others = [span for span in spans if span.id not in seen]
    seen |= {one.span: one for one in look_and_mend(storage, others, run, manner.again(run.since, now))}
    stock = [seen[span.id] for span in spans]
    wants = [(span, one.flags(span)) for span, one in zip(spans, stock, strict=True)]
    lanes = _enough(asked_in(wants, manner), manner.max_in_flight)
    return Work(
        lanes,
        sum(lane.left for lane in lanes),
        Notes(Fenced.of(storage, run), spans),
        sum(one.reused for one in stock),
        sum(one.damaged for one in stock),
        tuple(one.crowded for one in stock if one.crowded),
        {one.span: one.latest for one in stock},
    )


def _has_rows(storage: Storage, held: Held, name: str, first: int, last: int) -> bool:
    if held.last < first or held.first > last:
        return False
    try:
        hour = load(storage, held, *name.split("/")).columns.hour
    except (KeyError, ValueError, ZstdError):
        return False  # gone or damaged meanwhile: the next run asks for it again
    return bool(((hour >= first) & (hour <= last)).any())


def _enough(lanes: list[Lane | Tape], in_flight: int) -> list[Lane | Tape]:
    """Halve the longest lanes until their ends can keep the pipe full."""
    while sum(lane.ends for lane in lanes) < min(in_flight, _ENOUGH_ENDS):
        longest = max((lane for lane in lanes if lane.divisible), key=lambda lane: lane.pages, default=None)
        if longest is None:
            break
        lanes = [*(lane for lane in lanes if lane is not longest), *longest.halves()]
    return lanes
