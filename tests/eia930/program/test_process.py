# SPDX-License-Identifier: Apache-2.0
"""Real processes: one that runs, one that has ended and is not yet waited for, and one that is gone."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from eia930.program.process import started


@pytest.fixture
def sleeper() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as child:
        try:
            yield child
        finally:
            child.kill()


def test_it_is_the_same_whoever_looks(sleeper: "subprocess.Popen[bytes]") -> None:
    look = f"from eia930.program.process import started; print(started({sleeper.pid}))"
    seen = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout
    assert float(seen) == started(sleeper.pid)


def test_a_clock_that_is_set_changes_nothing(
    sleeper: "subprocess.Popen[bytes]", monkeypatch: pytest.MonkeyPatch
) -> None:
    before, boot, create_time = started(sleeper.pid), psutil.boot_time, psutil.Process.create_time
    monkeypatch.setattr(psutil, "boot_time", lambda: boot() + 3600)
    monkeypatch.setattr(psutil.Process, "create_time", lambda process: create_time(process) + 3600)
    assert started(sleeper.pid) == before


def test_a_later_process_began_later(sleeper: "subprocess.Popen[bytes]") -> None:
    ours, child = started(os.getpid()), started(sleeper.pid)
    assert ours is not None
    assert child is not None
    assert ours < child


def test_a_zombie_and_a_process_that_is_gone(sleeper: "subprocess.Popen[bytes]") -> None:
    sleeper.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    assert started(sleeper.pid) is None
    sleeper.wait()
    assert started(sleeper.pid) is None
