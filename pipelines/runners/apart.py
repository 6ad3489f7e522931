# SPDX-License-Identifier: Apache-2.0
"""Becomes another program in a session of its own, which ends when whoever started it ends, in whatever way.

`python apart.py COMMAND …`: a terminal sends Ctrl-C to every process of its session, and not to this one. It is run by
its path: it imports nothing of ours.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from contextlib import suppress

_PR_SET_PDEATHSIG = 1
_LOOK_EVERY = 0.5


def main(command: list[str]) -> None:
    """Never returns."""
    starter = os.getppid()
    os.setsid()
    if sys.platform == "linux":
        die_with_parent()
    else:
        leave_watcher(starter)
    # Whoever died before that was heard of tells nobody.
    if os.getppid() != starter:
        sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606 - the caller's own program


def die_with_parent() -> None:
    """Have the kernel kill this process, whatever it becomes, when its parent ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))


def leave_watcher(starter: int) -> None:
    """A process that looks now and then, where the kernel knows no such thing (macOS)."""
    import psutil

    me = os.getpid()
    if os.fork():
        return
    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    with suppress(psutil.NoSuchProcess):
        watched = psutil.Process(me)
        while watched.is_running() and watched.ppid() == starter:
            time.sleep(_LOOK_EVERY)
        watched.kill()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
