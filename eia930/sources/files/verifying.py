# SPDX-License-Identifier: Apache-2.0
"""Stored six-month files held against their commits, byte for byte, in pieces."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec
import zstandard

from eia930.sources.files.versions import PIECE, ROOT, Version, unpacked
from eia930.store.storage import Storage

FILES = ROOT
_OTHERS = ("checked.json", "refused.json")


def commits(storage: Storage) -> Iterator[str]:
    """The key of every version's commit: `raw/files/<kind>/<half>/<retrieved>.json`."""
    for entry in storage.list(ROOT):
        path = entry.key.removeprefix(f"{ROOT}/").split("/")
        if len(path) == 3 and path[2].endswith(".json") and path[2] not in _OTHERS:
            yield entry.key


def fault_of(storage: Storage, commit: str) -> str:
    """What is wrong with the bytes of a version; nothing where they are those that its commit names."""
    try:
        version = msgspec.json.decode(storage.get(commit), type=Version)
    except KeyError:
        return ""  # a run at work has taken it back since it was listed
    except (msgspec.DecodeError, msgspec.ValidationError):
        return f"has no commit that can be read: {commit} is damaged"
    digest, size = hashlib.sha256(), 0
    try:
        with unpacked(storage.get(commit.removesuffix(".json") + ".csv.zst")) as served:
            while piece := served.read(PIECE):
                digest.update(piece)
                size += len(piece)
    except KeyError:
        return "is missing"
    except zstandard.ZstdError:
        return "is damaged: its checksum differs"
    same = (size, digest.hexdigest()) == (version.size, version.sha256)
    return "" if same else "is not what its commit names: its sha256 is another"
