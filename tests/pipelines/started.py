# SPDX-License-Identifier: Apache-2.0
"""Programs as processes of their own, of which none outlives its test."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from eia930.emulator import Emulator

KEY = "CANARYcanary0123456789CANARYcanary012345"
ROOT = Path(__file__).resolve().parents[2]
QUESTION = ("--regions=PACW,AVA", "--start=2023-11-01", "--end=2024-02-01", "--formats=parquet")
FAST = ("--requests_per_hour=1000000", "--burst_per_second=1000")
LOAD = ("-m", "pipelines.historical", *QUESTION)


class Started:
    """Starts programs on one output, each in a session of its own; ends those that a test leaves behind."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self._all: list[subprocess.Popen[str]] = []

    def start(
        self, server: Emulator, *words: str, before: Sequence[str] = (), room: int | None = None
    ) -> subprocess.Popen[str]:
        """Start Python with `words`, below the command `before`; no file may have more than `room` bytes."""
        process = subprocess.Popen(
            [*before, sys.executable, *words, f"--api_url={server.url}", f"--output={self.out}"],
            cwd=ROOT,
            env={**os.environ, "EIA_API_KEY": KEY},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=partial(_alone, room),
        )
        self._all.append(process)
        return process

    def stored(self) -> int:
        """Answers with hours; the lists of codes lie beside them."""
        return len([path for path in (self.out / "raw/eia").rglob("*.json.zst") if path.parent.name != "facets"])

    def end(self) -> None:
        for process in self._all:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def _alone(room: int | None) -> None:
    """As in a terminal of its own, also where these tests are told to outlive theirs."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if room:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
