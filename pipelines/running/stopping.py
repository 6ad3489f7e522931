# SPDX-License-Identifier: Apache-2.0
"""Being asked to stop while a run is under way: it finishes what it has begun; hung, it is ended, and all of it.

The first signal asks the run to stop. A second one, or a minute in which it does not end, ends the job on its cluster,
every process that this one has started, and this one.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType

import psutil

from eia930.errors import Interrupted, StorageError
from eia930.program.interrupt import STOPPING, say
from eia930.store.run import Run, ask_to_stop
from eia930.store.storage import Storage

PATIENCE = 60.0
"""Seconds in which a run that was asked to stop ends by itself."""
_CANCEL = 10.0
"""Seconds that a cluster has to take note that a job is cancelled."""


def no_job() -> None:
    """The run is in this process alone: there is no job to cancel."""


@dataclass(slots=True)
class Stopping:
    """Handles the signals of one run. `cancel` ends its job where that is elsewhere; whatever it raises is passed over.

    `patience` seconds after the first signal it is taken for hung.
    """

    storage: Storage
    run: Run
    cancel: Callable[[], None] = no_job
    patience: float = PATIENCE
    asked: bool = field(default=False, init=False)

    def heed(self, number: int, frame: FrameType | None) -> None:
        """The first signal asks the run to stop, the next one ends it."""
        if self.asked:
            self.end()
        # First: whoever reads the line may ask again at once.
        self.asked = True
        watch = threading.Timer(self.patience, self._hung)
        watch.daemon = True
        watch.start()
        say("\nstopping: waiting for what is under way (again to end at once)")
        if number == signal.SIGHUP:
            _let_go_of_terminal()
        with suppress(StorageError):
            # Where the output is away nobody can be told; then the minute ends it.
            ask_to_stop(self.storage, self.run)

    def end(self) -> None:
        """End at once, with all that was started: what is stored is whole."""
        say(f"\nended: {Interrupted.remedy}")
        canceller = threading.Thread(target=self._cancel, daemon=True)
        canceller.start()
        canceller.join(_CANCEL)
        end_children()
        os._exit(130)

    def _hung(self) -> None:
        say(f"stopping: not done after {self.patience:.0f} s")
        self.end()

    def _cancel(self) -> None:
        with suppress(Exception):
            self.cancel()


@contextmanager
def stoppable(stopping: Stopping) -> Iterator[None]:
    """Whoever asks this process to stop asks the run. Interrupted where it failed on the way of stopping."""
    before = {number: signal.getsignal(number) for number in STOPPING}
    for number in STOPPING:
        if number != signal.SIGHUP or before[number] is not signal.SIG_IGN:
            signal.signal(number, stopping.heed)
    try:
        yield
    except Exception:
        # A terminal sends Ctrl-C to Beam's worker processes too: they die of it, and Beam calls that a fault.
        if stopping.asked:
            raise Interrupted("stopped on the way") from None
        raise
    finally:
        for number, handler in before.items():
            if handler is not None:
                signal.signal(number, handler)


def end_children() -> None:
    """Kill every process that this one has started, and theirs: a job server's Java, workers."""
    with suppress(psutil.Error):
        for child in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                child.kill()


def _let_go_of_terminal() -> None:
    """A closed terminal refuses what is written to it: nobody reads on."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            if os.isatty(stream.fileno()):
                os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
