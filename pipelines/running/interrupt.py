# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C where a run does not listen for it yet: one line and exit 130. Loads nothing, so that it can come first."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

from eia930.errors import Interrupted


def end(number: int, frame: FrameType | None) -> None:
    """End at once: whatever is stored is whole, and what is under way need not be waited for."""
    print(f"\nended: {Interrupted.remedy}", file=sys.stderr, flush=True)
    os._exit(130)


def end_on_interrupt() -> None:
    """Python's own answer to Ctrl-C is a traceback. Who ignores the signal (nohup) goes on ignoring it."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, end)
