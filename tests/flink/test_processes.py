# SPDX-License-Identifier: Apache-2.0
"""Only what was started is stopped, and it is stopped."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.flink import processes

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)",
]


def test_stop_ends_what_was_started(tmp_path: Path) -> None:
    process = processes.start("sleeper", SLEEP, log=tmp_path / "log")
    assert processes.alive(process)
    processes.stop([process])
    assert not processes.alive(process)
    os.waitpid(process.pid, 0)


def test_stop_kills_what_does_not_listen() -> None:
    with subprocess.Popen(STUBBORN, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"deaf\n"
        processes.stop([processes.noted("stubborn", child.pid)], patience=0.3)
    assert child.returncode == -signal.SIGKILL


def test_a_recycled_pid_is_left_alone() -> None:
    with subprocess.Popen(SLEEP) as child:
        ours = processes.noted("sleeper", child.pid)
        earlier = replace(ours, started=ours.started - 1)
        assert not processes.alive(earlier)
        processes.kill(earlier, signal.SIGKILL)
        processes.stop([earlier])
        assert child.poll() is None
        child.kill()


def test_a_zombie_is_not_alive() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        process = processes.noted("short", child.pid)
        assert child.stdin is not None
        child.stdin.write(b"\n")
        child.stdin.close()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert not processes.alive(process)


def test_kill_of_a_pid_that_is_gone_does_nothing() -> None:
    with subprocess.Popen(SLEEP) as child:
        process = processes.noted("sleeper", child.pid)
        child.kill()
    processes.kill(process, signal.SIGTERM)
    with pytest.raises(ProcessLookupError):
        processes.noted("sleeper", child.pid)
