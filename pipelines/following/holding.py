# SPDX-License-Identifier: Apache-2.0
"""Who follows holds the output for as long as it does, between its updates too: never two at once."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from eia930.errors import StorageError, Superseded
from eia930.store import lease
from eia930.store.storage import Storage

_BEAT = 8.0
"""Seconds: less than half of the silence that ends a lease, and few enough writes for a bucket."""


@contextmanager
def following(storage: Storage, lost: threading.Event) -> Iterator[None]:
    """Hold the output as the one who follows. Superseded names another. `lost` is set where another has taken over."""
    owner = lease.Owner.here(uuid.uuid4().hex)
    storage.reach()
    held = lease.acquire(storage, "follow", owner, take_over=False, pause=time.sleep)
    done = threading.Event()

    def beat() -> None:
        while True:
            try:
                held.beat()
            except Superseded:
                lost.set()
                return
            except StorageError:
                # It may come back; whoever else comes then waits for our silence first.
                pass
            if done.wait(_BEAT):
                return

    thread = threading.Thread(target=beat, name="follow", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        with suppress(StorageError):
            held.release()
