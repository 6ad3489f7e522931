# SPDX-License-Identifier: Apache-2.0
"""Runs that a service manager, a container or a closing terminal asks to stop, and runs that hang when asked."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from eia930.emulator import Emulator, Faults, RowSource, synthetic
from eia930.reference.hours import parse_hour
from pipelines.runners import apart
from tests.eia930.asked import have_lists, hours_asked
from tests.flink.waiting import soon
from tests.pipelines.started import FAST, KEY, LOAD, QUESTION, Started

SLOW = (*FAST, "--hours_per_request=48", "--max_in_flight=2")
# The same program with less patience, and a job that can be cancelled.
HUNG = """
import pathlib, sys
from datetime import UTC, datetime
from functools import partial
from eia930.question.plan import plan
from pipelines.historical import build
from pipelines.options.settings import settings
from eia930.program.interrupt import end_on_interrupt
from pipelines.running.session import drive, load_program
from pipelines.running.stopping import Stopping
end_on_interrupt()
todo = settings(sys.argv[2:], now=datetime.now(UTC))
stopping = partial(Stopping, patience=1.0, cancel=pathlib.Path(sys.argv[1]).touch)
drive(todo, plan(todo.question), load_program(build), stopping=stopping)
"""
IN_A_CONTAINER = ("unshare", "--pid", "--fork", "--mount-proc")


@pytest.fixture(scope="module")
def rows() -> RowSource:
    return synthetic(now=parse_hour("2024-03-01T00"))


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    found = Started(tmp_path / "out")
    yield found
    found.end()


def under_way(server: Emulator, process: subprocess.Popen[str]) -> None:
    assert soon(lambda: len(hours_asked(server)) >= 3 or process.poll() is not None, 60)
    assert process.poll() is None, process.communicate()


def ended(process: subprocess.Popen[str], within: float) -> str:
    """What was said by a run that was asked to stop and did."""
    out, err = process.communicate(timeout=within)
    assert process.returncode == 130, err
    assert "Traceback" not in out + err
    assert KEY not in out + err
    return err


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGHUP, marks=pytest.mark.slow)])
def test_asked_in_whatever_way_a_run_ends_as_by_ctrl_c(rows: RowSource, started: Started, number: int) -> None:
    with Emulator(rows, key=KEY, latency=(0.25, 0.0)) as server:
        process = started.start(server, *LOAD, *SLOW)
        under_way(server, process)
        process.send_signal(number)
        said = ended(process, within=15)
        stored = started.stored()
        assert "stopping: waiting for what is under way" in said
        # What was under way is stored, and nothing more is begun.
        assert len(hours_asked(server)) == stored
        assert stored < 2 * 46


@pytest.mark.parametrize("number", [pytest.param(signal.SIGINT, marks=pytest.mark.slow), signal.SIGTERM])
def test_process_1_hears_it_too(rows: RowSource, started: Started, number: int) -> None:
    """The kernel gives the first process of a container no default answer to a signal."""
    if shutil.which("unshare") is None or subprocess.run([*IN_A_CONTAINER, "true"], capture_output=True).returncode:
        pytest.skip("a namespace of processes takes rights that this user lacks")
    with Emulator(rows, key=KEY, latency=(0.25, 0.0)) as server:
        process = started.start(server, *LOAD, *SLOW, before=IN_A_CONTAINER)
        under_way(server, process)
        (first,) = psutil.Process(process.pid).children()
        first.send_signal(number)
        ended(process, within=15)


def test_a_run_that_hangs_is_ended_with_its_job(rows: RowSource, started: Started, tmp_path: Path) -> None:
    with Emulator(rows, key=KEY, faults=Faults(p_timeout=1.0, stall_seconds=600)) as server:
        process = started.start(server, "-c", HUNG, str(tmp_path / "cancelled"), *QUESTION, *SLOW)
        assert soon(lambda: bool(server.requests) or process.poll() is not None, 60)
        process.terminate()
        said = ended(process, within=20)
    assert "stopping: not done after 1 s" in said
    assert said.endswith("ended: run the same command again to go on: what is stored is kept\n")
    assert (tmp_path / "cancelled").exists()


def test_asked_again_it_ends_at_once_with_all_that_it_started(rows: RowSource, started: Started) -> None:
    workers = ("--direct_num_workers=2", "--direct_running_mode=multi_processing")
    have_lists(started.out, rows)
    with Emulator(rows, key=KEY, faults=Faults(p_timeout=1.0, stall_seconds=600)) as server:
        process = started.start(server, *LOAD, *SLOW, *workers)
        assert soon(lambda: bool(server.requests) or process.poll() is not None, 60)
        children = psutil.Process(process.pid).children(recursive=True)
        assert len(children) >= 2
        process.terminate()
        assert process.stderr is not None
        assert any(line.startswith("stopping: waiting") for line in process.stderr)
        process.terminate()
        process.communicate(timeout=15)
    assert process.returncode == 130
    assert soon(lambda: not any(runs(child) for child in children), 15)


WITH_A_CHILD = """
import subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
print(child.pid, flush=True)
child.wait()
"""
WATCHED = """
import os, sys
from pipelines.runners import apart
apart.die_with_parent = lambda: apart.leave_watcher(os.getppid())
apart.main(sys.argv[1:])
"""
"""As where the kernel does not do it."""


@pytest.mark.parametrize("kernel", [True, False], ids=["by the kernel", "by a watcher"])
def test_what_is_started_apart_dies_with_who_started_it(kernel: bool) -> None:  # noqa: FBT001
    """Java of a job server, say, when the program is killed with -9."""
    how = [str(apart.__file__)] if kernel else ["-c", WATCHED]
    asleep = [sys.executable, *how, "sleep", "600"]
    starter = subprocess.Popen([sys.executable, "-c", WITH_A_CHILD, *asleep], stdout=subprocess.PIPE, text=True)
    try:
        assert starter.stdout is not None
        child = psutil.Process(int(starter.stdout.readline()))
        assert soon(lambda: child.name() == "sleep", 15)
        assert os.getsid(child.pid) == child.pid
    finally:
        starter.kill()
        starter.communicate()
    assert soon(lambda: not runs(child), 15)


def runs(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
