# SPDX-License-Identifier: Apache-2.0
"""What is stored for a respondent, wherever it lies: objects of their own, and members of archives.

    raw/eia/<route>/<respondent>/<name>.json.zst                          a response
    raw/eia/<route>/<respondent>/folded.<how many>.<of its sha256>.zip    many of them, each under its own name

A response is one under one name, however often it lies there: an object of its own goes before one in an archive.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from eia930.sources.api.folds.archive import Member, Packed, archive, contents, directory, salvaged, sha256_of
from eia930.sources.api.folds.held import Held, Place, held_of
from eia930.store.storage import Entry, Storage

_NAME = re.compile(r"folded\.(\d{1,9})\.[0-9a-f]{16}\.zip", re.ASCII)
_MANY = 16
_LOOKS = 5
"""How often a folder is listed anew where archives went while they were read."""


@dataclass(frozen=True, slots=True)
class Fold:
    """An archive. `lost` of its responses cannot be found; where the directory is damaged it is not `whole`."""

    entry: Entry
    members: tuple[Member, ...]
    lost: int
    whole: bool

    def read(self, storage: Storage) -> dict[str, Packed]:
        """Its responses that are as they were written, by name. KeyError where it is gone."""
        return contents(storage.get(self.entry.key), self.members)


@dataclass(frozen=True, slots=True)
class Shelf:
    """One listing of a respondent's folder. `loose`: the responses that are objects of their own, by name."""

    folder: str
    loose: Mapping[str, Held]
    folds: tuple[Fold, ...]

    @classmethod
    def of(cls, storage: Storage, folder: str) -> Shelf:
        """As it is now; objects that are neither responses nor archives are passed over."""
        for _ in range(_LOOKS):
            entries = storage.list(folder)
            try:
                folds = tuple(fold_of(storage, one) for one in entries if is_archive(one.key))
            except KeyError:
                continue  # put into a larger one since the folder was listed
            return cls(folder, {held.name: held for one in entries if (held := held_of(one))}, folds)
        raise KeyError(folder)

    def held(self) -> list[Held]:
        """Each response once, in order."""
        folded = {held.name: held for held in self._folded()}
        return sorted((folded | dict(self.loose)).values(), key=lambda one: one.order)

    def old_small(self, before: datetime, largest: int) -> list[Held]:
        """Objects of their own that lie in no archive, were written before then, and are no larger; oldest first."""
        folded = {one.name for fold in self.folds for one in fold.members}
        loose = (one for name, one in self.loose.items() if name not in folded)
        some = (one for one in loose if one.modified < before and one.size <= largest)
        return sorted(some, key=lambda one: (one.modified, one.key))

    @property
    def doubled(self) -> set[str]:
        """Names of what lies there more than once."""
        seen = set(self.loose)
        twice: set[str] = set()
        for one in (one for fold in self.folds for one in fold.members):
            (twice if one.name in seen else seen).add(one.name)
        return twice

    def _folded(self) -> Iterator[Held]:
        for fold in self.folds:
            for one in fold.members:
                entry = Entry(f"{self.folder}/{one.name}", one.size, one.modified)
                if held := held_of(entry, Place(fold.entry.key, one.begin)):
                    yield held


def packed_bytes(storage: Storage, held: Held) -> bytes:
    """A stored response as it was packed, also where it was moved since it was listed. KeyError where it is gone."""
    try:
        return _bytes(storage, held)
    except KeyError:
        shelf = Shelf.of(storage, held.key.rpartition("/")[0])
        for now in shelf.held():
            if now.key == held.key:
                return _bytes(storage, now)
        raise


def packed_each(storage: Storage, folder: str, keys: Collection[str]) -> Iterator[tuple[Held, bytes]]:
    """Responses of a folder as they were packed, those of an archive together; what is gone is passed over."""
    left = set(keys)
    # What was moved between the listing and the reading is found by another one.
    for _ in range(2 if left else 0):
        places: dict[str | None, list[Held]] = {}
        for held in Shelf.of(storage, folder).held():
            if held.key in left:
                places.setdefault(held.place.archive if held.place else None, []).append(held)
        for archive_key, some in places.items():
            for held, data in _together(storage, archive_key, some):
                left.discard(held.key)
                yield held, data
        if not left:
            return


def _together(storage: Storage, archive_key: str | None, some: Sequence[Held]) -> Iterator[tuple[Held, bytes]]:
    """An archive of which much is wanted is read as a whole: on a bucket each part of it is a request."""
    whole = b""
    if archive_key and len(some) >= _MANY:
        try:
            whole = bytes(storage.get(archive_key))
        except KeyError:
            return
    for held in some:
        try:
            begin = held.place.begin if held.place else 0
            yield held, whole[begin : begin + held.size] if whole else _bytes(storage, held)
        except KeyError:
            continue


def put_archive(storage: Storage, folder: str, answers: Mapping[str, Packed]) -> str:
    """Write responses as one archive, under a name that no other has; its key."""
    data = archive(answers)
    key = f"{folder}/folded.{len(answers)}.{sha256_of(data)[:16]}.zip"
    storage.put(key, data)
    return key


def fold_of(storage: Storage, entry: Entry) -> Fold:
    """An archive, with as much of it as can be found. KeyError where it is gone."""
    found = directory(lambda first, length: storage.part(entry.key, first, length), entry.size)
    if found is not None:
        return Fold(entry, found, 0, whole=True)
    rest = salvaged(storage.get(entry.key))
    named = _NAME.fullmatch(_last(entry.key))
    return Fold(entry, rest, max(0, int(named[1]) - len(rest)) if named else 0, whole=False)


def is_archive(key: str) -> bool:
    """Whether an object is an archive of responses, by its name."""
    return _NAME.fullmatch(_last(key)) is not None


def _bytes(storage: Storage, held: Held) -> bytes:
    place = held.place
    return storage.part(place.archive, place.begin, held.size) if place else storage.get(held.key)


def _last(key: str) -> str:
    return key.rsplit("/", 1)[-1]
