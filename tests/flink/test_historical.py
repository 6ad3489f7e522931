# SPDX-License-Identifier: Apache-2.0
"""The historical load on a real cluster: the files of an in-process run, one dispatcher, lost workers cost little."""

import json
import os
import re
import shutil
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from deploy.flink import cluster, parts, processes
from eia.hours import parse_hour
from tests.flink.loads import HOURS, IN_FLIGHT, KEY, PER_SECOND, REQUESTS, Load, Server, loading, serving
from tests.flink.waiting import soon

pytestmark = pytest.mark.flink
PATIENCE = 500.0
PACKAGES = ("eia", "pipelines", "quality", "ringdata", "transforms")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path) as server:
        yield server


@pytest.fixture(scope="module")
def in_process(tmp_path_factory: pytest.TempPathFactory) -> Load:
    """What the load writes and says when it runs in one process."""
    place = tmp_path_factory.mktemp("in_process")
    with serving(place) as server, loading(server, place / "out") as load:
        assert load.process.wait(PATIENCE) == 0
    assert load.files()
    return load


def test_same_files_same_words_and_the_pace_asked_for(
    folder: Path, in_process: Load, server: Server, tmp_path: Path
) -> None:
    with loading(server, tmp_path / "out", *cluster.load(folder).flags) as load:
        assert load.process.wait(PATIENCE) == 0, load.told
    assert load.files() == in_process.files()
    assert plain(load) == plain(in_process)
    assert {line.split()[0] for line in load.told.splitlines()} <= {"fetch", "assemble", "check,"}
    assert "fetch" in load.told
    asked = server.asked()
    assert len({query for _, query in asked}) == len(asked) == REQUESTS
    assert_one_at_a_time(asked)
    assert asked[-1][0] - asked[0][0] >= REQUESTS / PER_SECOND - 2
    assert epochs(load) == {1}


def test_taskmanagers_lost_while_fetching_and_while_assembling(
    folder: Path, in_process: Load, server: Server, tmp_path: Path
) -> None:
    with loading(server, tmp_path / "out", *cluster.load(folder).flags) as load:
        until(load, lambda: len(server.asked()) >= REQUESTS // 4)
        first = processes.noted("worker", dispatcher(load))
        cluster.kill_taskmanager(folder, taskmanager_of(first.pid, folder))
        assert soon(lambda: not processes.alive(first), 10)
        before = server.asked()
        assert len(before) < REQUESTS
        cluster.start_taskmanager(folder)
        until(load, lambda: any(load.output.glob("tidy/**/*.parquet")))
        cluster.kill_taskmanager(folder, max(running(folder)))
        assert not (load.output / "_SUCCESS").exists()
        cluster.start_taskmanager(folder)
        assert load.process.wait(PATIENCE) == 0, load.told
    assert load.files() == in_process.files()
    assert "windows: 0 stored before, " in plain(load)[0]
    assert plain(load)[1:4] == plain(in_process)[1:4]
    asked = server.asked()
    times = Counter(hour for _, query in asked for hour in hours(query))
    assert set(times) == {hour for _, query in in_process.server.asked() for hour in hours(query)}
    # What was under way when the worker was lost, and nothing else, is asked for once more.
    until_lost = [query for at, query in asked if at <= before[-1][0] + 1]
    twice = {hour for hour, count in times.items() if count > 1}
    assert twice <= {hour for query in until_lost[-2 * IN_FLIGHT :] for hour in hours(query)}
    assert len(twice) <= IN_FLIGHT * HOURS
    assert max(times.values()) <= 2
    assert_one_at_a_time(asked)
    assert max(epochs(load)) >= 2


def test_ctrl_c_stops_the_job_on_the_cluster(folder: Path, server: Server, tmp_path: Path) -> None:
    with loading(server, tmp_path / "out", *cluster.load(folder).flags) as load:
        until(load, lambda: len(server.asked()) >= REQUESTS // 10)
        # As a terminal does: every process of the session hears it.
        os.killpg(load.process.pid, signal.SIGINT)
        assert load.process.wait(PATIENCE) == 130
    assert load.told.splitlines()[-1].startswith("stopped: ")
    assert len(server.asked()) < REQUESTS
    jobs = cluster.ask(cluster.load(folder), "/jobs/overview")["jobs"]
    assert {job["state"] for job in jobs} <= {"FINISHED", "FAILED"}


def test_a_worker_with_another_version_sends_nothing(folder: Path, server: Server, tmp_path: Path) -> None:
    other = tmp_path / "other"
    for name in PACKAGES:
        shutil.copytree(parts.CHECKOUT / name, other / name, ignore=shutil.ignore_patterns("__pycache__"))
    with (other / "transforms" / "fetch.py").open("a") as changed:
        changed.write("# another version\n")
    with loading(server, tmp_path / "out", *with_worker(folder, other)) as load:
        assert load.process.wait(PATIENCE) == 2, load.told
    assert server.asked() == []
    last = load.told.splitlines()[-1]
    assert last.startswith("stopped: the worker on ")
    assert "install the same on every worker" in last
    assert load.said == ""


def test_a_worker_without_our_packages_sends_nothing(folder: Path, server: Server, tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    # Stands before an installed copy, if there is one.
    (tmp_path / "bare" / "eia.py").write_text("raise ModuleNotFoundError(\"No module named 'eia'\", name='eia')\n")
    with loading(server, tmp_path / "out", *with_worker(folder, tmp_path / "bare")) as load:
        assert load.process.wait(PATIENCE) == 3, load.told
    assert server.asked() == []
    last = load.told.splitlines()[-1]
    assert last.startswith("error: a worker failed: ModuleNotFoundError: No module named 'eia' (install the same")
    assert "apache_beam" not in load.told
    assert "org.apache" not in load.told


def test_the_key_is_nowhere_on_the_cluster(folder: Path) -> None:
    """Runs last: the logs hold what all jobs above left."""
    kept = [path for path in folder.rglob("*") if path.is_file()]
    assert any(path.name.startswith("taskmanager") for path in kept)
    assert [path for path in kept if KEY.encode() in path.read_bytes()] == []


def until(load: Load, true: Callable[[], bool]) -> None:
    """Wait for something that comes true while the load runs."""
    assert soon(lambda: true() or load.process.poll() is not None, PATIENCE)
    assert load.process.poll() is None, load.told


def plain(load: Load) -> list[str]:
    """The summary without speeds and places."""
    lines = [line.partition(";")[0] for line in load.said.splitlines()]
    return [line.replace(str(load.output), "OUTPUT") for line in lines]


def hours(query: str) -> list[tuple[str, int]]:
    """The hours that a request asks for, of its respondent."""
    words = parse_qs(query)
    first, last = (parse_hour(words[name][0]) for name in ("start", "end"))
    return [(words["facets[respondent][]"][0], hour) for hour in range(first, last + 1)]


def assert_one_at_a_time(asked: list[tuple[float, str]]) -> None:
    """Two dispatchers would ask for twice as much: in no five seconds much more than the pace allows."""
    times = [at for at, _ in asked]
    most = max(sum(at <= other < at + 5 for other in times) for at in times)
    assert most <= 5 * PER_SECOND + IN_FLIGHT


def epochs(load: Load) -> set[int]:
    """Which dispatchers of the folder are noted; the first has number 1."""
    return {int(path.stem) for path in (load.output / "raw" / "run" / "dispatcher").glob("*.owner")}


def dispatcher(load: Load) -> int:
    """The process that asks."""
    (owner,) = (load.output / "raw" / "run" / "dispatcher").glob("*.owner")
    return int(json.loads(owner.read_text())["pid"])


def taskmanager_of(worker: int, folder: Path) -> int:
    """The number of the TaskManager above a worker: TaskManager → boot → worker."""
    manager = parent(parent(worker))
    (name,) = (process.name for process in cluster.load(folder).processes if process.pid == manager)
    return int(name.removeprefix("taskmanager-"))


def running(folder: Path) -> list[int]:
    """The numbers of the TaskManagers that run."""
    alive = [process.name for process in cluster.load(folder).processes[1:] if processes.alive(process)]
    return [int(name.removeprefix("taskmanager-")) for name in alive]


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def with_worker(folder: Path, packages: Path) -> list[str]:
    """The cluster's flags, with workers that have the packages of another folder."""
    flags = cluster.load(folder).flags
    (named,) = (flag for flag in flags if "process_command=" in flag)
    usual = Path(named.rpartition("=")[2])
    changed = re.sub("^export PYTHONPATH=.*$", f"export PYTHONPATH={packages}", usual.read_text(), flags=re.MULTILINE)
    worker = packages / "worker.sh"
    worker.write_text(changed)
    worker.chmod(0o755)
    return [flag.replace(str(usual), str(worker)) for flag in flags]
