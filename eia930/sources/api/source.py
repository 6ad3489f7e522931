# SPDX-License-Identifier: Apache-2.0
"""A source of hours: it fetches what is not stored yet, and turns what is stored into columns.

Nothing above this package knows that the API is the only one: bulk files will be sources of the same shape.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

import msgspec

from eia930.errors import Interrupted, Stop, StorageError, UsageError
from eia930.program.code import require_same
from eia930.question.span import Span
from eia930.question.window import Window
from eia930.sources.api.client import Api
from eia930.sources.api.counting import Counting, Matrix
from eia930.sources.api.key import resolve_key
from eia930.sources.api.lanes import Lane, answers, needed
from eia930.sources.api.responses import Answer, Held, ResponseStore, held_in, load
from eia930.sources.api.rows import Columns
from eia930.sources.api.shorts import Shorts
from eia930.sources.dispatch import Asking, Dispatcher, Failure, Tally
from eia930.sources.rate import Limiter, Pace, Unlimited
from eia930.store import lease
from eia930.store.run import Run, told_to_stop
from eia930.store.storage import Storage

_ENOUGH_ENDS = 4
"""Requests under way that fill 1.75 a second at 1.6 s an answer, with one to spare."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a fetch did. `reused`: stored responses that settled hours of the question beforehand."""

    tally: Tally
    reused: int
    damaged: int
    failures: tuple[Failure, ...]
    stopped: str
    """Why the rest was not asked; empty where nothing was left."""
    stopped_by: str
    """The kind of error (`KeyRefused`, …)."""
    limit_per_hour: int | None = None
    """Requests that might start in an hour; None: unhurried."""


@dataclass(frozen=True, slots=True)
class ApiSource:
    """The EIA Open Data API v2, or any server that speaks it. Only references travel: never the key itself."""

    url: str
    key: str
    """`env:NAME` or `file:PATH`."""
    requests_per_hour: int | None = 6300
    burst_per_second: int = 3
    min_delay: float = 0.0
    max_in_flight: int = 8
    hours_per_request: int | None = None
    tries: int = 10
    timeout: float = 60.0
    settle_hours: int = 240
    refresh: bool = False
    name: str = field(default="api")

    def fetch(self, storage: Storage, spans: Sequence[Span], run: Run) -> Fetched:
        """Ask for every hour of `spans` that is not stored. Never raises Stop or UsageError: it says why."""

        def work(store: ResponseStore) -> _Work:
            lanes, reused, damaged = self._lanes(storage, store, spans, run)
            return _Work(lanes, sum(lane.left for lane in lanes), reused, damaged)

        return self._alone(storage, run, work)

    def count(self, storage: Storage, spans: Sequence[Span], run: Run) -> tuple[Fetched, list[Matrix]]:
        """Count the rows of `spans` by short answers, at the same pace. A span that cannot be counted has no matrix."""
        counts = [Counting(span, self._shorts(storage, span, run).find) for span in spans]
        fetched = self._alone(storage, run, lambda store: _Work(counts, sum(one.left for one in counts), 0, 0))
        failures = (*fetched.failures, *(_uncounted(one) for one in counts if one.failure))
        reused = sum(one.reused for one in counts)
        return replace(fetched, reused=reused, failures=failures), [m for one in counts if (m := one.matrix())]

    def columns(self, storage: Storage, span: Span) -> Iterator[tuple[Held, Window, Columns, datetime]]:
        """What is stored for a span, as columns, one response after the other by name."""
        for held in held_in(storage, span.route, span.respondent):
            if _usable(held, span):
                yield held, *load(storage, held, span.route, span.respondent)

    def _alone(self, storage: Storage, run: Run, work: Callable[[ResponseStore], _Work]) -> Fetched:
        """Do the work as the folder's one dispatcher."""
        before = lease.news_of(storage, "dispatcher")
        try:
            require_same(run.program)
            held_lease = lease.acquire(
                storage, "dispatcher", lease.Owner.here(run.id), take_over=True, pause=time.sleep
            )
            try:
                return self._dispatch(storage, run, work, held_lease, _carried(before, run))
            finally:
                # Whatever happened: a second try in this very process must not wait for the first.
                with suppress(StorageError):
                    held_lease.release()
        except (Stop, UsageError) as stop:
            return Fetched(Tally(), 0, 0, (), str(stop), type(stop).__name__)

    def _dispatch(
        self,
        storage: Storage,
        run: Run,
        work: Callable[[ResponseStore], _Work],
        held_lease: lease.Lease,
        before: dict[str, Any],
    ) -> Fetched:
        secret = resolve_key(self.key)
        store = ResponseStore(storage, settle_hours=self.settle_hours)
        todo = work(store)
        api = Api(self.url, secret, connections=self.max_in_flight, timeout=self.timeout)
        before = _caught_up(before, todo)
        watch = _Watch(storage, run, held_lease, todo, before)

        def ask(window: Window) -> Answer:
            answer = api.ask(window)
            store.put(answer)
            return answer

        dispatcher = Dispatcher(
            todo.lanes,
            ask=ask,
            limiter=self._limiter(),
            tick=watch.tick,
            in_flight=self.max_in_flight,
            tries=self.tries,
        )
        dispatcher.run()
        api.close()
        stopped = dispatcher.stopped
        tally = _merged(before, dispatcher.tally)
        why, kind = (str(stopped), type(stopped).__name__) if stopped else ("", "")
        failures = tuple(dispatcher.failures)
        return Fetched(
            tally, before.get("reused", todo.reused), todo.damaged, failures, why, kind, self.requests_per_hour
        )

    def _lanes(
        self, storage: Storage, store: ResponseStore, spans: Sequence[Span], run: Run
    ) -> tuple[list[Lane], int, int]:
        """What is left to ask, the stored responses that settle the rest, and how many were damaged."""
        with ThreadPoolExecutor(8) as pool:
            held = list(pool.map(lambda span: _sound(storage, store, span), spans))
        lanes = [
            Lane(
                span,
                needed(span, good, settle_hours=self.settle_hours, since=run.since, refresh=self.refresh),
                hours_per_request=self.hours_per_request,
            )
            for span, (good, _) in zip(spans, held, strict=True)
        ]
        reused = sum(self._answers(one, span, run) for span, (good, _) in zip(spans, held, strict=True) for one in good)
        return _enough([lane for lane in lanes if lane.left], self.max_in_flight), reused, sum(bad for _, bad in held)

    def _answers(self, held: Held, span: Span, run: Run) -> bool:
        """Whether a stored response saves asking for some hours of the span."""
        mine = answers(held, span, settle_hours=self.settle_hours, since=run.since, refresh=self.refresh)
        return bool(mine.start < mine.stop)

    def _shorts(self, storage: Storage, span: Span, run: Run) -> Shorts:
        return Shorts(storage, span, settle_hours=self.settle_hours, since=run.since, refresh=self.refresh)

    def _limiter(self) -> Limiter:
        if self.requests_per_hour is None and not self.min_delay:
            return Unlimited()
        per_hour = self.requests_per_hour or 3600 * self.burst_per_second
        return Pace(per_hour, self.burst_per_second, self.min_delay)


@dataclass(frozen=True, slots=True)
class _Work:
    """What a dispatcher is to ask for: `hours` that are wanted, and what the store holds already."""

    lanes: Sequence[Asking]
    hours: int
    reused: int
    damaged: int


class _Watch:
    """Beats the dispatcher's lease with its progress, and stops it when it should not go on."""

    def __init__(
        self, storage: Storage, run: Run, held_lease: lease.Lease, todo: _Work, before: dict[str, Any]
    ) -> None:
        self._storage = storage
        self._run = run
        self._lease = held_lease
        self._before = before
        self._told = {
            "run": run.id,
            "hours_wanted": todo.hours + before.get("hours", 0),
            "reused": before.get("reused", todo.reused),
        }
        self._heard: tuple[float, Any] = (time.monotonic(), None)

    def tick(self, tally: Tally) -> None:
        """Superseded or Interrupted where another took over, the run is gone, or somebody asked to stop."""
        self._lease.beat(asdict(_merged(self._before, tally)) | self._told)
        if told_to_stop(self._storage, self._run):
            raise Interrupted("asked to stop: what was under way is stored")
        alive = self._run.owner.alive
        if alive is False or (alive is None and self._silent()):
            raise Interrupted("the run that this dispatcher belongs to is gone")

    def _silent(self) -> bool:
        """Whether the run, on another host, has not beaten for long."""
        beat = lease.news_of(self._storage, "run")
        if beat != self._heard[1]:
            self._heard = (time.monotonic(), beat)
        return time.monotonic() - self._heard[0] > 2 * lease.SILENCE


def _uncounted(one: Counting) -> Failure:
    span = one.span
    remedy = "run it again; or load the hours with pipelines.historical and count them there (--from_tidy)"
    return Failure(span.id, span.route, span.respondent, span.first, span.last, one.failure, remedy)


def _sound(storage: Storage, store: ResponseStore, span: Span) -> tuple[list[Held], int]:
    """What is stored and whole; what is damaged is removed, so that it is asked again."""
    held = held_in(storage, span.route, span.respondent)
    bad = [one for one in held if _usable(one, span) and store.damaged(one)]
    for one in bad:
        store.drop(one)
    return [one for one in held if one not in bad], len(bad)


def _usable(held: Held, span: Span) -> bool:
    """Whether a stored response speaks of hours and kinds of the span."""
    return held.first <= span.last and held.last >= span.first


def _enough(lanes: list[Lane], in_flight: int) -> list[Lane]:
    """Halve the longest lanes until their ends can keep the pipe full."""
    while lanes and 2 * len(lanes) < min(in_flight, _ENOUGH_ENDS) and max(lane.pages for lane in lanes) > 8:
        longest = max(lanes, key=lambda lane: lane.pages)
        lanes = [*(lane for lane in lanes if lane is not longest), *longest.halves()]
    return lanes


def _carried(news: dict[str, Any], run: Run) -> dict[str, Any]:
    """What an earlier dispatcher of this very run had done (its worker was lost)."""
    return news if news.get("run") == run.id else {}


def _caught_up(before: dict[str, Any], todo: _Work) -> dict[str, Any]:
    """What a lost dispatcher stored after its last beat counts as asked and answered by it."""
    if not before:
        return {}
    answered = max(before["answered"], todo.reused - before["reused"])
    return before | {"answered": answered, "sent": max(before["sent"], answered)}


def _merged(before: dict[str, Any], tally: Tally) -> Tally:
    """Two tallies of one run, added up."""
    if not before:
        return tally
    old = msgspec.convert(before, Tally)
    return Tally(
        sent=old.sent + tally.sent,
        answered=old.answered + tally.answered,
        retried=old.retried + tally.retried,
        failed=tally.failed,
        rows=old.rows + tally.rows,
        hours=old.hours + tally.hours,
        started=old.started,
        first_start=old.first_start or tally.first_start,
        last_start=tally.last_start or old.last_start,
        last_answer=tally.last_answer or old.last_answer,
        faults=_added(old.faults, tally.faults, 0),
        per_minute=_added(old.per_minute, tally.per_minute, int((tally.started - old.started) // 60)),
    )


def _added(old: dict[str, int], new: dict[str, int], shift: int) -> dict[str, int]:
    total = dict(old)
    for key, count in new.items():
        place = str(int(key) + shift) if shift else key
        total[place] = total.get(place, 0) + count
    return total
