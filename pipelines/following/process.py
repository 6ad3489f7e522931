# SPDX-License-Identifier: Apache-2.0
"""An update is a process of its own: its memory goes when it ends, and what ends it does not end who follows."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event
from typing import Protocol

PATIENCE = 8.0
"""Seconds that an update has to end by itself once it is asked to. What is stored is whole either way."""
_LOOK = 0.1


@dataclass(frozen=True, slots=True)
class Ended:
    """How an update ended: exit code (negative: by this signal), and the last line that it said on stderr."""

    code: int
    said: str


class Updating(Protocol):
    """Runs one load with these flags to its end."""

    def __call__(self, flags: Sequence[str]) -> Ended:
        """The load's end."""


@dataclass(frozen=True, slots=True)
class UpdateProcess:
    """`python -m pipelines.historical`, asked to stop where `stop` is set, and ended where it does not."""

    stop: Event

    def __call__(self, flags: Sequence[str]) -> Ended:
        """Run it; its end."""
        command = [sys.executable, "-m", "pipelines.historical", *flags]
        with tempfile.TemporaryFile() as said:
            # A session of its own: Ctrl-C on a terminal comes to who follows, who hands it on once.
            process = subprocess.Popen(  # noqa: S603 - this program, with the flags that it was given
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said, start_new_session=True
            )
            code = self._ended(process)
            said.seek(0)
            lines = [line for line in said.read().decode("utf-8", "replace").splitlines() if line.strip()]
        told = [line for line in lines if line.startswith(("error: ", "stopped: "))] or lines
        return Ended(code, told[-1] if told else "")

    def _ended(self, process: subprocess.Popen[bytes]) -> int:
        while (code := process.poll()) is None:
            if not self.stop.wait(_LOOK):
                continue
            process.send_signal(signal.SIGINT)
            try:
                return process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                return process.wait()
        return code
