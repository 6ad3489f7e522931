# SPDX-License-Identifier: Apache-2.0
"""Stored six-month files held against their commits, byte for byte, in pieces."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec
import zstandard

from eia930.program.reading import from_json
from eia930.sources.files.versions import PIECE, ROOT, Version, unpacked
from eia930.store.storage import Storage

_BACK = "put it back from a backup; or remove it and its .json, and run the load again"
_OTHERS = ("checked.json", "refused.json")


def versions(storage: Storage) -> Iterator[str]:
    """The key of every version that has a commit: `raw/files/<kind>/<half>/<retrieved>.csv.zst`."""
    for entry in storage.list(ROOT):
        path = entry.key.removeprefix(f"{ROOT}/").split("/")
        if len(path) == 3 and path[2].endswith(".json") and path[2] not in _OTHERS:
            yield entry.key.removesuffix(".json") + ".csv.zst"


def fault_of(storage: Storage, version: str) -> tuple[str, str] | None:
    """What is wrong with the bytes of a version, and what mends it; None where they are those that its commit names."""
    why = _differs(storage, version, version.removesuffix(".csv.zst") + ".json")
    return (why, _BACK) if why else None


def _differs(storage: Storage, key: str, commit: str) -> str:
    try:
        version = from_json(storage.get(commit), Version)
    except KeyError:
        return ""  # a run at work has taken it back since it was listed
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
