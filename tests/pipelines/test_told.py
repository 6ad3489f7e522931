# SPDX-License-Identifier: Apache-2.0
"""An error of ours that a worker tells of in the output comes back to whoever drives the run, whatever its words."""

import subprocess
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import apache_beam as beam
import pytest

from eia930.errors import Interrupted, KeyRefused, Stop, StorageError, UsageError
from eia930.store.failure import WorkerFailure, failure_of, telling
from eia930.store.lease import Owner
from eia930.store.run import Run
from eia930.store.storage import Storage
from pipelines.running.execute import execute

NASTY = [
    ("cannot use s3://b: no room (os error 28)", "check the name (for S3: AWS_REGION); then (again)"),
    ("a \"quoted\" 'word' (and) brackets) (", "a remedy) with (them"),
    ("two\nlines\tand a tab", "remedy\nin lines"),
    ("x [while running 'Ask-ptransform-12'] y", " [while running 'Z']"),
    ("UsageError: another (kind)", "Traceback (most recent call last):"),
    ("no remedy at all (but brackets)", ""),
]
ON_WORKERS = """
import sys
from functools import partial
import apache_beam as beam
from datetime import UTC, datetime
from eia930.errors import Stop, UsageError, StorageError
from eia930.store.failure import failure_of, telling
from eia930.store.lease import Owner
from eia930.store.run import Run
from eia930.store.storage import Storage
from pipelines.running.execute import execute

place, mode, what, remedy = sys.argv[1:]
storage, run = Storage.at(place), Run(Owner.here("mine"), datetime.now(UTC))

def failing(_, storage, run, what, remedy):
    with telling(storage, run, "Assemble"):
        raise StorageError(what, remedy)

flags = ["--runner=FnApiRunner", "--direct_num_workers=2", f"--direct_running_mode={mode}"]
graph = lambda root: root | beam.Create(range(16)) | beam.Reshuffle() | beam.Map(failing, storage, run, what, remedy)
try:
    execute(graph, flags, told=partial(failure_of, storage, run))
except (Stop, UsageError) as error:
    print(type(error).__name__, ascii(error.what), ascii(error.remedy), sep="|")
"""


def a_run(name: str = "mine") -> Run:
    return Run(Owner.here(name), datetime.now(UTC))


def failing(_: int, storage: Storage, run: Run, what: str, remedy: str) -> None:
    with telling(storage, run, "Assemble"):
        raise StorageError(what, remedy)


@pytest.mark.parametrize(("what", "remedy"), NASTY)
def test_in_process(what: str, remedy: str, tmp_path: Path) -> None:
    storage, run, expected = Storage.at(str(tmp_path)), a_run(), StorageError(what, remedy)
    graph = beam.Create([1]) | beam.Map(failing, storage, run, what, remedy)
    with pytest.raises(StorageError) as caught:
        execute(lambda root: root | graph, ["--runner=FnApiRunner"], told=partial(failure_of, storage, run))
    assert (caught.value.what, caught.value.remedy) == (expected.what, expected.remedy)


@pytest.mark.parametrize("mode", [pytest.param("multi_processing", marks=pytest.mark.slow), "multi_threading"])
def test_on_real_workers(mode: str, tmp_path: Path) -> None:
    what, remedy = " ".join(what for what, _ in NASTY), " ".join(remedy for _, remedy in NASTY)
    line = [sys.executable, "-c", ON_WORKERS, str(tmp_path), mode, what, remedy]
    root = Path(__file__).parents[2]
    done = subprocess.run(line, cwd=root, capture_output=True, text=True, timeout=120, check=False)
    expected = StorageError(what, remedy)
    assert done.stdout == f"StorageError|{expected.what!a}|{expected.remedy!a}\n", done.stderr


FLINK = "Pipeline BeamApp-1 failed in state FAILED: java.lang.RuntimeException: Error received from SDK harness: {}"
TRACE = 'Traceback (most recent call last):\n  File "/app/x.py", line 1, in f\n    raise\neia930.errors.{}'
TOLD = WorkerFailure(
    "mine", "UsageError", "the worker (host) has another version (1a)", "install (it)", "Fetch", "host"
)


def ended_by(error: Exception, told: WorkerFailure | None) -> Exception:
    def broken(root: beam.Pipeline) -> None:
        raise error

    with pytest.raises(Exception) as caught:  # noqa: PT011 -- which one is the question
        execute(broken, ["--runner=FnApiRunner"], told=lambda: told)
    return caught.value


def test_on_a_cluster_that_quotes_it() -> None:
    """Java's text has the error too, cut up at its brackets or cut short: what was told is read first."""
    for text in ("UsageError: the worker (ho", "UsageError: the worker (host) has another [while running 'Ask']"):
        back = ended_by(RuntimeError(FLINK.format(TRACE.format(text))), TOLD)
        assert (type(back), str(back)) == (UsageError, "the worker (host) has another version (1a) (install (it))")


def test_a_runner_that_says_nothing_of_it() -> None:
    assert isinstance(ended_by(RuntimeError("worker 3 has gone"), TOLD), UsageError)


def test_a_cluster_that_failed_of_something_else_at_last() -> None:
    """What an earlier attempt had told was mended by the next."""
    back = ended_by(RuntimeError(FLINK.format("org.x.NoResourceAvailableException: No slots.")), TOLD)
    assert str(back).startswith("the cluster gave the job up: java.lang.RuntimeException")
    back = ended_by(RuntimeError(FLINK.format(TRACE.format("KeyRefused: no (remedy at hand)"))), TOLD)
    assert isinstance(back, KeyRefused)
    assert isinstance(ended_by(Interrupted("by Ctrl-C"), TOLD), Interrupted)


def test_nothing_told_leaves_the_text() -> None:
    back = ended_by(RuntimeError(FLINK.format(TRACE.format("StorageError: a full disk (mend it)"))), None)
    assert (type(back), str(back)) == (StorageError, "a full disk (mend it)")
    assert isinstance(back, Stop)
