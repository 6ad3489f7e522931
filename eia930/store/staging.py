# SPDX-License-Identifier: Apache-2.0
"""Writes the files of an output where nobody reads them, until they are published as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from eia930.store.keys import object_key
from eia930.store.storage import Storage


@dataclass(frozen=True)
class Staging(Storage):
    """The same storage; a finished file is staged under its checksum.

    What stands at its path already, to the byte, is not written again.
    """

    @classmethod
    def of(cls, storage: Storage) -> Staging:
        """The storage, as stages write to it."""
        return cls(storage.url)

    def put_finished(self, key: str, data: memoryview, *, sha256: str) -> None:
        """Write a finished file beside what stands."""
        if not self._stands(key, sha256):
            self.put(object_key(key, sha256), data)

    def _stands(self, key: str, sha256: str) -> bool:
        found = self.sha256(key)
        return found is not None and found[0] == sha256
