# SPDX-License-Identifier: Apache-2.0
"""Hands a graph to Beam and waits; what failed on a worker comes back as one of our errors.

A worker tells of an error of ours in the output (eia930.store.failure). Of what is not ours, and where the output
itself is away, there is the runner's text alone: on a cluster Java's exception, with the worker's traceback in it.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from eia930 import errors
from eia930.errors import EiaError, Interrupted, Stop, Superseded, UsageError
from eia930.store.failure import WorkerFailure
from pipelines.runners import environment
from pipelines.runners.flink import hushed, is_flink, job_manager
from pipelines.runners.flink_watch import ClusterLost, Ears, Patience, Watch

if TYPE_CHECKING:
    from pipelines.runners.flink_runner import PatientFlinkRunner

_TRACEBACK = "Traceback (most recent call last):"
_RAISED = re.compile(r"(?:[\w.]+\.)?(\w+)(?:: (.*))?")
_STEP = re.compile(r"\s*\[while running '[^']*'\]")
_NOT_OURS = ("apache_beam/", "/concurrent/futures/", "<frozen ")
_FAILED = re.compile(r"^Pipeline \S+ failed in state \w+: ")
_NOT_STARTED = re.compile(r"IOException: (?:Cannot run program|error=\d)|for command 'docker|Process died|ConnectExc")
"""What a TaskManager says that cannot start a worker, or cannot reach the pool that does."""
_LISTENER = "wait_until_finish"
"""How the name of a thread begins in which Beam listens to a job server."""
_LAST_WORDS = 2.0
"""Seconds that it has to end when the job has."""
_SAME_EVERYWHERE = "install the same packages, with [load], on every worker, and run it again"


class WorkerFailed(Stop):
    """A worker failed in a way that we did not foresee."""


def execute(
    build: Callable[[Any], object],
    flags: Sequence[str],
    *,
    told: Callable[[], WorkerFailure | None] = lambda: None,
    moved: Callable[[], Hashable] = lambda: None,
    patience: Patience | None = None,
) -> None:
    """Run what `build(root)` makes. A known error comes back as itself, another of a worker's as WorkerFailed.

    `told()` is what a worker of this run has told of its failure, None where none has; `moved()` another value whenever
    the run has got on. On a Flink cluster the job called --job_name is watched, with `patience`.
    """
    import apache_beam as beam

    from pipelines.runners.beam_flags import BeamFlags

    watch = _watch(flags, told, moved, patience)
    try:
        with ExitStack() as stack:
            stack.enter_context(_told_once())
            stack.enter_context(_silent_listeners())
            runner = stack.enter_context(_flink(watch)) if is_flink(flags) else None
            build(stack.enter_context(beam.Pipeline(runner=runner, options=BeamFlags(flags))))
    except Exception as error:
        if watch and (known := _of_the_cluster(watch, error)):
            raise known from None
        failure = told()
        if failure and _is_of(error, failure):
            raise failure.error() from None
        if isinstance(error, EiaError):
            error.what = _STEP.sub("", error.what)
            raise
        known, frames = worker_error(error)
        if known is None:
            raise
        if isinstance(known, WorkerFailed):
            print("".join(f"{line}\n" for line in frames), end="", file=sys.stderr, flush=True)
        raise known from None


def job_name(flags: Sequence[str], program: str, run: str) -> tuple[str, ...]:
    """The flag that names a job of Flink after its program (or as --job_name has it) and run: by it, it is found."""
    called = _called(flags) or f"eia930 {program}"
    return (f"--job_name={called} {run[:8]}",) if is_flink(flags) else ()


def _called(flags: Sequence[str]) -> str | None:
    """The --job_name that counts, the last."""
    return next((flag.partition("=")[2] for flag in reversed(flags) if flag.startswith("--job_name=")), None)


def _is_of(error: Exception, failure: WorkerFailure) -> bool:
    """Whether what was told is what ended the run: a cluster tries again, and may fail of something else then."""
    if isinstance(error, EiaError):
        return type(error).__name__ == failure.kind
    text = str(error)
    return failure.kind in text or not (_TRACEBACK in text or _FAILED.match(text))


@contextmanager
def _told_once() -> Iterator[None]:
    """An error of ours is told at the end, in one line: without the traceback that Beam logs where it was raised."""

    def foreign(record: logging.LogRecord) -> bool:
        return not (record.exc_info and isinstance(record.exc_info[1], EiaError))

    logger = logging.getLogger("apache_beam.runners.common")
    logger.addFilter(foreign)
    try:
        yield
    finally:
        logger.removeFilter(foreign)


@contextmanager
def _silent_listeners() -> Iterator[None]:
    """Beam's threads that listen to a job server break where that is gone: its end is told once, and by us."""
    before = threading.excepthook

    def hook(broken: threading.ExceptHookArgs) -> None:
        if type(broken.exc_value).__module__.partition(".")[0] != "grpc":
            before(broken)

    threading.excepthook = hook
    try:
        yield
    finally:
        try:
            # The program knows first, and one of them may break a moment later.
            for thread in threading.enumerate():
                if thread.name.startswith(_LISTENER):
                    thread.join(_LAST_WORDS)
        finally:
            threading.excepthook = before


def worker_error(error: Exception) -> tuple[EiaError | None, list[str]]:
    """The failure that a runner tells of in the text of `error`, and the lines of code that led to it.

    None where the text tells of none: then `error` is what went wrong.
    """
    text = str(error)
    if _TRACEBACK in text:
        return _from_python(text.rpartition(_TRACEBACK)[2].splitlines()[1:])
    if _FAILED.match(text):
        why = _FAILED.sub("", text).splitlines()[0]
        remedy = environment.REMEDY if _NOT_STARTED.search(why) else ""
        return WorkerFailed(f"the cluster gave the job up: {why}", remedy=remedy), []
    return (_known(_STEP.sub("", text)) if _STEP.search(text) else None), []


def _from_python(lines: list[str]) -> tuple[EiaError, list[str]]:
    """The last line of a traceback, and its frames below Beam's own."""
    count = next((number for number, line in enumerate(lines) if not line.startswith(" ")), len(lines))
    ours = max((number + 1 for number in range(count) if any(word in lines[number] for word in _NOT_OURS)), default=0)
    first = next((number for number in range(ours, count) if lines[number].startswith("  File ")), count)
    raised = _STEP.sub("", lines[count]) if count < len(lines) else "it did not say why"
    return _known(raised) or _unforeseen(raised), lines[first:count]


def _known(raised: str) -> EiaError | None:
    """An error of ours, from the line that tells of it."""
    match = _RAISED.fullmatch(raised)
    kind = getattr(errors, match[1], None) if match else None
    if match is None or not isinstance(kind, type) or not issubclass(kind, EiaError):
        return None
    what, remedy = match[2] or match[1], ""
    if what.endswith(")"):
        what, _, remedy = what[:-1].partition(" (")
    return kind(what, remedy=remedy)


def _unforeseen(raised: str) -> WorkerFailed:
    missing = raised.startswith(("ModuleNotFoundError", "ImportError")) or "Can't get attribute" in raised
    return WorkerFailed(f"a worker failed: {raised}", remedy=_SAME_EVERYWHERE if missing else "")


@contextmanager
def _flink(watch: Watch | None) -> Iterator[PatientFlinkRunner]:
    """The runner; without what Beam says while Java starts, and without what is raised at the end all the same."""
    from pipelines.runners.flink_runner import PatientFlinkRunner

    runner = PatientFlinkRunner(lambda: watch.verdict if watch else None)
    with hushed():
        try:
            with watch.looking(runner.stop) if watch else nullcontext():
                yield runner
        finally:
            runner.stop()


def _watch(
    flags: Sequence[str],
    told: Callable[[], WorkerFailure | None],
    moved: Callable[[], Hashable],
    patience: Patience | None,
) -> Watch | None:
    """Who looks after a job on a cluster that can be asked; a job without a name cannot be told from others."""
    cluster = job_manager(flags)
    name = _called(flags)
    if cluster is None or name is None:
        return None

    def read(text: str) -> tuple[EiaError | None, bool]:
        known, _ = worker_error(RuntimeError(text))
        return known, known is None or not cannot_pass(known)

    def final() -> EiaError | None:
        failure = told()
        error = failure.error() if failure else None
        return error if error and cannot_pass(error) else None

    return Watch(cluster, name, ears=Ears(told=final, read=read, moved=moved), patience=patience)


def cannot_pass(error: EiaError) -> bool:
    """Whether another try would meet the same. What a stage of an earlier attempt meets may well not be met again."""
    if isinstance(error, WorkerFailed):
        return error.remedy == _SAME_EVERYWHERE
    return isinstance(error, (Stop, UsageError)) and not isinstance(error, (Superseded, Interrupted))


def _of_the_cluster(watch: Watch, error: Exception) -> EiaError | None:
    """What the watch found; or that Beam's job server is gone, after which nobody would hear of the job: it ends."""
    if watch.verdict or isinstance(error, EiaError):
        return watch.verdict
    from grpc import RpcError

    if not isinstance(error, RpcError):
        return None
    watch.cancel()
    return ClusterLost(
        "Beam's job server, a Java process beside this program, has ended before the job",
        remedy="most likely for want of memory; its job is cancelled: run the command again, what is stored is kept",
    )
