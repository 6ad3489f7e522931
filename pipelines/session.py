# SPDX-License-Identifier: Apache-2.0
"""Drives one run on one folder: lock, emulator where there is no key, progress, Ctrl-C, the end and its exit code."""

from __future__ import annotations

import signal
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import FrameType
from typing import Any

import msgspec

from eia import lease
from eia.assembly import Screening
from eia.emulator import Emulator, synthetic
from eia.errors import EiaError, Interrupted, StorageError
from eia.files import SUCCESS
from eia.hours import hour_of
from eia.lanes import Span
from eia.source import Run, ask_to_stop
from eia.storage import Storage
from pipelines.options import Settings
from pipelines.progress import Progress
from pipelines.summary import banner, summary
from quality.flags import FLAGS
from quality.methods import screen_series
from quality.publication import REPORT

STATE = f"{lease.ROOT}/state.json"
FOLDERS = ("raw", "tidy", "avro", "rejects", "blocks", "tfds", "report")
"""What a run writes below its output; whatever else lies there is not ours."""
_SAME_RUN = timedelta(days=1)

Build = Callable[..., Any]


def drive(todo: Settings, spans: Sequence[Span], build: Build) -> int:
    """Run the program `build` makes, to its end; the exit code."""
    storage = todo.storage
    run_id = uuid.uuid4().hex
    held = lease.acquire(storage, "run", lease.Owner.here(run_id), take_over=False, pause=time.sleep)
    with ExitStack() as stack:
        stack.callback(held.release)
        storage.sweep(*FOLDERS)
        run = Run(lease.Owner.here(run_id), _since(storage))
        storage.delete(SUCCESS, REPORT)
        if todo.embedded:
            todo = _embed(todo, stack)
        stack.enter_context(_interruptible(storage, run))
        with Progress(storage, held, run_id, per_hour=todo.source.requests_per_hour):
            _execute(todo, spans, run, build)
        report = _report(storage)
        if report["exit"] == 0:
            storage.put(STATE, msgspec.json.encode({"finished": datetime.now(UTC)}))
    print(summary(todo, report))
    return int(report["exit"])


def _execute(todo: Settings, spans: Sequence[Span], run: Run, build: Build) -> None:
    """Hand the graph to Beam and wait. A storage's refusal comes back as itself, whatever Beam made of it."""
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions

    try:
        with beam.Pipeline(options=PipelineOptions(list(todo.beam))) as root:
            build(root, spans, todo, run, screening=Screening(FLAGS, screen_series))
    except EiaError:
        raise
    except Exception as error:
        for line in str(error).splitlines():
            if "StorageError" in line or "cannot use " in line:
                raise StorageError(line.split("StorageError: ")[-1]) from error
        raise


def _embed(todo: Settings, stack: ExitStack) -> Settings:
    """Start the embedded emulator, and ask it instead of EIA."""
    print(banner(), file=sys.stderr, flush=True)
    server = stack.enter_context(Emulator(synthetic(now=hour_of(datetime.now(UTC))), port=0))
    return replace(todo, source=replace(todo.source, url=server.url))


def _since(storage: Storage) -> datetime:
    """Since when what is stored counts as this run's own: an unfinished run is gone on with."""
    now = datetime.now(UTC)
    try:
        state = msgspec.json.decode(storage.get(STATE), type=dict[str, datetime])
    except (KeyError, msgspec.DecodeError):
        state = {}
    started = state.get("started", now)
    since = started if "finished" not in state and now - started < _SAME_RUN else now
    storage.put(STATE, msgspec.json.encode({"started": since}))
    return since


@contextmanager
def _interruptible(storage: Storage, run: Run) -> Iterator[None]:
    """Ctrl-C asks the dispatcher to finish what is under way; a second one ends at once."""

    def stop(number: int, frame: FrameType | None) -> None:
        print("\nstopping: waiting for what is under way (again to end at once)", file=sys.stderr, flush=True)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        ask_to_stop(storage, run)

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _report(storage: Storage) -> dict[str, Any]:
    try:
        report: dict[str, Any] = msgspec.json.decode(storage.get(REPORT))
    except KeyError:
        raise Interrupted("the run ended without an account") from None
    return report
