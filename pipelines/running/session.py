# SPDX-License-Identifier: Apache-2.0
"""Drives one run on one folder: lock, emulator where there is no key, progress, Ctrl-C, the end and its exit code."""

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from eia930.account.model import Account, Requests
from eia930.account.standing import account_of, earlier
from eia930.account.stored import STOPPED
from eia930.emulator import Emulator, synthetic
from eia930.errors import EiaError, Stop, StorageError
from eia930.program.reading import Moment, from_json
from eia930.question.span import Span
from eia930.reference.hours import hour_of
from eia930.sources.beat import Beat
from eia930.sources.session import NAME
from eia930.store import lease
from eia930.store.failure import failure_of, forget_failures
from eia930.store.fenced import Fenced, Look
from eia930.store.holding import holding
from eia930.store.origin import claim
from eia930.store.run import Run
from eia930.store.storage import Storage
from pipelines.options.settings import LoadSettings, Settings
from pipelines.runners.flink import cancel, is_flink
from pipelines.running.before.earlier import narrower, others
from pipelines.running.before.lists import say, with_lists
from pipelines.running.before.preflight import look_ahead
from pipelines.running.execute import execute, job_name
from pipelines.running.lines import say_begun
from pipelines.running.progress import Progress
from pipelines.running.stopping import Stopping, stoppable
from pipelines.running.summary import STANDS, banner, summary

FOLDERS = ("raw", "columns", "tidy", "avro", "rejects", "revisions", "blocks", "tfds", "report", "objects")
"""What a run writes below its output; whatever else lies there is not ours."""
CLOCK = f"{lease.ROOT}/clock/now"
"""Written to learn the storage's time."""
_SAME_RUN = timedelta(days=1)


class Told(Protocol):
    """As far as the end of a run needs its account."""

    @property
    def stopped(self) -> str:
        """Why the rest was not asked; empty where nothing was left."""

    @property
    def exit(self) -> int:
        """The exit code."""

    @property
    def requests(self) -> Requests | None:
        """What was asked; None for a program that asks nothing."""


A = TypeVar("A", bound=Told)


@dataclass(frozen=True, slots=True, kw_only=True)
class Program(Generic[A]):
    """What to run: `build(root, spans, settings, run)` makes the graph, which leaves its account in the storage."""

    name: str
    """As jobs of it are called."""
    build: Callable[..., Any]
    account: Callable[[Storage, Run], A | None]
    """The account of this very run; None where it left none."""
    state: str
    """Where it stands since when this run, or the one without all answers that it goes on with, works."""
    summary: Callable[[Any, A, Storage], str]
    """Settings, account, and the output once the run is over → what a user reads at the end."""
    spoils: tuple[str, ...] = ()
    """What an earlier run left that would be untrue meanwhile: removed at the start."""
    plan: Callable[[Any, Storage], Sequence[Span]] | None = None
    """Settings → what to ask, once the output is ours and the server's lists are known; None: as it was told."""
    narrows: bool = False
    """Whether what it writes is of the hours asked for alone, however many were there before."""
    asks: bool = True
    """Whether it asks a server, whose hours may not be mixed with another's."""


def load_program(
    build: Callable[..., Any], plan: Callable[[LoadSettings, Storage], Sequence[Span]] | None = None
) -> Program[Account]:
    """The historical load."""
    state = f"{lease.ROOT}/state.json"
    return Program(
        name="historical",
        build=build,
        account=account_of,
        state=state,
        summary=summary,
        plan=plan,
        narrows=True,
    )


def drive(
    todo: Settings,
    spans: Sequence[Span],
    program: Program[A],
    *,
    stopping: Callable[[Storage, Run], Stopping] = Stopping,
) -> int:
    """Run a program to its end; the exit code. `spans`: what to ask, as far as the tables know it.

    `stopping` makes what hears the signals of the run.
    """
    storage = todo.storage
    source = todo.source if program.asks else None
    look_ahead(todo.beam, storage, source=source, embedded=todo.embedded)
    if program.asks and spans and not todo.plain:
        say_begun(todo, spans)
    run_id = uuid.uuid4().hex
    storage.reach()
    with ExitStack() as stack:
        stack.enter_context(holding(storage, "run", lease.Owner.here(run_id)))
        output = Look.now(storage)
        run = _begun(todo, output, program, run_id)
        if todo.embedded:
            todo = _embed(todo, stack)
        signals = stopping(storage, run)
        if is_flink(todo.beam):
            signals.cancel = partial(_cancel, todo, run, program)
        stack.enter_context(stoppable(signals))
        stack.enter_context(_saying_what_stands(storage, run) if program.narrows else nullcontext())
        todo, spans, later = _asked(todo, spans, run, program, output=output)
        storage.delete(*program.spoils)
        with Progress(storage, run_id, per_hour=todo.source.requests_per_hour, files=len(spans)):
            _execute(todo, spans, run, program)
        output = Look.now(storage)
        told = program.account(output, run)
        if told is None:
            raise Stop("the run ended without an account")
        if _answered(told):
            Fenced.of(storage, run).put(program.state, msgspec.json.encode(_State(finished=datetime.now(UTC))))
    if later and not told.stopped:
        say(later)
    print(program.summary(todo, told, output), file=sys.stderr if told.stopped else sys.stdout)
    if program.narrows:
        _say_what_stays(output, spans, run)
    return told.exit


def _begun(todo: Settings, output: Storage, program: Program[A], run_id: str) -> Run:
    """The run, once what an earlier one left half done is cleared away and the output is of our servers."""
    todo.storage.sweep(*FOLDERS)
    forget_failures(todo.storage)
    if program.asks:
        claim(output, *todo.source.origins)
    return Run(
        lease.Owner.here(run_id),
        _since(todo.storage, program.state, refresh=todo.source.refresh),
        keep_hours=todo.keep_hours,
    )


def _asked(
    todo: Settings, spans: Sequence[Span], run: Run, program: Program[A], *, output: Storage
) -> tuple[Settings, Sequence[Span], str]:
    """What to ask, once the server's lists are known, and a warning for the end; what is narrower is said here."""
    later = ""
    if program.plan:
        known = bool(spans)
        todo, later = with_lists(todo, run)
        spans = program.plan(todo, output)
        if not known:
            say_begun(todo, spans)
    for line in narrower(output, spans) if program.narrows else ():
        say(line)
    return todo, spans, later


def _say_what_stays(output: Storage, spans: Sequence[Span], run: Run) -> None:
    """What else an output holds than is of this run."""
    if earlier(output, run):
        print(f"{STANDS}; what this run says of itself is in {STOPPED}", file=sys.stderr)
    if count := others(output, spans):
        print(
            f"note      tidy/ keeps files of earlier loads ({count:,}); series.parquet, blocks/, tfds/ and the report "
            "are of this one alone"
        )


def _execute(todo: Settings, spans: Sequence[Span], run: Run, program: Program[A]) -> None:
    """Hand the graph to Beam and wait. Superseded where it failed because another run has followed meanwhile."""
    told = partial(failure_of, todo.storage, run)
    flags = (*todo.beam, *job_name(todo.beam, program.name, run.id))

    def moved() -> Hashable:
        beat = lease.news_of(todo.storage, NAME, Beat)
        return (beat.tally.sent, beat.tally.answered) if beat else None

    try:
        execute(lambda root: program.build(root, spans, todo, run), flags, told=told, moved=moved)
    except Exception:
        # What it was about to read may be gone with that: no fault of the question, nor of the output.
        with suppress(StorageError):
            lease.require_latest(todo.storage, "run", run.id)
        raise


def _cancel(todo: Settings, run: Run, program: Program[A]) -> None:
    """End the run's job on its cluster of Flink."""
    (named,) = job_name(todo.beam, program.name, run.id)
    cancel(todo.beam, named.partition("=")[2])


def _embed(todo: Settings, stack: ExitStack) -> Settings:
    """Start the embedded emulator, and ask it instead of EIA."""
    print(banner(), file=sys.stderr, flush=True)
    server = stack.enter_context(Emulator(synthetic(now=hour_of(datetime.now(UTC))), port=0))
    return replace(todo, source=todo.source.at(server.url))


class _State(msgspec.Struct):
    started: Moment | None = None
    finished: Moment | None = None
    refresh: bool = False


def _since(storage: Storage, key: str, *, refresh: bool) -> datetime:
    """Since when what is stored counts as this run's own: a run that lacks answers is gone on with for a day.

    A refresh goes on with a refresh only: what a load has just stored is to be asked again.
    """
    now = storage.moment(CLOCK, time.sleep)
    try:
        state = from_json(storage.get(key), _State)
    except (KeyError, msgspec.DecodeError):
        state = _State()
    unfinished = state.started is not None and state.finished is None and now - state.started < _SAME_RUN
    since = state.started if state.started and unfinished and (state.refresh or not refresh) else now
    storage.put(key, msgspec.json.encode(_State(started=since, refresh=refresh)))
    return since


def _answered(told: Told) -> bool:
    """Whether every request got its answer, so that the next run has nothing to go on with, whatever the exit code.

    Gaps do not fill by going on, nor do answers stop to contradict each other: both are asked anew.
    """
    return not told.stopped and not (told.requests and told.requests.failed)


@contextmanager
def _saying_what_stands(storage: Storage, run: Run) -> Iterator[None]:
    """Where an error ends a run that has changed nothing yet, that is said."""
    try:
        yield
    except EiaError:
        with suppress(StorageError):
            if earlier(storage, run):
                print(STANDS, file=sys.stderr, flush=True)
        raise
