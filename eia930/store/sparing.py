# SPDX-License-Identifier: Apache-2.0
"""Writes into a finished output so that it stands until the first file comes that differs from what is there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from threading import Event
from typing import Any

from eia930.store.manifest import CHECKS, SERIES
from eia930.store.storage import Storage

_FILES = ("tidy/", "avro/", "rejects/", "blocks/", "tfds/", SERIES, CHECKS)
"""What a manifest speaks of."""


@dataclass(frozen=True)
class Sparing(Storage):
    """The same storage. Before a file is changed or removed, `marks` go, in this order: they tell of other files.

    A file that is written again as it is changes nothing.
    """

    marks: tuple[str, ...] = ()

    @classmethod
    def of(cls, storage: Storage, marks: tuple[str, ...]) -> Sparing:
        """The storage, with what says that its files are whole."""
        return cls(storage.url, marks)

    @cached_property
    def _spoiled(self) -> Event:
        """Set once no mark stands: none comes back before all is written."""
        return Event()

    def __getstate__(self) -> dict[str, Any]:
        return {"url": self.url, "marks": self.marks}

    def put(self, key: str, data: bytes | memoryview) -> None:
        """Write an object whole, over an older one."""
        if key.startswith(_FILES) and self._stands() and not self._is(key, bytes(data)):
            self._spoil()
        super().put(key, data)

    def delete(self, *keys: str) -> None:
        """Remove objects; one that is not there is no error."""
        if self._stands() and any(key.startswith(_FILES) and self.exists(key) for key in keys):
            self._spoil()
        super().delete(*keys)

    def _stands(self) -> bool:
        if not self._spoiled.is_set() and not any(map(self.exists, self.marks)):
            self._spoiled.set()
        return not self._spoiled.is_set()

    def _spoil(self) -> None:
        super().delete(*self.marks)
        self._spoiled.set()
