# SPDX-License-Identifier: Apache-2.0
"""How a program ends, whoever reads what it says. Loads nothing, so that it can come first."""

from __future__ import annotations

import errno
import io
import os
import select
import signal
import sys
from collections.abc import Callable
from typing import NoReturn

PIPE_CLOSED = 128 + signal.SIGPIPE
"""The exit code by which shells know a program whose reader went away."""

_UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG)


def end_with(main: Callable[[], int]) -> NoReturn:
    """Exit with what `main` returns; without a word where nobody reads on (`… | head -3`).

    Where what is printed cannot be written (a full disk below `>log`), one line says so: exit 3.
    """
    _open_closed()
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
    except OSError as error:
        if error.filename is not None or error.errno not in _UNWRITABLE:
            raise
        _drop(sys.stdout.fileno())
        print(f"error: cannot write: {error.strerror}; what is stored is kept", file=sys.stderr)
        sys.exit(3)
    sys.exit(code)


def _open_closed() -> None:
    """What is said to a stream that the caller has closed (`>&-`) goes nowhere."""
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115 - for as long as the program lives
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    # A letter that a terminal of another encoding lacks is no reason to end: it is written as on stderr.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _silenced() -> bool:
    """Point what nobody reads to where nobody has to; whether there was any such stream.

    See https://docs.python.org/3/library/signal.html#note-on-sigpipe.
    """
    unread = [stream.fileno() for stream in (sys.stdout, sys.stderr) if _unread(stream.fileno())]
    for descriptor in unread:
        _drop(descriptor)
    return bool(unread)


def _drop(descriptor: int) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _unread(descriptor: int) -> bool:
    # To write again would tell nothing: what failed is dropped from the buffer.
    poll = select.poll()
    poll.register(descriptor, 0)
    return bool(poll.poll(0))
