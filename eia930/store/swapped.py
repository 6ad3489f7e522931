# SPDX-License-Identifier: Apache-2.0
"""A small object that many programs change, one after the other, on a disk and in a bucket alike.

    <folder>/0000000041    what it was
    <folder>/0000000042    what it is: created only if absent, so of many callers exactly one has made it

No lock is held: whoever is killed leaves nothing behind that another would wait for. The last 64 stay, so that a
number does not come again while somebody who has read an older one is still on the way: who is overtaken by more than
that may believe to have won, and must tell by what it wrote (a moment long past) that it has not.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from eia930.store.storage import Storage

_KEPT = 64
_NUMBER = re.compile(r"\d{10}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Swapped:
    """The object in a folder that is its own."""

    storage: Storage
    folder: str

    def read(self) -> bytes | None:
        """What it is now; None where nobody has written it. StorageError where the storage refuses."""
        return self._latest()[1]

    def change(self, to: Callable[[bytes | None], bytes]) -> bytes:
        """Make of it what `to` makes of what it is, and return that.

        Each of many callers at once changes what the one before it made: `to` is called again where another was
        faster. `to` must give each caller bytes of its own: a bucket may have written them and lost the answer.
        """
        while True:
            number, old = self._latest()
            new = to(old)
            if self.storage.create(self._key(number + 1), new):
                self.storage.delete(*(key for n, key in self._found() if n <= number - _KEPT))
                return new

    def _latest(self) -> tuple[int, bytes | None]:
        while found := self._found():
            number, key = max(found)
            try:
                return number, self.storage.get(key)
            except KeyError:
                # Two others have changed it since we listed.
                continue
        return 0, None

    def _found(self) -> list[tuple[int, str]]:
        names = ((entry.key.rsplit("/", 1)[-1], entry.key) for entry in self.storage.list(self.folder))
        return [(int(name), key) for name, key in names if _NUMBER.fullmatch(name)]

    def _key(self, number: int) -> str:
        return f"{self.folder}/{number:010d}"
