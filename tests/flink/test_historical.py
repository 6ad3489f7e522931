# SPDX-License-Identifier: Apache-2.0
"""The historical load on a real cluster: the files of an in-process run, one dispatcher, lost workers cost little."""

import os
import re
import shutil
import signal
from pathlib import Path

import pytest

from deploy.flink import cluster, parts, processes
from tests.flink.loads import KEY, PER_SECOND, REQUESTS, Load, Server, loading
from tests.flink.waiting import soon
from tests.flink.watching import (
    PATIENCE,
    assert_little_asked_twice,
    assert_one_at_a_time,
    dispatcher,
    epochs,
    plain,
    running,
    taskmanager_of,
    until,
)

pytestmark = pytest.mark.flink
PACKAGES = ("eia930", "pipelines", "ringdata", "transforms")


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
    assert_one_at_a_time(server)
    assert asked[-1][0] - asked[0][0] >= REQUESTS / PER_SECOND - 2
    assert epochs(str(load.output)) == {1}


def test_taskmanagers_lost_while_fetching_and_while_assembling(
    folder: Path, in_process: Load, server: Server, tmp_path: Path
) -> None:
    with loading(server, tmp_path / "out", *cluster.load(folder).flags) as load:
        until(load, lambda: len(server.asked()) >= REQUESTS // 4)
        first = processes.noted("worker", dispatcher(str(load.output)))
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
    assert_little_asked_twice(server, in_process.server, lost_after=len(before))
    assert max(epochs(str(load.output))) >= 2


def test_ctrl_c_stops_the_job_on_the_cluster(folder: Path, server: Server, tmp_path: Path) -> None:
    with loading(server, tmp_path / "out", *cluster.load(folder).flags) as load:
        until(load, lambda: len(server.asked()) >= REQUESTS // 10)
        # As a terminal does: every process of the session hears it.
        os.killpg(load.process.pid, signal.SIGINT)
        assert load.process.wait(PATIENCE) == 130
    # A cluster that needs more than a minute to wind down has its job cancelled.
    assert load.told.splitlines()[-1].startswith(("stopped: ", "ended: "))
    assert len(server.asked()) < REQUESTS
    jobs = cluster.ask(cluster.load(folder), "/jobs/overview")["jobs"]
    assert {job["state"] for job in jobs} <= {"FINISHED", "FAILED", "CANCELED"}
    assert {job["name"][:-8] for job in jobs} == {"eia930 historical "}


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
    missing = "No module named 'eia930'"
    (tmp_path / "bare" / "eia930.py").write_text(f"raise ModuleNotFoundError({missing!r}, name='eia930')\n")
    with loading(server, tmp_path / "out", *with_worker(folder, tmp_path / "bare")) as load:
        assert load.process.wait(PATIENCE) == 3, load.told
    assert server.asked() == []
    last = load.told.splitlines()[-1]
    assert last.startswith("error: a worker failed: ModuleNotFoundError: No module named 'eia930' (install the same")
    assert "apache_beam" not in load.told
    assert "org.apache" not in load.told


def test_the_key_is_nowhere_on_the_cluster(folder: Path) -> None:
    """Runs last: the logs hold what all jobs above left."""
    kept = [path for path in folder.rglob("*") if path.is_file()]
    assert any(path.name.startswith("taskmanager") for path in kept)
    assert [path for path in kept if KEY.encode() in path.read_bytes()] == []


def with_worker(folder: Path, packages: Path) -> list[str]:
    """The cluster's flags, with workers that its TaskManagers start, with the packages of another folder."""
    usual = (folder / "bin" / "worker.sh").read_text()
    worker = packages / "worker.sh"
    worker.write_text(re.sub("^export PYTHONPATH=.*$", f"export PYTHONPATH={packages}", usual, flags=re.MULTILINE))
    worker.chmod(0o755)
    flags = [flag for flag in cluster.load(folder).flags if not flag.startswith("--environment_")]
    return [*flags, "--environment_type=PROCESS", f"--environment_option=process_command={worker}"]
