# SPDX-License-Identifier: Apache-2.0
"""Finished files: written whole, with what the manifest says of them."""

import hashlib
from typing import Any

import msgspec

from eia930.errors import UsageError
from eia930.program.reading import from_json
from eia930.store.storage import Storage, names_one

MANIFEST = "manifest.json"
SUCCESS = "_SUCCESS"
SERIES = "series.parquet"
CHECKS = "checks.parquet"
CUTS = "blocks.json"
"""What an output remembers of its blocks."""
_NEVER = ("raw/", "columns/", "objects/", "report/", MANIFEST, SUCCESS, "report.json")
"""What is none of the files that a load finishes."""
ANEW = (
    f"put it back as it was; or remove {MANIFEST}, report.json and {SUCCESS}, and the next load makes them anew from "
    "raw/, with nothing that it would have remembered by them"
)
"""What to do where one of the three is lost."""


class File(msgspec.Struct, frozen=True):
    """An entry of `manifest.json`: path below the output, rows (lines, blocks), bytes, sha256."""

    path: str
    rows: int
    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """All finished files of an output, sorted by path, and whose hours they hold (`eia930.store.origin`).

    Whoever writes it adds which run and program that is.
    """

    files: tuple[File, ...]
    origin: str = ""


def put_file(storage: Storage, path: str, data: Any, *, rows: int) -> File:
    """Write a file whole; `data` is anything with a buffer."""
    view = memoryview(data).cast("B")
    file = File(path, rows, view.nbytes, hashlib.sha256(view).hexdigest())
    storage.put_finished(path, view, sha256=file.sha256)
    return file


def read_manifest(storage: Storage) -> list[File]:
    """The entries of the manifest; none where no load has published yet. UsageError as for `read_whole`."""
    manifest = read_whole(storage)
    return list(manifest.files) if manifest else []


def read_whole(storage: Storage) -> Manifest | None:
    """The manifest; None where no load has published yet.

    UsageError where it is damaged, or missing in a finished output: what it named would be taken for nothing.
    """
    try:
        return decode(storage.get(MANIFEST))
    except KeyError:
        if storage.exists(SUCCESS):
            raise UsageError(f"{storage.place}/{MANIFEST} is missing, though {SUCCESS} is there", ANEW) from None
        return None
    except ValueError as wrong:
        raise UsageError(f"{storage.place}/{MANIFEST} is damaged ({wrong})", ANEW) from None


def decode(data: bytes) -> Manifest:
    """The manifest that bytes are. ValueError where they are none, or name what no load finishes: by it files go."""
    manifest = from_json(data, Manifest)
    for file in manifest.files:
        if file.path.startswith(_NEVER) or not names_one(file.path):
            raise ValueError(f"it names {file.path[:80]!r}")
    return manifest
