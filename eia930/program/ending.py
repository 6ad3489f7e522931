# SPDX-License-Identifier: Apache-2.0
"""How a program ends, whoever reads what it says. Loads nothing, so that it can come first."""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Callable
from typing import NoReturn

PIPE_CLOSED = 128 + signal.SIGPIPE
"""The exit code by which shells know a program whose reader went away."""


def end_with(main: Callable[[], int]) -> NoReturn:
    """Exit with what `main` returns; without a word where nobody reads on (`… | head -3`)."""
    try:
        try:
            code: int | str | None = main()
        except SystemExit as end:
            code = end.code
        # Here, not when Python shuts down: there it could only complain.
        sys.stdout.flush()
    except BrokenPipeError:
        if not _silenced():
            raise
        sys.exit(PIPE_CLOSED)
    sys.exit(code)


def _silenced() -> bool:
    """Point what nobody reads to where nobody has to; whether there was any such stream.

    See https://docs.python.org/3/library/signal.html#note-on-sigpipe.
    """
    unread = [stream.fileno() for stream in (sys.stdout, sys.stderr) if _unread(stream.fileno())]
    for descriptor in unread:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, descriptor)
        os.close(nowhere)
    return bool(unread)


def _unread(descriptor: int) -> bool:
    # To write again would tell nothing: what failed is dropped from the buffer.
    poll = select.poll()
    poll.register(descriptor, 0)
    return bool(poll.poll(0))
