# SPDX-License-Identifier: Apache-2.0
"""Being asked to stop where a run does not listen for it yet: one line and exit 130. Loads nothing, so it comes first.

Ctrl-C, TERM (a service manager, a container) and HUP (a closed terminal) mean the same.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from types import FrameType

from eia930.errors import Interrupted

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def end_on_interrupt(remedy: str = Interrupted.remedy) -> None:
    """Python's own answer to Ctrl-C is a traceback, and process 1 does not hear TERM at all unless it listens.

    Who ignores a signal (nohup) goes on ignoring it. `remedy` is said at the end.
    """

    def end(number: int, frame: FrameType | None) -> None:
        """End at once: whatever is stored is whole, and what is under way need not be waited for."""
        say(f"\nended: {remedy}")
        os._exit(130)

    for number in STOPPING:
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, end)


def say(line: str) -> None:
    """On stderr, as far as somebody reads it: a terminal that was closed takes no more."""
    with suppress(OSError):
        os.write(sys.stderr.fileno(), f"{line}\n".encode())
