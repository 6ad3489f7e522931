# SPDX-License-Identifier: Apache-2.0
"""Who follows holds the output for as long as it does, between its updates too: never two at once."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from eia930.store import lease
from eia930.store.holding import holding
from eia930.store.storage import Storage

_BEAT = 8.0
"""Seconds: less than half of the silence that ends a lease, and few enough writes for a bucket."""


@contextmanager
def following(storage: Storage, lost: threading.Event) -> Iterator[None]:
    """Hold the output as the one who follows. Superseded names another. `lost` is set where another has taken over."""
    owner = lease.Owner.here(uuid.uuid4().hex)
    storage.reach()
    with holding(storage, "follow", owner, every=_BEAT, lost=lost.set):
        yield
