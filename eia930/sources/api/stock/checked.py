# SPDX-License-Identifier: Apache-2.0
"""Which stored responses are known to be whole, so that a later run need not unpack them to know it again.

    raw/checked/<route>/<respondent>.json   name, size, checksum of the packed bytes, when it was written

On a disk the packed bytes are still read and summed: what rots there keeps its time. A bucket keeps its objects whole,
so there size and time are enough. Whatever is not known, or differs, is opened. May be deleted at any time.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from itertools import groupby
from threading import Lock

import msgspec

from eia930.program.reading import from_json
from eia930.question.span import Span
from eia930.sources.api.folds.held import Held
from eia930.sources.api.folds.shelf import packed_bytes
from eia930.sources.api.responses import opens
from eia930.store.storage import Storage

ROOT = "raw/checked"


class _Known(msgspec.Struct, frozen=True, array_like=True):
    """`written` in Unix seconds, as a listing of the bucket told it; 0 where none did yet, and on a disk."""

    size: int
    crc: int
    written: float = 0.0


class Checked:
    """What is known of the responses of one respondent in one route."""

    def __init__(self, storage: Storage, span: Span) -> None:
        self._storage = storage
        self._path = _path(span)
        self._lock = Lock()
        self._known = self._read()
        self._was = dict(self._known)

    def whole(self, held: Held) -> bool:
        """Whether a stored response is as it was written, and settles the hours that its name says."""
        return not self.damaged([held])

    def damaged(self, some: Iterable[Held]) -> list[Held]:
        """Those of them that are not. An archive is read once, however many lie in it."""
        bad = []
        for archive, members in groupby(sorted(some, key=_archive), _archive):
            unknown = [one for one in members if not self._unchanged(one)]
            data = self._read_archive(archive) if archive and unknown else None
            bad += [one for one in unknown if not self._whole(one, data)]
        return bad

    def _unchanged(self, held: Held) -> bool:
        """Whether a bucket's listing says that it is what it was; a disk's says nothing."""
        known, written = self._known.get(held.key), self._written(held)
        return bool(known and known.size == held.size and written and known.written == written)

    def _written(self, held: Held) -> float:
        """When a bucket says it was; 0 on a disk, whose clock says nothing of a file's bytes."""
        return held.modified.timestamp() if self._storage.path is None else 0.0

    def _read_archive(self, key: str) -> bytes | None:
        try:
            return self._storage.get(key)
        except KeyError:
            return None

    def _whole(self, held: Held, archive: bytes | None) -> bool:
        known, place = self._known.get(held.key), held.place
        try:
            if place is None or archive is None:
                data = packed_bytes(self._storage, held)
            else:
                data = archive[place.begin : place.begin + held.size]
        except (KeyError, ValueError):
            return False
        crc = zlib.crc32(data)
        same = known is not None and known.size == held.size and known.crc == crc
        if not same and not opens(data, held):
            return False
        self._known[held.key] = _Known(len(data), crc, self._written(held))
        return True

    def checksum(self, held: Held) -> str | None:
        """Of the packed bytes, as a fetch has found or written them; None where nothing of that size is known."""
        known = self._known.get(held.key)
        return f"{known.crc:08x}" if known and known.size == held.size else None

    def wrote(self, key: str, data: bytes) -> None:
        """A response was checked and packed to these bytes: what is read next time must be the same."""
        with self._lock:
            self._known[key] = _Known(len(data), zlib.crc32(data))

    def keep(self, there: Sequence[Held]) -> None:
        """Forget what is no longer there."""
        keys = {one.key for one in there}
        self._known = {key: known for key, known in self._known.items() if key in keys}

    def write(self) -> None:
        """Write down what is known, where that is news."""
        if self._known != self._was:
            self._storage.put(self._path, msgspec.json.encode(dict(sorted(self._known.items()))))
            self._was = dict(self._known)

    def _read(self) -> dict[str, _Known]:
        try:
            return from_json(self._storage.get(self._path), dict[str, _Known])
        except (KeyError, msgspec.DecodeError):
            return {}


def _archive(held: Held) -> str:
    return held.place.archive if held.place else ""


def forget(storage: Storage, span: Span) -> None:
    """Take nothing for whole: each response is opened once more."""
    storage.delete(_path(span))


def _path(span: Span) -> str:
    return f"{ROOT}/{span.route}/{span.respondent}.json"
