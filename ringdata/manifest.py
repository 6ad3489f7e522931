# SPDX-License-Identifier: Apache-2.0
"""What a folder of blocks says of its own files, and reading those that are small against it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from ringdata.errors import DamagedFile, MissingFile, Unreachable
from ringdata.files import Files
from ringdata.kept import kept_file
from ringdata.layout import Layout

MANIFEST = "manifest.json"
LAYOUT = "layout.json"
SEQUENCES = "sequences.parquet"
LOOKS = 3
"""A look at both places finds a file at neither only where a whole publication came between."""
AGAIN = "run the pipeline again, or copy the folder again from where it is whole"


@dataclass(frozen=True, slots=True)
class Entry:
    """What the manifest says of a file."""

    rows: int
    """Blocks; 0 where it holds none."""
    size: int
    sha256: str

    @classmethod
    def of(cls, data: Any, rows: int) -> "Entry":
        """What is to be said of these bytes."""
        view = memoryview(data).cast("B")
        return cls(rows, view.nbytes, hashlib.sha256(view).hexdigest())


def write_manifests(listed: Mapping[str, Entry]) -> dict[str, bytes]:
    """A manifest for each folder of blocks, by path: of the files `listed` by path, those that lie in it.

    Write them when all else stands: a folder without one is not opened.
    """
    folders = sorted(str(PurePosixPath(path).parent) for path in listed if PurePosixPath(path).name == LAYOUT)
    return {f"{folder}/{MANIFEST}": _written(listed, PurePosixPath(folder)) for folder in folders}


def read_entries(content: bytes) -> dict[str, Entry]:
    """What a manifest says, by file name; ValueError, KeyError or TypeError where it is none."""
    listed = json.loads(content)["files"]
    return {file["path"]: Entry(file["rows"], file["bytes"], file["sha256"]) for file in listed}


def _written(listed: Mapping[str, Entry], folder: PurePosixPath) -> bytes:
    held = {PurePosixPath(path).name: one for path, one in listed.items() if PurePosixPath(path).parent == folder}
    files = [{"path": n, "rows": e.rows, "bytes": e.size, "sha256": e.sha256} for n, e in sorted(held.items())]
    return json.dumps({"files": files}, indent=1).encode() + b"\n"


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder whose manifest and layout were read."""

    files: Files
    layout: Layout
    manifest: Mapping[str, Entry]
    written: bytes
    """`manifest.json` as it was read."""

    def read(self, name: str) -> bytes:
        """The whole of a file, wherever the output has it. DamagedFile where its sha256 is not the manifest's."""
        return read_named(self.files, name, self.manifest[name])

    def look_elsewhere(self, name: str) -> bool:
        """Have a file read from where the output keeps it, or from its place again; whether it is worth another try."""
        entry = self.manifest.get(name)
        kept = None if entry is None else kept_file(self.files.real_root, name, entry.sha256)
        if entry is None or kept is None:
            return False
        for path in (kept, self.files.root / name):  # at its place again, where the one before was published anew
            if self.files.infos([path])[0].size == entry.size:
                self.files.turn(name, path)
                return True
        return False


def read_named(files: Files, name: str, entry: Entry) -> bytes:
    """The whole of a file by what the manifest says of it: from its place, or from where the output keeps it."""
    for left in reversed(range(LOOKS)):
        try:
            return _at_its_place(files, name, entry)
        except (DamagedFile, MissingFile, Unreachable):  # so says a client of what goes while it is read
            kept = _kept(files, name, entry)
            if kept is not None:
                return kept
            if not left or kept_file(files.real_root, name, entry.sha256) is None:
                raise
    raise AssertionError("a last look raises")


def _at_its_place(files: Files, name: str, entry: Entry) -> bytes:
    place = files.root / name
    content = files.read(place)
    found = hashlib.sha256(content).hexdigest()
    if found != entry.sha256:
        raise DamagedFile(f"{place} has sha256 {found} where {MANIFEST} has {entry.sha256}; {AGAIN}")
    return content


def _kept(files: Files, name: str, entry: Entry) -> bytes | None:
    """What the output keeps of a file that is not at its place; None where it keeps none."""
    path = kept_file(files.real_root, name, entry.sha256)
    if path is None:
        return None
    try:
        content = files.read(path)
    except MissingFile:
        return None
    return content if hashlib.sha256(content).hexdigest() == entry.sha256 else None
