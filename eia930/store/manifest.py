# SPDX-License-Identifier: Apache-2.0
"""Finished files: written whole, with what the manifest says of them."""

import hashlib
from typing import Any

import msgspec

from eia930.store.storage import Storage

MANIFEST = "manifest.json"
SUCCESS = "_SUCCESS"
SERIES = "series.parquet"
CHECKS = "checks.parquet"
CUTS = "blocks.json"
"""What an output remembers of its blocks."""


class File(msgspec.Struct, frozen=True):
    """An entry of `manifest.json`: path below the output, rows (lines, blocks), bytes, sha256."""

    path: str
    rows: int
    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """All finished files of an output, sorted by path. Whoever writes it adds which run and program that is."""

    files: tuple[File, ...]


def put_file(storage: Storage, path: str, data: Any, *, rows: int) -> File:
    """Write a file whole; `data` is anything with a buffer."""
    view = memoryview(data).cast("B")
    file = File(path, rows, view.nbytes, hashlib.sha256(view).hexdigest())
    storage.put_finished(path, view, sha256=file.sha256)
    return file


def read_manifest(storage: Storage, key: str = MANIFEST) -> list[File]:
    """The entries of the manifest, or of the one kept at `key`; none where there is none."""
    try:
        return list(msgspec.json.decode(storage.get(key), type=Manifest).files)
    except (KeyError, msgspec.DecodeError):
        return []
