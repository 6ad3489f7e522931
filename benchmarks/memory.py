# SPDX-License-Identifier: Apache-2.0
"""The most memory that a process has held so far."""

from pathlib import Path


def peak_kib(pid: int | str = "self") -> int:
    """KiB of that program alone: getrusage begins with the size of the process that started it. 0 once it has ended."""
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(lines.get("VmHWM", "0").split()[0])
