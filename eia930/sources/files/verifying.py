# SPDX-License-Identifier: Apache-2.0
"""Stored six-month files held against their commits, byte for byte, in pieces."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec
import zstandard

from eia930.program.reading import from_json
from eia930.sources.files.versions import BYTES, PIECE, ROOT, Version, commit_of, unpacked
from eia930.store.storage import Storage

_BACK = "put it back from a backup; or remove it and its .json, and run the load again"
_OTHERS = ("checked.json", "refused.json")


def versions(storage: Storage) -> Iterator[str]:
    """The key of every version, of which bytes or commit lie there: `raw/files/<kind>/<half>/<retrieved>.csv.zst`."""
    found = set()
    for entry in storage.list(ROOT):
        path = entry.key.removeprefix(f"{ROOT}/").split("/")
        if len(path) == 3 and path[2].endswith((".json", BYTES)) and path[2] not in _OTHERS:
            found.add(entry.key.removesuffix(".json").removesuffix(BYTES) + BYTES)
    yield from sorted(found)


def fault_of(storage: Storage, version: str) -> tuple[str, str] | None:
    """What is wrong with the bytes of a version, and what mends it; None where they are those that its commit names."""
    why = _differs(storage, version, commit_of(version))
    return (why, _BACK) if why else None


def _differs(storage: Storage, key: str, commit: str) -> str:
    try:
        version = from_json(storage.get(commit), Version)
    except KeyError:
        # A run at work may have taken it back since it was listed.
        return f"has no commit: {commit} is missing" if storage.exists(key) else ""
    except (msgspec.DecodeError, msgspec.ValidationError):
        return f"has no commit that can be read: {commit} is damaged"
    digest, size = hashlib.sha256(), 0
    try:
        with unpacked(storage.get(key)) as served:
            while piece := served.read(PIECE):
                digest.update(piece)
                size += len(piece)
    except KeyError:
        return "is missing"
    except zstandard.ZstdError:
        return "is damaged: its checksum differs"
    same = (size, digest.hexdigest()) == (version.size, version.sha256)
    return "" if same else "is not what its commit names: its sha256 is another"
