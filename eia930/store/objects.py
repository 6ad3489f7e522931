# SPDX-License-Identifier: Apache-2.0
"""Files of an output by what they hold: staged under their checksum, put in their places as a whole, kept a while.

    write  ──► objects/<path>.<sha256>  ──publish──►  <path>      named by manifest.json, which is written last
                          ▲                              │
                          └────────── superseded ◄───────┘        kept for who has opened the manifest before

A file is named by path and checksum. Whoever reads one by its manifest finds the bytes at the path or, where a later
publication has put others there, among the objects: so no reader ever sees half a publication, nor a mix of two.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from eia930.store.keys import OBJECTS, object_key
from eia930.store.manifest import MANIFEST, File, decode, read_manifest
from eia930.store.staging import Staging
from eia930.store.storage import Storage

EARLIER = f"{OBJECTS}/earlier"
"""Manifests that were current once, by the moment until which what they name stays."""
_STAMP = "%Y%m%dT%H%M%S.%fZ"


def read_file(storage: Storage, file: File) -> bytes | None:
    """The bytes of a file, wherever they are now; None where they are nowhere, or not as they were written.

    They may go from one place to the other meanwhile: where they are looked for first, they are looked for again.
    """
    here, there = file.path, object_key(file.path, file.sha256)
    for key in (there, here, there) if isinstance(storage, Staging) else (here, there, here):
        try:
            data = storage.get(key)
        except KeyError:
            continue
        if hashlib.sha256(data).hexdigest() == file.sha256:
            return data
    return None


def publish(
    storage: Storage, files: Iterable[File], *, manifest: Callable[[Sequence[File]], bytes], fence: Callable[[], None]
) -> None:
    """Put the staged files in their places and name them by `manifest`, all at once for whoever reads by it.

    A file that is not staged stands at its path already. `fence` is called before every step that others could see: it
    raises where this run may no longer write. What is staged stays so until it is swept: it may be an earlier one's.
    """
    new = {file.path: file for file in files}
    old = {file.path: file for file in read_manifest(storage)}
    fence()
    for path, file in old.items():
        if new.get(path) != file:
            _keep(storage, file)
    staged = {entry.key for entry in storage.list(OBJECTS)}
    for file in new.values():
        if (key := object_key(file.path, file.sha256)) in staged:
            fence()
            storage.link(key, file.path)
    fence()
    storage.put(MANIFEST, manifest(sorted(new.values(), key=lambda file: file.path)))
    storage.delete(*(path for path in old if path not in new))


def remember(storage: Storage, *, until: datetime) -> None:
    """Keep the manifest that is about to be superseded, so that what it names stays for who has opened it."""
    try:
        storage.put(f"{EARLIER}/{until:{_STAMP}}.json", storage.get(MANIFEST))
    except KeyError:
        return


def sweep(storage: Storage, *, now: datetime) -> int:
    """Remove objects that no manifest names which is still remembered, or that have their places; how many.

    For the run that has just published: only then is every file of the manifest known to be at its path.
    """
    needed: set[str] = set()
    for entry in storage.list_own(EARLIER):
        until = _until(entry.key.rsplit("/", 1)[-1].removesuffix(".json"))
        if until is None or now >= until:
            storage.delete(entry.key)
        else:
            needed |= {object_key(file.path, file.sha256) for file in _earlier(storage, entry.key)}
    needed -= {object_key(file.path, file.sha256) for file in read_manifest(storage)}
    gone = [
        entry.key
        for entry in storage.list_own(OBJECTS)
        if not entry.key.startswith(f"{EARLIER}/") and entry.key not in needed
    ]
    storage.delete(*gone)
    return len(gone)


def _earlier(storage: Storage, key: str) -> Sequence[File]:
    """What a kept manifest names; nothing where it is no manifest: nobody could have opened it."""
    try:
        return decode(storage.get(key)).files
    except (KeyError, ValueError):
        return ()


def _until(name: str) -> datetime | None:
    try:
        return datetime.strptime(f"{name}+0000", f"{_STAMP}%z")
    except ValueError:
        return None


def _keep(storage: Storage, file: File) -> None:
    """Have a file among the objects before its path gets other bytes, or none.

    After a publication that was cut off, the path may have other bytes already: then the object is there.
    """
    if storage.exists(object_key(file.path, file.sha256)):
        return
    try:
        whole = hashlib.sha256(storage.get(file.path)).hexdigest() == file.sha256
    except KeyError:
        return
    if whole:
        storage.link(file.path, object_key(file.path, file.sha256))
