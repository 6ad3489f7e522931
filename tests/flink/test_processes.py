# SPDX-License-Identifier: Apache-2.0
"""Only what was started is stopped, and it is stopped."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
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


@pytest.fixture
def sleeper() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen(SLEEP) as child:
        try:
            yield child
        finally:
            child.kill()


def test_stop_kills_what_does_not_listen() -> None:
    with subprocess.Popen(STUBBORN, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"deaf\n"
        processes.stop([processes.noted("stubborn", child.pid)], patience=0.3)
    assert child.returncode == -signal.SIGKILL


def test_a_recycled_pid_is_left_alone(sleeper: "subprocess.Popen[bytes]") -> None:
    ours = processes.noted("sleeper", sleeper.pid)
    earlier = replace(ours, since_boot=ours.since_boot - 1)
    assert not processes.alive(earlier)
    processes.kill(earlier, signal.SIGKILL)
    processes.stop([earlier])
    assert sleeper.poll() is None
    assert processes.alive(ours)


def test_a_zombie_is_not_alive(sleeper: "subprocess.Popen[bytes]") -> None:
    process = processes.noted("sleeper", sleeper.pid)
    processes.kill(process, signal.SIGKILL)
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    assert not processes.alive(process)


def test_a_pid_that_is_gone(sleeper: "subprocess.Popen[bytes]") -> None:
    process = processes.noted("sleeper", sleeper.pid)
    sleeper.kill()
    sleeper.wait()
    processes.kill(process, signal.SIGTERM)
    with pytest.raises(ProcessLookupError):
        processes.noted("sleeper", sleeper.pid)
