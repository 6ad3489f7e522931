# SPDX-License-Identifier: Apache-2.0
"""Processes that outlive the command that started them, told apart from later ones with the same pid."""

import os
import signal
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from eia930.program.process import started


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A process by name, pid and `since_boot`, the seconds from boot to its start: a recycled pid never matches."""

    name: str
    pid: int
    since_boot: float


def start(name: str, command: list[str], *, log: Path, environment: Mapping[str, str] | None = None) -> Process:
    """Start `command` in a session of its own, its output appended to `log`; `environment` besides this one's."""
    output = (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    nothing = (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)
    both = (os.POSIX_SPAWN_DUP2, 1, 2)
    actions = [nothing, output, both]
    pid = os.posix_spawnp(command[0], command, {**os.environ, **(environment or {})}, file_actions=actions, setsid=True)
    return noted(name, pid)


def noted(name: str, pid: int) -> Process:
    """The process that has `pid` now. Raises ProcessLookupError where none has."""
    since_boot = started(pid)
    if since_boot is None:
        raise ProcessLookupError(f"{name}: no process has pid {pid}")
    return Process(name=name, pid=pid, since_boot=since_boot)


def alive(process: Process) -> bool:
    """Whether this very process still runs; a zombie does not."""
    return started(process.pid) == process.since_boot


def kill(process: Process, sign: signal.Signals) -> None:
    """Send `sign` to this very process, or do nothing where it is gone."""
    with suppress(psutil.NoSuchProcess):
        # Held before it is compared: psutil refuses to signal another process that has come to the pid since.
        held = psutil.Process(process.pid)
        if alive(process):
            held.send_signal(sign)


def stop(processes: Iterable[Process], *, patience: float = 10.0) -> None:
    """Ask all to end, wait `patience` seconds, then kill; returns when none runs."""
    running = [process for process in processes if alive(process)]
    for sign in (signal.SIGTERM, signal.SIGKILL):
        for process in running:
            kill(process, sign)
        running = _left_after(running, patience)
    if running:
        names = ", ".join(f"{process.name} ({process.pid})" for process in running)
        raise TimeoutError(f"still running after SIGKILL: {names}")


def _left_after(processes: list[Process], patience: float) -> list[Process]:
    deadline = time.monotonic() + patience
    while (left := [process for process in processes if alive(process)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left
