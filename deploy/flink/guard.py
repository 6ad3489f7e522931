# SPDX-License-Identifier: Apache-2.0
"""Becomes Beam's `boot`, and leaves a watcher that ends the SDK worker when its TaskManager or `boot` ends.

Beam stops a worker only from inside a living TaskManager, and `boot` starts a worker that failed again: a
TaskManager killed outright would leave one that goes on sending requests.
"""

import os
import select
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

GRACE_SECONDS = 0.2


def main(arguments: list[str]) -> None:
    """`guard.py SCRATCH BOOT [flags for boot]`: SCRATCH holds one folder a worker, removed with it."""
    scratch, boot, *flags = arguments
    manager = os.getppid()
    os.setsid()
    folder = tempfile.mkdtemp(prefix="worker-", dir=scratch)
    # In a container the TaskManager may be process 1: then the kernel ends everything with it.
    if manager > 1:
        _leave_watcher(manager, os.getpid(), Path(folder))
    # boot writes a file into the working directory, the same for every worker.
    os.chdir(folder)
    os.execv(boot, [boot, f"--semi_persist_dir={folder}", *flags])  # noqa: S606


def _leave_watcher(manager: int, boot: int, folder: Path) -> None:
    handles = [os.pidfd_open(manager), os.pidfd_open(boot)]
    if os.fork():
        for handle in handles:
            os.close(handle)
        return
    os.setsid()
    _let_go_of_output()
    select.select(handles, [], [])
    _end_session(boot)
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


def _let_go_of_output() -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)


def _end_session(session: int) -> None:
    """Ask every process of the session to end, then kill until none is left."""
    sign = signal.SIGTERM
    while members := _members(session):
        for pid in members:
            _send(pid, sign)
        time.sleep(GRACE_SECONDS)
        sign = signal.SIGKILL


def _members(session: int) -> list[int]:
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if _session_of(pid) == session]


def _session_of(pid: int) -> int | None:
    """The session of a running process; None where it is gone or a zombie."""
    try:
        state, _parent, _group, session = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:4]
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if state in "ZX" else int(session)


def _send(pid: int, sign: signal.Signals) -> None:
    try:
        os.kill(pid, sign)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    main(sys.argv[1:])
