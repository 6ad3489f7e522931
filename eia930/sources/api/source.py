# SPDX-License-Identifier: Apache-2.0
"""The EIA Open Data API as a source: it fetches what is not stored yet, and turns what is stored into columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from urllib.parse import urlsplit

from eia930.errors import Interrupted, StorageError, UsageError
from eia930.question.listed import Listed
from eia930.question.span import Span
from eia930.question.window import Window
from eia930.sources.api.client import API_URL, Api, checked_url
from eia930.sources.api.codes.lists import OneList, ask_list, held_lists, listed_by, missing_lists
from eia930.sources.api.codes.soon import PATIENCE, Soon
from eia930.sources.api.counts.counting import Counting
from eia930.sources.api.counts.shorts import Shorts
from eia930.sources.api.drift import Clock, Scrutiny
from eia930.sources.api.estimate import Manner, estimate, plan_size, short_ones
from eia930.sources.api.folds.folding import fold_all
from eia930.sources.api.http import LOOPBACK
from eia930.sources.api.key import resolve_key, worker_key
from eia930.sources.api.packs.reading import columns, named
from eia930.sources.api.responses import Answer, ResponseStore, load_verbatim
from eia930.sources.api.stock.left import Notes, Work, left
from eia930.sources.api.stock.looking import Stock, look
from eia930.sources.api.together.company import Company
from eia930.sources.api.together.joint import parts_of
from eia930.sources.columns import AnswerName, Columns, Row, Stored
from eia930.sources.dispatch import Dispatcher
from eia930.sources.fetched import Failure, Fetched, Looked
from eia930.sources.matrix import Matrix
from eia930.sources.patience import Clocks
from eia930.sources.quota import NONE, shared_pace, usual_place
from eia930.sources.rate import PER_HOUR, Limiter, Pace, Unlimited
from eia930.sources.session import Session, alone, at_rest
from eia930.sources.source import Estimate, ListsAsked, Terms
from eia930.store.fenced import Fenced
from eia930.store.origin import EMULATED
from eia930.store.run import Run
from eia930.store.storage import Storage

_LIST_TRIES = 4
_LIST_TIMEOUT = 10.0
"""Seconds: a list is short, and a load waits for it."""


@dataclass(frozen=True, slots=True)
class ApiSource:
    """The EIA Open Data API v2, or any server that speaks it. Only references travel: never the key itself."""

    url: str
    key: str
    """`env:NAME` or `file:PATH`."""
    requests_per_hour: int | None = 6300
    burst_per_second: int = 3
    min_delay: float = 0.0
    quota: str = NONE
    """Where programs with the same key share its pace."""
    max_in_flight: int = 8
    hours_per_request: int | None = None
    tries: int = 10
    timeout: float = 60.0
    settle_hours: int = 240
    refresh: bool = False
    revisit_days: int | None = None
    name: str = field(default="api")
    together: bool = True
    """Whether a request may be for several respondents."""
    packs: bool = False
    """Whether columns are kept beside what is stored, and read there."""
    sent_before: int = 0
    """Requests that this program has started just before, which the pace counts."""
    worked_before: bool = False
    """Whether the key had an answer to one of them."""
    looked: tuple[Stock, ...] = field(default=(), repr=False)
    """What workers have just seen stored."""
    clocks: Clocks = field(default_factory=Clocks, repr=False)

    @classmethod
    def on(cls, terms: Terms) -> ApiSource:
        """On a user's terms: the API's own address and pace where they name none."""
        unhurried = None if terms.name == "emulator" else PER_HOUR
        return cls(
            url=checked_url(API_URL if terms.url is None else terms.url),
            key="none:" if terms.name == "emulator" else terms.key,
            requests_per_hour=terms.requests_per_hour or unhurried,
            burst_per_second=terms.burst_per_second,
            min_delay=terms.min_delay,
            quota=_quota(terms),
            max_in_flight=terms.max_in_flight,
            hours_per_request=terms.hours_per_request,
            tries=terms.tries,
            settle_hours=terms.settle_hours,
            refresh=terms.refresh,
            revisit_days=terms.revisit_days,
            name=terms.name,
        )

    @property
    def origins(self) -> tuple[str, ...]:
        """The server's host; the emulator in this program, wherever it listens."""
        return (EMULATED if self.name == "emulator" else str(urlsplit(self.url).hostname),)

    def at(self, url: str) -> ApiSource:
        """The same, asked of another server."""
        return replace(self, url=url)

    def check_here(self) -> None:
        """UsageError where there is no key."""
        resolve_key(self.key)

    def check_elsewhere(self) -> tuple[str, ...]:
        """Workers on other machines reach neither this one's loopback nor a key that lies here."""
        if self.name == "emulator":
            raise UsageError("Dataflow's workers do not reach the emulator in this program: give a key (--api_key)")
        if urlsplit(self.url).hostname in LOOPBACK:
            raise UsageError(f"--api_url {self.url}: Dataflow's workers do not reach this machine's own address")
        if "://" in self.key:
            return ()
        return (f"--api_key {self.key} is looked up on Dataflow's workers; an object serves: file:gs://BUCKET/KEY",)

    def plan_size(self, spans: Sequence[Span]) -> int:
        """About how many requests the spans take where nothing is stored."""
        return plan_size(spans, self._manner)

    def estimate(self, storage: Storage, spans: Sequence[Span]) -> Estimate:
        """What a load would ask, given what is stored."""
        return estimate(storage, spans, self._manner, now=self.clocks.unix())

    def counting(self, storage: Storage, spans: Sequence[Span]) -> str:
        """At least: more where rows are missing, and a few for their nulls."""
        return short_ones(spans, self.requests_per_hour)

    def fetch(self, storage: Storage, spans: Sequence[Span], run: Run) -> Fetched:
        """Ask for every hour of `spans` that is not stored. Never raises Stop or UsageError: it says why."""
        return alone(storage, run, lambda session: self.ask(storage, spans, run, session))

    def ask(self, storage: Storage, spans: Sequence[Span], run: Run, session: Session) -> Fetched:
        """The work of `fetch`, by who holds the lease."""
        now = self.clocks.unix()
        seen = [one for one in self.looked if session.saw(one)]
        todo = partial(left, storage, spans, run, self._manner, now=now, looked=seen)
        return self._dispatch(storage, session, run, todo, spans=spans)

    def look(self, storage: Storage, spans: Sequence[Span], run: Run) -> tuple[Stock, ...]:
        """What is stored of spans that have no damage; nothing is told while a dispatcher may still store more."""
        epoch = at_rest(storage)
        if epoch is None:
            return ()
        again = self._manner.again(run.since, self.clocks.unix())
        return look(storage, spans, run, again, epoch=epoch)

    def having_looked(self, looked: Sequence[Looked]) -> ApiSource:
        """The same, which need not look where a worker just has."""
        return replace(self, looked=tuple(one for one in looked if isinstance(one, Stock)))

    def lists_held(self, storage: Storage, routes: Sequence[str]) -> Listed:
        """The newest lists of codes that are stored."""
        return listed_by(held_lists(storage, routes))

    def lists(self, storage: Storage, routes: Sequence[str], run: Run) -> ListsAsked:
        """The lists of codes of some routes: what is not of today is asked for, two short requests a route.

        Where one does not come, that of an earlier day serves.
        """
        held = [] if self.refresh else held_lists(storage, routes, now=datetime.now(UTC))
        lanes = [OneList(one) for one in missing_lists(held, routes)]
        if not lanes:
            return ListsAsked(listed_by(held))
        done = alone(storage, run, lambda session: self._ask_lists(storage, session, lanes))
        came = [one.found for one in lanes if one.found]
        trouble = done.stopped or min((one.reason for one in done.failures), default="")
        older = held_lists(storage, routes) if trouble else []
        tally = done.tally
        return ListsAsked(listed_by([*older, *held, *came]), tally.sent, tally.answered, trouble, bool(done.stopped))

    def having_asked(self, asked: ListsAsked) -> ApiSource:
        """The same, whose pace counts these."""
        return replace(self, sent_before=self.sent_before + asked.sent, worked_before=asked.answered > 0)

    def count(self, storage: Storage, spans: Sequence[Span], run: Run) -> tuple[Fetched, list[Matrix]]:
        """Count the rows of `spans` by short answers, at the same pace. A span that cannot be counted has no matrix."""
        counts = [Counting(span, self._shorts(storage, span, run).find) for span in spans]
        work = Work(counts, sum(one.left for one in counts), Notes(storage))
        fetched = alone(storage, run, lambda session: self._dispatch(storage, session, run, lambda: work))
        failures = (*fetched.failures, *(_uncounted(one) for one in counts if one.failure))
        reused = sum(one.reused for one in counts)
        return replace(fetched, reused=reused, failures=failures), [m for one in counts if (m := one.matrix())]

    def columns(self, storage: Storage, span: Span) -> Iterator[Stored]:
        """What is stored for a span, as columns, one response after the other by name."""
        return columns(storage, span, keep=self.packs)

    def keeping(self) -> ApiSource:
        """The same, which keeps columns beside what is stored; for a run whose fetch has seen that it is whole."""
        return replace(self, packs=True)

    def answers(self, storage: Storage, span: Span) -> tuple[AnswerName, ...] | None:
        """The stored responses that `columns` reads, by the checksums that the fetch has held against them."""
        told = [name for _, name in named(storage, span)]
        known = tuple(name for name in told if name)
        return known if len(known) == len(told) else None

    def verbatim(self, storage: Storage, span: Span, names: Sequence[str]) -> Iterator[tuple[str, Columns, list[Row]]]:
        """The rows of stored responses that are kept, as columns and as they were served."""
        return load_verbatim(storage, names, span.route, span.respondent)

    def _dispatch(
        self, storage: Storage, session: Session, run: Run, work: Callable[[], Work], *, spans: Sequence[Span] = ()
    ) -> Fetched:
        """Ask for all that the work still wants of `spans`, whose lives say who may be left out."""
        secret = worker_key(self.key)
        todo = work()
        store = ResponseStore(storage, settle_hours=self.settle_hours, wrote=todo.notes.wrote)
        session.begin(hours=todo.hours, reused=todo.reused)
        api = Api(self.url, secret, connections=self.max_in_flight, timeout=self.timeout)
        scrutiny, clock = Scrutiny(), Clock(todo.newest)
        company = Company(spans, partial(todo.had, storage))

        def ask(window: Window) -> Answer:
            answer = clock.check(company.check(scrutiny.check(api.ask(window))))
            for part in parts_of(answer):
                store.put(part)
            return answer

        dispatcher = Dispatcher(
            todo.lanes,
            ask=ask,
            limiter=self._limiter(secret),
            tick=session.tick,
            in_flight=self.max_in_flight,
            tries=self.tries,
            worked=session.worked or self.worked_before,
            clocks=self.clocks,
        )
        dispatcher.run()
        api.close()
        if not isinstance(dispatcher.stopped, StorageError):
            todo.notes.keep()
        if not dispatcher.stopped:
            _fold(Fenced.of(storage, run), todo, run, lambda: session.tick(dispatcher.tally))
        fetched = session.fetched(dispatcher, damaged=todo.damaged, limit_per_hour=self.requests_per_hour)
        told = (*company.warnings, *clock.warnings)
        return replace(fetched, lists=self.sent_before, warnings=told, paged=True)

    def _ask_lists(self, storage: Storage, session: Session, lanes: Sequence[OneList]) -> Fetched:
        """Few tries: the tables serve where the server does not list."""
        secret = resolve_key(self.key)
        api = Api(self.url, secret, connections=self.max_in_flight, timeout=min(self.timeout, _LIST_TIMEOUT))
        limiter = self._limiter(secret, alone=session.first)
        soon = Soon(limiter, session.silently, self.clocks.unix, PATIENCE + self.min_delay)
        dispatcher = Dispatcher(
            lanes,
            ask=partial(ask_list, api, storage),
            limiter=soon,
            tick=soon,
            in_flight=self.max_in_flight,
            tries=min(self.tries, _LIST_TRIES),
            clocks=self.clocks,
        )
        dispatcher.run()
        api.close()
        return session.fetched(dispatcher, damaged=0, limit_per_hour=self.requests_per_hour)

    @property
    def _manner(self) -> Manner:
        return Manner(
            self.requests_per_hour,
            self.min_delay,
            self.hours_per_request,
            self.settle_hours,
            self.max_in_flight,
            refresh=self.refresh,
            revisit_days=self.revisit_days,
            together=self.together,
        )

    def _shorts(self, storage: Storage, span: Span, run: Run) -> Shorts:
        return Shorts(storage, span, settle_hours=self.settle_hours, since=run.since, refresh=self.refresh)

    def _limiter(self, secret: str, *, alone: bool = False) -> Limiter:
        if self.requests_per_hour is None and not self.min_delay:
            return Unlimited(self.clocks.monotonic)
        per_hour = self.requests_per_hour or 3600 * self.burst_per_second
        shared = shared_pace(
            self.quota,
            self.url,
            secret,
            per_hour=per_hour,
            per_second=self.burst_per_second,
            min_delay=self.min_delay,
            clock=self.clocks.unix,
        )
        if shared is not None:
            return shared
        burst, clock = self.burst_per_second, self.clocks.monotonic
        return Pace(per_hour, burst, self.min_delay, clock, self.sent_before, alone)


def _fold(storage: Storage, done: Work, run: Run, tick: Callable[[], None]) -> None:
    """Put small responses of earlier runs together. Where somebody asks to stop, a later run does it."""
    with suppress(Interrupted):
        fold_all(storage, done.crowded, before=run.since, tick=tick)


def _quota(terms: Terms) -> str:
    """Where the user says, else the usual place; the emulator in this program has no quota."""
    if terms.quota is not None:
        return terms.quota
    return NONE if terms.name == "emulator" else usual_place(terms.url or API_URL)


def _uncounted(one: Counting) -> Failure:
    span = one.span
    remedy = "run it again; or load the hours with pipelines.historical and count them there (--from_tidy)"
    return Failure(span.id, span.route, span.respondent, span.first, span.last, one.failure, remedy)
