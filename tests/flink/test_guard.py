# SPDX-License-Identifier: Apache-2.0
"""A worker ends with its TaskManager and with its `boot`, however either ends; and leaves no folder behind."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deploy.flink import guard, processes
from deploy.flink.processes import Process
from tests.flink.waiting import soon

# Like Beam's: puts its Python into a process group of its own, and waits for it.
BOOT = """#!{python}
import subprocess, sys
sys.exit(subprocess.run([sys.executable, "-c", {worker!r}, *sys.argv[1:]], process_group=0).returncode)
"""
# Deaf to SIGTERM; tells its parent's pid, its own and the flags once it is.
WORKER = """
import os, pathlib, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
part = pathlib.Path({told!r} + ".part")
part.write_text(" ".join([str(os.getppid()), str(os.getpid()), *sys.argv[1:]]))
part.rename({told!r})
time.sleep(600)
"""
# Starts a worker as a TaskManager does, and goes on.
MANAGER = "import subprocess, sys, time; subprocess.Popen(sys.argv[1:]); time.sleep(600)"


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    (tmp_path / "scratch").mkdir()
    return tmp_path / "scratch"


@pytest.fixture
def manager(tmp_path: Path, scratch: Path) -> Iterator[subprocess.Popen[bytes]]:
    boot = tmp_path / "boot"
    boot.write_text(BOOT.format(python=sys.executable, worker=WORKER.format(told=str(tmp_path / "told"))))
    boot.chmod(0o755)
    command = [sys.executable, "-c", MANAGER, sys.executable, guard.__file__, str(scratch), str(boot), "--id=1-1"]
    with subprocess.Popen(command) as started:
        try:
            yield started
        finally:
            started.kill()


def test_worker_ends_with_a_killed_taskmanager(manager: subprocess.Popen[bytes], tmp_path: Path, scratch: Path) -> None:
    boot, worker, _ = told(tmp_path)
    manager.kill()
    assert soon(lambda: not processes.alive(boot) and not processes.alive(worker))
    assert soon(lambda: not list(scratch.iterdir()))


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGKILL])
def test_worker_ends_with_boot(
    manager: subprocess.Popen[bytes], tmp_path: Path, scratch: Path, sign: signal.Signals
) -> None:
    boot, worker, _ = told(tmp_path)
    processes.kill(boot, sign)
    assert soon(lambda: not processes.alive(worker))
    assert soon(lambda: not list(scratch.iterdir()))
    assert manager.poll() is None


def test_worker_goes_on_while_both_live(manager: subprocess.Popen[bytes], tmp_path: Path, scratch: Path) -> None:
    boot, worker, flags = told(tmp_path)
    (folder,) = scratch.iterdir()
    assert flags == [f"--semi_persist_dir={folder}", "--id=1-1"]
    # Boot is the process that the TaskManager started, so that its signals reach it.
    started = psutil.Process(boot.pid)
    assert started.ppid() == manager.pid
    assert started.cwd() == str(folder)
    assert processes.alive(worker)


def told(folder: Path) -> tuple[Process, Process, list[str]]:
    assert soon((folder / "told").exists)
    boot, worker, *flags = (folder / "told").read_text().split()
    return processes.noted("boot", int(boot)), processes.noted("worker", int(worker)), flags
