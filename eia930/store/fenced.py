# SPDX-License-Identifier: Apache-2.0
"""An output as one stage of a run has it: what it says of itself is read once, and whoever was followed writes no more.

A process that was stopped (SIGSTOP, a frozen machine, a partition) may go on at any step, long after another run has
ended. So each write looks at the lease, unless it was looked at within half a second: for longer than that nobody who
has been away can write.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from eia930.store import lease
from eia930.store.keys import says_of_itself
from eia930.store.run import Run
from eia930.store.storage import Storage

_FRESH = 0.5
"""Seconds for which a look at the lease counts; a following run takes longer to begin."""


@dataclass(frozen=True)
class Look(Storage):
    """The same storage as it is now: its account, its manifest and its origin are each read once.

    For a while in which nobody else changes them, or in which it would not matter; what is written through it is seen.
    """

    @classmethod
    def now(cls, storage: Storage) -> Look:
        """The storage, as it is from now on."""
        return cls(storage.url)

    def get(self, key: str) -> bytes:
        """The object's bytes. KeyError if there is none."""
        if not says_of_itself(key):
            return super().get(key)
        if key not in self._seen:
            try:
                self._seen[key] = super().get(key)
            except KeyError:
                self._seen[key] = None
        if (data := self._seen[key]) is None:
            raise KeyError(key)
        return data

    def put(self, key: str, data: bytes | memoryview) -> None:
        """Write an object whole, over an older one."""
        self._seen.pop(key, None)
        super().put(key, data)
        if says_of_itself(key):
            self._seen[key] = bytes(data)

    def create(self, key: str, data: bytes) -> bool:
        """Write an object only if there is none; False if there is one."""
        self._seen.pop(key, None)
        return super().create(key, data)

    def delete(self, *keys: str) -> None:
        """Remove objects; one that is not there is no error."""
        for key in keys:
            self._seen.pop(key, None)
        super().delete(*keys)

    def link(self, key: str, to: str) -> None:
        """Have an object under a second key as well, over what is there. KeyError if there is none."""
        self._seen.pop(to, None)
        super().link(key, to)

    @cached_property
    def _seen(self) -> dict[str, bytes | None]:
        """What was read; None where there was nothing."""
        return {}


@dataclass(frozen=True)
class Fenced(Look):
    """The same storage, for one run. Whatever changes it raises Superseded once another run has followed."""

    run: str

    @classmethod
    def of(cls, storage: Storage, run: Run) -> Fenced:
        """The storage, as stages of a run write what others see."""
        return cls(storage.url, run.id)

    def __getstate__(self) -> dict[str, Any]:
        return {"url": self.url, "run": self.run}

    def put(self, key: str, data: bytes | memoryview) -> None:
        """Write an object whole, over an older one."""
        self._look()
        super().put(key, data)

    def create(self, key: str, data: bytes) -> bool:
        """Write an object only if there is none; False if there is one."""
        self._look()
        return super().create(key, data)

    def delete(self, *keys: str) -> None:
        """Remove objects; one that is not there is no error."""
        for key in keys:
            self._look()
            super().delete(key)

    def link(self, key: str, to: str) -> None:
        """Have an object under a second key as well, over what is there. KeyError if there is none."""
        self._look()
        super().link(key, to)

    def drop_empty_folders(self, *folders: str) -> None:
        """Remove what deleting leaves on a local disk."""
        self._look()
        super().drop_empty_folders(*folders)

    @cached_property
    def _looked(self) -> list[float]:
        """When the lease was last looked at, in seconds that never go back."""
        return []

    def _look(self) -> None:
        now = time.monotonic()
        if not self._looked or now - self._looked[-1] > _FRESH:
            lease.require_latest(self, "run", self.run)
            self._looked[:] = [now]
