# SPDX-License-Identifier: Apache-2.0
"""A lease held by a program for as long as it works: a thread beats it, whatever the program itself waits for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from eia930.errors import StorageError, Superseded
from eia930.store import lease
from eia930.store.storage import Storage


def _nobody() -> None:
    """Whoever writes looks at the lease itself."""


@contextmanager
def holding(
    storage: Storage,
    name: str,
    owner: lease.Owner,
    *,
    every: float = lease.BEAT,
    lost: Callable[[], None] = _nobody,
) -> Iterator[None]:
    """Hold the lease `name` from the first beat to the end. Superseded names another who holds it.

    A beat every so many seconds, less than `lease.SILENCE`; `lost()` is called once where another has taken over.
    """
    held = lease.acquire(storage, name, owner, take_over=False, pause=time.sleep)
    done = threading.Event()

    def beat() -> None:
        while True:
            try:
                held.beat()
            except Superseded:
                lost()
                return
            except StorageError:
                # It may come back; whoever else comes then waits for our silence first.
                pass
            if done.wait(every):
                return

    thread = threading.Thread(target=beat, name=f"holding {name}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        held.release()
