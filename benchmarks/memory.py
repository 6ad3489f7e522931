# SPDX-License-Identifier: Apache-2.0
"""The most memory that a process has held so far."""

import sys
from pathlib import Path

import psutil


def peak_kib(pid: int | None = None) -> int:
    """KiB of that program alone (this one without `pid`); 0 once it has ended.

    getrusage begins with the size of the process that started it, and psutil knows no peak: Linux's own figure is
    read. Elsewhere it is what the process holds now, which says less.
    """
    if sys.platform != "linux":
        return int(psutil.Process(pid).memory_info().rss) // 1024
    status = Path(f"/proc/{pid or 'self'}/status").read_text()
    lines = dict(line.split(":", 1) for line in status.splitlines())
    return int(lines.get("VmHWM", "0").split()[0])
