# SPDX-License-Identifier: Apache-2.0
"""A whole output, moved or restored, held against its manifest; its stored answers against their own checksums.

Nothing is written. Files pass in pieces, several at once: memory is a few megabytes, whatever the output's size.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TypeVar

import zstandard

from eia930.account.published import unfinished
from eia930.account.stored import REPORT, require_whole
from eia930.errors import UsageError
from eia930.sources.api.folds.held import held_of
from eia930.sources.api.folds.shelf import is_archive
from eia930.sources.api.folds.verifying import fault_in, names_in
from eia930.sources.api.responses import ROOT, opens, unpack
from eia930.sources.members import SOURCES
from eia930.sources.source import HeldAgainst
from eia930.store.manifest import MANIFEST, SUCCESS, File, decode, read_manifest
from eia930.store.storage import Entry, Storage

T = TypeVar("T")
_THREADS = 16
"""A bucket answers slowly, and many at once."""
_FOLDERS = ("tidy", "avro", "rejects", "revisions", "blocks", "tfds")
"""What the manifest speaks of, besides single files at the root."""
_BLOCKS = ("blocks/", "tfds/")
_CUT = (*_BLOCKS, "series.parquet")
_ROOM = {"s3": "aws s3 rm", "gs": "gcloud storage rm"}


@dataclass(frozen=True, slots=True)
class Fault:
    """One file that is not as it was written: what is wrong with it, and the command that mends it."""

    path: str
    what: str
    mend: str


@dataclass(frozen=True, slots=True)
class Parts:
    """What an output has to be held against: its manifest's files, and the names of stored answers.

    `answers` has each of them once, those in `archives` too; `objects` are the API's that lie by themselves, `others`
    those of other sources.
    """

    files: tuple[File, ...]
    answers: frozenset[str]
    objects: tuple[Entry, ...]
    archives: tuple[Entry, ...]
    others: tuple[tuple[type[HeldAgainst], str], ...]


def parts_of(storage: Storage) -> Parts:
    """What there is to verify. UsageError where there is no output of a load, or nothing to hold it against."""
    require_whole(storage)
    files = tuple(read_manifest(storage))
    stored = storage.list(ROOT)
    archives = tuple(one for one in stored if is_archive(one.key))
    objects = tuple(one for one in stored if one.key.endswith(".json.zst"))
    others = tuple((kind, key) for kind in _sources() for key in kind.stored(storage))
    folded = (name for one in archives for name in names_in(storage, one))
    answers = frozenset((*(one.key for one in objects), *folded, *(key for _, key in others)))
    if not files and not answers and not archives and not any(storage.exists(name) for name in (MANIFEST, REPORT)):
        raise UsageError(f"--output {storage.place}: no load has written there")
    return Parts(files, answers, objects, archives, others)


def faults(storage: Storage, parts: Parts) -> Iterator[Fault]:
    """Everything that differs: first what the load says of itself, then its files, extra ones, and its answers."""
    yield from _whole(storage, parts)
    yield from _each(lambda file: _file(storage, file), parts.files)
    yield from _each(lambda one: _folder(storage, *one), _folders(parts).items())
    yield from _extra(storage, {file.path for file in parts.files})
    yield from _each(lambda one: _answer(storage, one), parts.objects)
    yield from _each(lambda one: _other(storage, *one), parts.others)
    yield from _each(lambda one: _archive(storage, one), parts.archives)


def _each(look: Callable[[T], Fault | None], these: Iterable[T]) -> Iterator[Fault]:
    with ThreadPoolExecutor(_THREADS) as pool:
        yield from (found for found in pool.map(look, these) if found is not None)


def _whole(storage: Storage, parts: Parts) -> Iterator[Fault]:
    if not parts.files:
        yield Fault(MANIFEST, "is missing or damaged", _load(storage))
    elif not storage.exists(REPORT):
        yield Fault(REPORT, "is missing", _load(storage))
    elif why := unfinished(storage):
        yield Fault(SUCCESS, f"is missing: {why}", _load(storage))


def _file(storage: Storage, file: File) -> Fault | None:
    """One file of the manifest; None where every byte is as it was written."""
    found = storage.sha256(file.path)
    if found is None:
        return Fault(file.path, "is missing", _again(storage, file.path))
    sha256, size = found
    if size != file.bytes:
        return Fault(file.path, f"has {size:,} bytes where {file.bytes:,} were written", _again(storage, file.path))
    if sha256 != file.sha256:
        return Fault(file.path, "is changed: its sha256 is another", _again(storage, file.path))
    return None


def _folders(parts: Parts) -> dict[str, set[File]]:
    """The folders of blocks, and what the manifest of each has to name: the root's names all files but these."""
    blocks = [(PurePosixPath(one.path), one) for one in parts.files if one.path.startswith(_BLOCKS)]
    folders = {str(path.parent): set[File]() for path, _ in blocks if path.name == "layout.json"}
    for path, one in blocks:
        if (folder := str(path.parent)) in folders:
            folders[folder].add(File(path.name, one.rows, one.bytes, one.sha256))
    return folders


def _folder(storage: Storage, folder: str, named: set[File]) -> Fault | None:
    """A folder's own manifest, without which no reader opens it; None where it names what the root's does."""
    path = f"{folder}/{MANIFEST}"
    try:
        same = set(decode(storage.get(path)).files) == named
    except KeyError:
        return Fault(path, "is missing", _again(storage, path))
    except ValueError:
        return Fault(path, "is damaged", _again(storage, path))
    return None if same else Fault(path, f"names other files than {MANIFEST} of the output", _again(storage, path))


def _extra(storage: Storage, known: set[str]) -> Iterator[Fault]:
    keys = (entry.key for folder in _FOLDERS for entry in storage.list(folder))
    # A folder of blocks has a manifest of its own, which `_folder` looks at.
    found = (key for key in keys if not key.endswith(f"/{MANIFEST}"))
    yield from (Fault(key, "is not in the manifest", _remove(storage, key)) for key in found if key not in known)


def _answer(storage: Storage, one: Entry) -> Fault | None:
    """One stored answer of the API's: its checksum lies in the file, and so does what it answers."""
    # Short answers, which settle no hours, lie in a folder of their own.
    held = None if "/counts/" in one.key else held_of(one)
    try:
        data = storage.get(one.key)
        if held and opens(data, held):
            return None
        unpack(data)
    except KeyError:
        return None  # a run at work has replaced it since it was listed
    except zstandard.ZstdError:
        return Fault(one.key, "is damaged: its checksum differs", _load(storage))
    return Fault(one.key, "is another answer than its name and folder say", _load(storage)) if held else None


def _other(storage: Storage, source: type[HeldAgainst], key: str) -> Fault | None:
    """One stored answer of another source, which knows its own."""
    found = source.fault(storage, key)
    return Fault(key, *found) if found else None


def _sources() -> Iterator[type[HeldAgainst]]:
    """The sources that know their stored answers, each once."""
    yield from (kind for kind in dict.fromkeys(SOURCES.values()) if issubclass(kind, HeldAgainst))


def _archive(storage: Storage, one: Entry) -> Fault | None:
    """An archive of stored answers; a load keeps what is whole in it, and asks for the rest."""
    why = fault_in(storage, one)
    return Fault(one.key, why, f"put it back from a backup; or {_load(storage)}") if why else None


def _again(storage: Storage, path: str) -> str:
    if path.startswith(_CUT):
        return f"python -m pipelines.blocks --output={shlex.quote(storage.place)} with the cuts that it had"
    return _load(storage)


def _load(storage: Storage) -> str:
    return f"python -m pipelines.historical --output={shlex.quote(storage.place)} with the flags of its load"


def _remove(storage: Storage, key: str) -> str:
    if storage.path is not None:
        return f"rm {shlex.quote(str(storage.path / key))}"
    return f"{_ROOM.get(storage.url.partition(':')[0], 'remove')} {shlex.quote(f'{storage.url}/{key}')}"
