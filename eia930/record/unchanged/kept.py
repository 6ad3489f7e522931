# SPDX-License-Identifier: Apache-2.0
"""Values beside the files that they tell of, under the name of all that decided both. May be deleted at any time.

Each is one object: version, inputs, sha256 of the value, the value (MessagePack). What is damaged is not there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TypeVar

import msgspec

from eia930.program.reading import from_msgpack
from eia930.store.keys import object_key
from eia930.store.manifest import File
from eia930.store.storage import Storage

_VERSION = 1
T = TypeVar("T")


class _Kept(msgspec.Struct, frozen=True):
    version: int
    inputs: str
    sha256: str
    value: bytes


def kept(storage: Storage, path: str, inputs: str, kind: type[T]) -> T | None:
    """What was kept at a path, where it was made of these inputs; else None."""
    found = newest(storage, path, kind)
    return found[1] if found and found[0] == inputs else None


def newest(storage: Storage, path: str, kind: type[T]) -> tuple[str, T] | None:
    """The inputs of what was kept at a path, and that; None where it is not there, or damaged."""
    found = _found(storage, path)
    if found is None or _sum(found.value) != found.sha256:
        return None
    try:
        return found.inputs, from_msgpack(found.value, kind)
    except msgspec.DecodeError:
        return None


def renew(storage: Storage, path: str, old: object, new: object) -> bool:
    """Put `new` in the place of `old`, of the same inputs, where that is what was kept; whether it was."""
    found = _found(storage, path)
    if found is None or found.value != msgspec.msgpack.encode(old):
        return False
    keep(storage, path, found.inputs, new)
    return True


def keep(storage: Storage, path: str, inputs: str, value: object) -> None:
    """For the next run."""
    told = msgspec.msgpack.encode(value)
    storage.put(path, msgspec.msgpack.encode(_Kept(_VERSION, inputs, _sum(told), told)))


def all_whole(storage: Storage, files: Iterable[File]) -> bool:
    """Whether every file is whole at its path, or staged for one where nothing stands."""
    return all(_is_whole(storage, file) for file in files)


def _found(storage: Storage, path: str) -> _Kept | None:
    """What this version kept at a path."""
    try:
        found = from_msgpack(storage.get(path), _Kept)
    except (KeyError, msgspec.DecodeError):
        return None
    return found if found.version == _VERSION else None


def _is_whole(storage: Storage, file: File) -> bool:
    """What is staged is put over what stands, so it must be whole as well."""
    there, staged = (_sum_of(storage, key) for key in (file.path, object_key(file.path, file.sha256)))
    return there in (None, file.sha256) and staged in (None, file.sha256) and (there or staged) is not None


def _sum_of(storage: Storage, key: str) -> str | None:
    """None where there is no such object."""
    found = storage.sha256(key)
    return found[0] if found else None


def _sum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
