# SPDX-License-Identifier: Apache-2.0
"""A job of our shape on a real cluster: the same files as in process, and a lost TaskManager costs little."""

import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.flink import cluster, parts, processes
from pipelines.flink import Wanted, check_job_server, check_master
from tests.flink.prototype import THREADS
from tests.flink.server import Service, serving
from tests.flink.waiting import soon

pytestmark = [
    pytest.mark.flink,
    *(
        pytest.mark.skipif(shutil.which(tool) is None, reason=f"{tool} is not on the PATH")
        for tool in ("java", "mvn", "go")
    ),
]
REQUESTS = 120
PER_SECOND = 10
PATIENCE = 400.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where a cluster of two TaskManagers runs; once it is down, none of its processes is left."""
    folder = tmp_path_factory.mktemp("cluster")
    cluster.up(folder, wanted=parts.versions(), taskmanagers=2, slots=1)
    yield folder
    cluster.down(folder)
    assert soon(lambda: not mentioning(folder))
    assert not (folder / "scratch").exists()


@pytest.fixture(scope="module")
def in_process(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What the job writes when it runs in this process's own runner."""
    output = tmp_path_factory.mktemp("in_process")
    with serving() as service, running(service, output, "--runner=FnApiRunner") as job:
        assert job.wait(PATIENCE) == 0
    return files(output)


def test_same_files_and_same_pace_as_in_process(folder: Path, in_process: dict[str, bytes], tmp_path: Path) -> None:
    with serving() as service, running(service, tmp_path, *cluster.load(folder).flags) as job:
        assert job.wait(PATIENCE) == 0
    assert files(tmp_path) == in_process
    assert sorted(asked.request for asked in service.asked) == list(range(REQUESTS))
    # One dispatcher at the pace asked for: two would be done in half the time.
    assert len({asked.pid for asked in service.asked}) == 1
    assert service.asked[-1].at - service.asked[0].at >= (REQUESTS - 1) / PER_SECOND - 0.5


def test_lost_taskmanager_costs_at_most_what_was_in_flight(
    folder: Path, in_process: dict[str, bytes], tmp_path: Path
) -> None:
    with serving() as service, running(service, tmp_path, *cluster.load(folder).flags) as job:
        assert soon(lambda: len(service.asked) >= REQUESTS // 4 or job.poll() is not None, PATIENCE)
        first = processes.noted("worker", service.asked[0].pid)
        cluster.kill_taskmanager(folder, taskmanager_of(first.pid, folder))
        assert soon(lambda: not processes.alive(first), 5)
        in_flight = {asked.request for asked in service.asked[-THREADS:]}
        assert len(service.asked) < REQUESTS
        cluster.start_taskmanager(folder)
        assert job.wait(PATIENCE) == 0
    assert files(tmp_path) == in_process
    times = Counter(asked.request for asked in service.asked)
    assert set(times) == set(range(REQUESTS))
    assert {request for request, count in times.items() if count > 1} <= in_flight
    assert max(times.values()) <= 2


def test_preflight_passes_the_real_cluster_and_jar(folder: Path) -> None:
    running = cluster.load(folder)
    master = f"127.0.0.1:{running.rest}"
    assert check_master(master, wanted=Wanted(version="1.19", parallelism=2)) is None
    assert "--flink_version=1.19" in str(check_master(master, wanted=Wanted(version="2.2")))
    assert "--parallelism=2" in str(check_master(master, wanted=Wanted(version="1.19", parallelism=3)))
    assert check_job_server(running.jar) is None


def test_a_second_up_is_refused(folder: Path) -> None:
    with pytest.raises(cluster.ClusterError, match="run `down` first"):
        cluster.up(folder, wanted=parts.versions(), taskmanagers=1, slots=1)
    with pytest.raises(cluster.ClusterError, match="no taskmanager-99 runs"):
        cluster.kill_taskmanager(folder, 99)


@contextmanager
def running(service: Service, output: Path, *flags: str) -> Iterator["subprocess.Popen[bytes]"]:
    """The job as a user starts it; its words go to a file that pytest keeps."""
    ours = [f"--port={service.port}", f"--requests={REQUESTS}", f"--per_second={PER_SECOND}", f"--output={output}"]
    with (output.parent / f"{output.name}.log").open("wb") as log:
        command = [sys.executable, "-m", "tests.flink", *ours, *flags]
        with subprocess.Popen(command, stdout=log, stderr=log, cwd=parts.CHECKOUT) as job:
            try:
                yield job
            finally:
                # Beam stops its Java job server on SIGINT, but would leave it running on SIGTERM.
                job.send_signal(signal.SIGINT)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.json")}


def taskmanager_of(worker: int, folder: Path) -> int:
    """The number of the TaskManager above a worker: TaskManager → boot → worker."""
    manager = parent(parent(worker))
    (name,) = (process.name for process in cluster.load(folder).processes if process.pid == manager)
    return int(name.removeprefix("taskmanager-"))


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def mentioning(folder: Path) -> list[str]:
    """The command lines of all processes that name `folder`."""
    return [line for line in map(command_line, Path("/proc").glob("[0-9]*/cmdline")) if str(folder) in line]


def command_line(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
