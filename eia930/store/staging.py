# SPDX-License-Identifier: Apache-2.0
"""Writes the files of an output where nobody reads them, until they are published as a whole."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from eia930.store.manifest import CHECKS, CUTS, SERIES, File
from eia930.store.objects import object_key
from eia930.store.storage import Storage

FILES = ("tidy/", "avro/", "rejects/", "blocks/", "tfds/", SERIES, CHECKS, CUTS)
"""What a manifest speaks of."""


@dataclass(frozen=True)
class Staging(Storage):
    """The same storage; a file of a manifest is staged under its checksum.

    What stands at its path already, to the byte, is not written again.
    """

    @classmethod
    def of(cls, storage: Storage) -> Staging:
        """The storage, as stages write to it."""
        return cls(storage.url)

    def put(self, key: str, data: bytes | memoryview) -> None:
        """Write an object whole, over an older one; a file of a manifest beside what stands."""
        if not key.startswith(FILES):
            super().put(key, data)
        elif not self._is(key, bytes(data)):
            file = File(key, 0, len(data), hashlib.sha256(data).hexdigest())
            super().put(object_key(file), data)
