# SPDX-License-Identifier: Apache-2.0
"""What is told of a job on a cluster, and what ends it: looks at a server that answers as Flink 1.19 does."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from eia930.errors import EiaError, Interrupted, StorageError, Superseded, UsageError
from eia930.store.failure import WorkerFailure
from pipelines.runners.flink import cancel
from pipelines.runners.flink_rest import JobManager, parsed
from pipelines.runners.flink_watch import Ears, Patience, Watch, stage
from pipelines.running.execute import _watch, cannot_pass, job_name

NAME = "eia930 historical 0123abcd"
WORKER_GONE = (
    "java.util.concurrent.ExecutionException: org.apache.beam.vendor.grpc.v1p60p1.io.grpc.StatusRuntimeException: "
    "CANCELLED: client cancelled\n\tat java.base/java.util.concurrent.CompletableFuture.reportGet"
)
MANAGER_GONE = (
    "org.apache.flink.runtime.jobmaster.JobMasterException: TaskManager with id taskmanager-2 is no longer reachable."
)
NO_SLOTS = "org.apache.flink.runtime.jobmanager.scheduler.NoResourceAvailableException: Could not acquire slots"
DISK_FULL = (
    "java.lang.RuntimeException: Error received from SDK harness: Traceback (most recent call last):\n"
    '  File "/x/eia930/store/storage.py", line 1, in put\n'
    "eia930.errors.StorageError: /out/tidy/x cannot be written (free some space)\n\tat org.apache.beam.X"
)
NO_PACKAGES = (
    "java.lang.RuntimeException: Error received from SDK harness: Traceback (most recent call last):\n"
    '  File "<string>", line 1, in <module>\n'
    "ModuleNotFoundError: No module named 'eia930'\n\tat org.apache.beam.X"
)


@dataclass
class Cluster:
    """A JobManager with one job, as it is told to be; `cancelled` are the ids that it was asked to end."""

    state: str = "RUNNING"
    records: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)
    known: bool = True
    cancelled: list[str] = field(default_factory=list)
    where: str = ""

    def fail(self, text: str) -> None:
        task = "CHAIN MapPartition (MapPartition at [3]{Fetch, Publish}) (1/2) - execution #0"
        at = len(self.history) + 1
        self.history.insert(
            0, {"timestamp": at, "stacktrace": text, "taskName": task, "taskManagerId": "taskmanager-2"}
        )

    def answer(self, path: str) -> object:
        metrics = {"read-records": self.records, "write-records": 0}
        vertex = {"name": "MapPartition at [5]{Assemble}", "status": "RUNNING", "metrics": metrics}
        return {
            "/jobs/overview": {"jobs": [{"name": NAME, "jid": "7", "start-time": 2}] if self.known else []},
            "/jobs/7": {"state": self.state, "vertices": [vertex]} if self.known else None,
            "/jobs/7/exceptions": {"exceptionHistory": {"entries": self.history}},
        }.get(path)


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    told = Cluster()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = told.answer(self.path)
            self._send(404 if answer is None else 200, json.dumps(answer or {"errors": ["not found"]}).encode())

        def do_PATCH(self) -> None:
            told.cancelled.append(self.path)
            self._send(202, b"{}")

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        told.where = f"127.0.0.1:{server.server_address[1]}"
        try:
            yield told
        finally:
            server.shutdown()
            thread.join()


class Clock:
    """Seconds as they are set."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Seen:
    """A watch, what it said, and the clock that it reads."""

    watch: Watch
    said: list[str]
    clock: Clock


@pytest.fixture
def seen(cluster: Cluster) -> Seen:
    return watching(cluster.where, Ears(read=lambda text: (None, True)))


def watching(where: str, ears: Ears) -> Seen:
    at = parsed(where)
    assert at is not None
    said: list[str] = []
    clock = Clock()
    watch = Watch(JobManager(at), NAME, ears=ears, patience=Patience(), say=said.append, clock=clock)
    return Seen(watch, said, clock)


def test_a_job_that_goes_well_is_not_spoken_of(cluster: Cluster, seen: Seen) -> None:
    assert seen.watch.look()
    cluster.state = "FINISHED"
    assert not seen.watch.look()
    assert (seen.said, seen.watch.verdict, cluster.cancelled) == ([], None, [])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (WORKER_GONE, ("stage {Fetch, Publish} on taskmanager-2", "want of memory")),
        (MANAGER_GONE, ("TaskManager taskmanager-2 is gone", "goes on by itself")),
        (NO_SLOTS, ("too few task slots", "start a TaskManager")),
    ],
)
def test_each_restart_is_told_once_with_its_cause(
    text: str, words: tuple[str, ...], cluster: Cluster, seen: Seen
) -> None:
    for count in (1, 2):
        cluster.fail(text)
        assert seen.watch.look()
        assert seen.watch.look()
        assert len(seen.said) == count
        assert seen.said[-1].startswith(f"restart {count}  ")
        assert "\n" not in seen.said[-1]
        assert all(word in seen.said[-1] for word in words)
    assert seen.watch.verdict is None


@pytest.mark.parametrize(("text", "kind"), [(DISK_FULL, StorageError), (NO_PACKAGES, EiaError)])
def test_what_cannot_pass_ends_the_job_at_first_sight(text: str, kind: type[EiaError], cluster: Cluster) -> None:
    flags = ["--runner=FlinkRunner", f"--flink_master={cluster.where}", f"--job_name={NAME}"]
    watch = _watch(flags, lambda: None, lambda: None, None)
    assert watch is not None
    cluster.fail(text)
    assert not watch.look()
    assert isinstance(watch.verdict, kind)
    assert cluster.cancelled == ["/jobs/7?mode=cancel"]


def test_what_a_worker_told_in_the_output_ends_the_job(cluster: Cluster) -> None:
    failure = WorkerFailure("r", "StorageError", "/out cannot be written", "free some space", "Assemble", "host")
    flags = ["--runner=FlinkRunner", f"--flink_master={cluster.where}", f"--job_name={NAME}"]
    watch = _watch(flags, lambda: failure, lambda: None, None)
    assert watch is not None
    assert not watch.look()
    assert str(watch.verdict) == "/out cannot be written (free some space)"
    assert cluster.cancelled == ["/jobs/7?mode=cancel"]


@pytest.mark.parametrize(
    ("error", "final"),
    [
        (StorageError("full"), True),
        (UsageError("another version"), True),
        (Superseded("a later dispatcher"), False),
        (Interrupted("asked to stop"), False),
        (EiaError("whatever"), False),
    ],
)
def test_what_cannot_pass(error: EiaError, final: bool) -> None:  # noqa: FBT001
    """A lost dispatcher that lives on says that it was superseded: its successor goes on."""
    assert cannot_pass(error) == final


def test_a_halt_is_told_once_until_something_moves(cluster: Cluster, seen: Seen) -> None:
    seen.watch.look()
    for now, count in ((299, 0), (300, 1), (900, 1)):
        seen.clock.now = now
        assert seen.watch.look()
        assert len(seen.said) == count
    assert "nothing has moved for 5 min in stage {Assemble}" in seen.said[0]
    assert f"{cluster.where}/#/job/running/7" in seen.said[0]
    cluster.records += 1
    seen.watch.look()
    seen.clock.now = 1200
    seen.watch.look()
    assert len(seen.said) == 2


def test_what_moves_outside_the_cluster_is_no_halt(cluster: Cluster) -> None:
    seconds = [0]
    seen = watching(cluster.where, Ears(moved=lambda: seconds[0]))
    for now in range(0, 2000, 100):
        seen.clock.now = seconds[0] = now
        assert seen.watch.look()
    assert seen.said == []


def test_a_jobmanager_that_is_away_for_a_moment_is_waited_for(cluster: Cluster, seen: Seen) -> None:
    seen.watch.look()
    cluster.history = [{}]
    seen.clock.now = 14
    assert seen.watch.look()
    cluster.history = []
    seen.clock.now = 16
    assert seen.watch.look()
    assert seen.watch.verdict is None


def test_a_jobmanager_that_is_gone_ends_the_watch() -> None:
    seen = watching("127.0.0.1:9", Ears())
    seen.clock.now = 14
    assert seen.watch.look()
    seen.clock.now = 15
    assert not seen.watch.look()
    assert "127.0.0.1:9 has not answered for 15 s" in str(seen.watch.verdict)
    assert "run the same command again" in str(seen.watch.verdict)


def test_a_jobmanager_that_was_started_anew_knows_the_job_no_longer(cluster: Cluster, seen: Seen) -> None:
    seen.watch.look()
    cluster.known = False
    assert not seen.watch.look()
    assert "knows this job no longer" in str(seen.watch.verdict)


def test_a_verdict_is_acted_on(cluster: Cluster) -> None:
    acted = threading.Event()
    at = parsed(cluster.where)
    assert at is not None
    ears = Ears(told=lambda: StorageError("full"))
    watch = Watch(JobManager(at), NAME, ears=ears, patience=Patience(every=0.01))
    with watch.looking(acted.set):
        assert acted.wait(30)


def test_a_job_is_cancelled_by_its_name(cluster: Cluster) -> None:
    flags = ["--runner=FlinkRunner", f"--flink_master={cluster.where}"]
    assert cancel(flags, NAME)
    assert cluster.cancelled == ["/jobs/7?mode=cancel"]
    assert not cancel(flags, "another")
    assert not cancel(["--runner=FnApiRunner"], NAME)
    assert not cancel(["--runner=FlinkRunner", "--flink_master=127.0.0.1:9"], NAME)


def test_a_job_is_named_after_its_program_and_run() -> None:
    flags = ("--runner=FlinkRunner",)
    assert job_name(flags, "historical", "0123abcd" * 4) == (f"--job_name={NAME}",)
    assert job_name((*flags, "--job_name=mine"), "historical", "0123abcd" * 4) == ("--job_name=mine 0123abcd",)
    assert job_name(("--runner=FnApiRunner",), "historical", "0123abcd" * 4) == ()


def test_a_stage_is_called_by_our_names() -> None:
    assert stage("CHAIN MapPartition (MapPartition at [3]{Fetch, Publish}) -> FlatMap (FlatMap at X)") == (
        "{Fetch, Publish}"
    )
    assert stage("DataSink (DiscardingOutput)") == "DataSink (DiscardingOutput)"
