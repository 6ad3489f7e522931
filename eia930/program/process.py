# SPDX-License-Identifier: Apache-2.0
"""When a process began, by which a later one with the same id is told apart; on Linux and macOS alike."""

from __future__ import annotations

import psutil


def started(pid: int) -> float | None:
    """Seconds from the boot of this machine to the start of process `pid`; None where none runs or a zombie is left.

    Counted from the boot, so that a clock set anew in between changes nothing; exact to a hundredth of a second.
    """
    try:
        process = psutil.Process(pid)
        if process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
            return None
        return round(process.create_time() - psutil.boot_time(), 2)
    except (psutil.NoSuchProcess, ValueError):
        # A number that no process can have was written by nobody who lives.
        return None
