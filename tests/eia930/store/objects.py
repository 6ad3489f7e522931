# SPDX-License-Identifier: Apache-2.0
"""What any storage does with objects, on a disk as on a bucket."""

import pytest

from eia930.store.storage import Storage


def require_they_come_back(storage: Storage) -> None:
    """What is written is had, listed and removed."""
    storage.put("a/b.json", b"1")
    storage.put("a/b.json", memoryview(b"22"))
    assert storage.get("a/b.json") == b"22"
    assert storage.exists("a/b.json")
    (entry,) = storage.list("a")
    assert (entry.key, entry.size) == ("a/b.json", 2)
    storage.delete("a/b.json", "a/gone")
    assert not storage.exists("a/b.json")
    assert storage.list("a") == storage.list("nowhere") == []
    with pytest.raises(KeyError):
        storage.get("a/b.json")


def require_parts(storage: Storage) -> None:
    """Any part of an object is had, and no more than it has."""
    storage.put("a/b", b"0123456789")
    storage.settle("a/b")
    assert (storage.part("a/b", 2, 3), storage.part("a/b", 9, 1), storage.part("a/b", 3, 0)) == (b"234", b"9", b"")
    for first, length in ((8, 5), (-1, 2)):
        with pytest.raises(ValueError, match="a/b has no bytes"):
            storage.part("a/b", first, length)
    with pytest.raises(KeyError):
        storage.part("a/c", 0, 1)
