# SPDX-License-Identifier: Apache-2.0
"""Stored files: a stored version is a finished request; what EIA revised stays beside what came first.

    raw/files/<kind>/<half>/<retrieved>.csv.zst    the bytes as served, zstd with checksums
    raw/files/<kind>/<half>/<retrieved>.json       its commit, written last: where from, length, sha256, validators
    raw/files/<kind>/<half>/checked.json           when the server last said that the newest version still stands
    raw/files/<kind>/<half>/refused.json           why the last version was taken back, whose cells could not be read
    raw/files/<kind>/<half>/partial/…              pieces of a version on its way, and which one it is
    columns/files/<sha256[:16]>.parquet            derived by this code, by hash: may be deleted at any time

A .csv.zst without a .json that can be read is whole all the same: its commit was lost, or its writer killed before it.
It is made anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
import zstandard

from eia930.errors import Garbled, Refused, StorageError
from eia930.program.reading import Moment, from_json
from eia930.reference.hours import hour_of
from eia930.sources.files.client import Validators
from eia930.sources.files.contents.columns import Parsed, read_file
from eia930.sources.files.contents.expected import filing, shortfall
from eia930.sources.files.contents.grouping import Group, Records
from eia930.sources.files.contents.looking import Seen, look
from eia930.sources.files.contents.parquet import UNREADABLE, Columns, columns_key, written
from eia930.sources.files.names import FileName
from eia930.store.storage import Storage

ROOT = "raw/files"
STAMP = "%Y%m%dT%H%M%SZ"
_COMMIT = re.compile(r"\d{8}T\d{6}Z\.json", re.ASCII)
BYTES = ".csv.zst"
PIECE = 8 * 2**20
"""Bytes of a file that are kept as one piece on the way: what a kill may lose."""


class Version(msgspec.Struct, frozen=True):
    """One version of a file, as its commit tells it. `at`: when it was retrieved; `rows`: lines below the header."""

    url: str
    size: int
    sha256: str
    etag: str
    last_modified: str
    at: Moment
    rows: int = 0

    @property
    def validators(self) -> Validators:
        """What the server called these bytes."""
        return Validators(self.etag, self.last_modified)


class Checked(msgspec.Struct, frozen=True):
    """When the server last said, by its own clock, that the newest version stands, and what it called it."""

    at: Moment
    etag: str
    last_modified: str
    sha256: str = ""

    def is_of(self, version: Version) -> bool:
        """Whether it speaks of these bytes; earlier programs wrote what the server called them alone."""
        if self.sha256:
            return self.sha256 == version.sha256
        return (self.etag, self.last_modified) == (version.etag, version.last_modified)


class Taken(msgspec.Struct, frozen=True):
    """A version that was taken back: when it was retrieved, and why."""

    at: Moment
    reason: str
    remedy: str


class _Way(msgspec.Struct, frozen=True):
    same: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A version and where it lies: `key` of the bytes."""

    key: str
    version: Version


class Versions:
    """The stored versions of one file."""

    def __init__(self, storage: Storage, file: FileName) -> None:
        self._storage = storage
        self._file = file
        self._folder = f"{ROOT}/{file.folder}"

    def found(self) -> tuple[list[Kept], list[str]]:
        """Finished versions, the oldest first, and keys of commits that are lost or cannot be read.

        Where there are any of these, an older version stands meanwhile, though a newer one had come.
        """
        commits = list(self._commits())
        kept = [Kept(_bytes_of(key), version) for key, version in commits if version is not None]
        return sorted(kept, key=lambda one: (one.version.at, one.key)), [key for key, one in commits if one is None]

    def kept(self) -> list[Kept]:
        """Finished versions, the oldest first; damaged commits are none."""
        return self.found()[0]

    def spoiled(self) -> list[str]:
        """Keys of the commits that cannot be read."""
        return self.found()[1]

    def mend(self, url: str) -> None:
        """Make spoiled commits anew of the bytes that they name; what is spoiled too is forgotten, and comes again."""
        for key in self.spoiled():
            try:
                at = datetime.strptime(key.rpartition("/")[2], f"{STAMP}.json").replace(tzinfo=UTC)
                seen = look(unpacked(self._storage.get(_bytes_of(key))), self._file)
            except (KeyError, ValueError, zstandard.ZstdError, Garbled, Refused):
                self._storage.delete(f"{self._folder}/checked.json", key, _bytes_of(key))
            else:
                version = Version(url, seen.size, seen.sha256, "", "", at=at, rows=seen.rows)
                self._storage.put(key, msgspec.json.encode(version))

    def _commits(self) -> Iterator[tuple[str, Version | None]]:
        """Keys of commits, and what they say; None where that cannot be read, or the bytes have none."""
        names = {entry.key for entry in self._storage.list(self._folder)}
        for key in sorted(names | {commit_of(name) for name in names if name.endswith(BYTES)}):
            if _COMMIT.fullmatch(key.removeprefix(f"{self._folder}/")):
                with suppress(KeyError):
                    yield key, _version(self._storage.get(key)) if key in names else None

    def known(self) -> Validators | None:
        """What the server last called the newest version's bytes; None where it spoke of others."""
        checked, kept = self.checked(), self.kept()
        if checked is None or (kept and not checked.is_of(kept[-1].version)):
            return None
        return Validators(checked.etag, checked.last_modified)

    def checked(self) -> Checked | None:
        """What the server last said; where it is not of the newest version here, a newer one is gone."""
        with suppress(KeyError, msgspec.DecodeError):
            return from_json(self._storage.get(f"{self._folder}/checked.json"), Checked)
        return None

    def asked_at(self) -> datetime | None:
        """When the server was last asked whether the newest version stands, by the storage's clock."""
        entries = self._storage.list(self._folder)
        return next((one.modified for one in entries if one.key == f"{self._folder}/checked.json"), None)

    def check(self, at: datetime, validators: Validators, version: Version) -> None:
        """Note that the newest version, this one, stands."""
        checked = Checked(at, validators.etag, validators.last_modified, version.sha256)
        self._storage.put(f"{self._folder}/checked.json", msgspec.json.encode(checked))
        self._storage.delete(f"{self._folder}/refused.json")

    def add(self, at: datetime, url: str, validators: Validators, seen: Seen) -> Kept:
        """Make a version of the pieces: bytes, then its commit. The same bytes again are no second one.

        It is the newest, whatever a server says whose clock went back: it came after the others.
        """
        newest = self.kept()[-1:]
        if newest and newest[0].version.sha256 == seen.sha256:
            self.check(at, validators, newest[0].version)
            self.forget()
            return newest[0]
        at = max([at, *(one.version.at + timedelta(seconds=1) for one in newest)])
        key = self._free(at)
        with self._storage.writing(key) as out:
            for piece in self._pieces():
                out.write(self._storage.get(piece))
        version = Version(url, seen.size, seen.sha256, validators.etag, validators.last_modified, at=at, rows=seen.rows)
        self._storage.put(commit_of(key), msgspec.json.encode(version))
        self.check(at, validators, version)
        self.forget()
        return Kept(key, version)

    def _free(self, at: datetime) -> str:
        """Where a version's bytes go."""
        names = {entry.key for entry in self._storage.list(self._folder)}
        while f"{self._folder}/{at.strftime(STAMP)}.json" in names:
            at += timedelta(seconds=1)
        return f"{self._folder}/{at.strftime(STAMP)}.csv.zst"

    def columns(self, kept: Kept) -> Columns:
        """The columns of a version, made anew from its bytes where they are gone, damaged, or of another code."""
        try:
            columns = Columns(self._storage.opened(columns_key(kept.version.sha256)))
        except UNREADABLE:
            return self._anew(kept)
        # The same bytes under another name may be none of its hours: reading them by this name says so.
        return columns if columns.account.name == self._file.name else self._anew(kept)

    def records(self, kept: Kept, group: Group) -> tuple[Columns, Records | None]:
        """The same, and the records of one group; made anew where these are damaged."""
        columns = self.columns(kept)
        try:
            return columns, columns.records(*group)
        except UNREADABLE:
            columns = self._anew(kept)
            return columns, columns.records(*group)

    def _anew(self, kept: Kept) -> Columns:
        key = columns_key(kept.version.sha256)
        self._storage.put(key, memoryview(written(self.parsed(kept))).cast("B"))
        return Columns(self._storage.opened(key))

    def parsed(self, kept: Kept) -> Parsed:
        """A version's bytes once more. StorageError where they are not the ones that were served."""
        try:
            parsed = read_file(unpacked(self._storage.get(kept.key)), self._file)
        except (KeyError, zstandard.ZstdError) as error:
            raise StorageError(f"{kept.key} is damaged ({error})", remedy=_AGAIN) from None
        if parsed.account.sha256 != kept.version.sha256:
            raise StorageError(f"{kept.key} is not what was served", remedy=_AGAIN)
        return parsed

    # What a worker found who read the cells.

    def warnings(self, kept: Kept) -> list[str]:
        """What is odd about a version, in words."""
        account = self.columns(kept).account
        lacking = shortfall(self._file, account, hour_of(kept.version.at), filing())
        return [*account.warnings, *filter(None, [lacking])]

    def take_back(self, kept: Kept, reason: str, remedy: str) -> None:
        """A version whose cells cannot be read is none: it is asked for again by the next load."""
        self._storage.put(f"{self._folder}/refused.json", msgspec.json.encode(Taken(kept.version.at, reason, remedy)))
        self._storage.delete(f"{self._folder}/checked.json", commit_of(kept.key), kept.key)

    def taken_back(self) -> Taken | None:
        """The last that was, if the server has not been heard since."""
        with suppress(KeyError, msgspec.DecodeError, msgspec.ValidationError):
            taken = from_json(self._storage.get(f"{self._folder}/refused.json"), Taken)
            return None if any(one.version.at > taken.at for one in self.kept()) else taken
        return None

    # What is on its way.

    def begun(self) -> tuple[str, int]:
        """Of which bytes (their validator) pieces lie here, and how many bytes they hold; ("", 0) where none do."""
        with suppress(KeyError, msgspec.DecodeError, msgspec.ValidationError):
            way = from_json(self._storage.get(f"{self._folder}/partial/way.json"), _Way)
            return way.same, self._length()
        return "", 0

    def begin(self, same: str) -> None:
        """Forget what is on its way and begin another."""
        self.forget()
        self._storage.put(f"{self._folder}/partial/way.json", msgspec.json.encode(_Way(same)))

    def piece(self, start: int, data: bytes) -> None:
        """Keep bytes from `start` on."""
        packer = zstandard.ZstdCompressor(level=3, write_checksum=True)
        name = f"{start:012}_{start + len(data):012}.zst"
        self._storage.put(f"{self._folder}/partial/{name}", packer.compress(data))

    def forget(self) -> None:
        """Remove what is on its way, the name of it last."""
        keys = [entry.key for entry in self._storage.list(f"{self._folder}/partial")]
        self._storage.delete(*sorted(keys))

    def whole(self) -> Seen:
        """The pieces as a file, looked at; where that leaves a doubt, read. Garbled or Refused where they are none."""
        seen = look(_Joined(self._storage, self._pieces()), self._file)
        if seen.doubtful:
            read_file(_Joined(self._storage, self._pieces()), self._file)
        return seen

    def _pieces(self) -> list[str]:
        """Keys of the pieces that follow each other from the first byte on."""
        found, end = [], 0
        for entry in self._storage.list(f"{self._folder}/partial"):
            name = entry.key.rpartition("/")[2]
            if name.endswith(".zst") and int(name[:12]) == end:
                found.append(entry.key)
                end = int(name[13:25])
        return found

    def _length(self) -> int:
        pieces = self._pieces()
        return int(pieces[-1].rpartition("/")[2][13:25]) if pieces else 0


def _bytes_of(commit: str) -> str:
    return commit.removesuffix(".json") + BYTES


def commit_of(key: str) -> str:
    """The commit of a version's bytes."""
    return key.removesuffix(BYTES) + ".json"


def _version(data: bytes) -> Version | None:
    try:
        return from_json(data, Version)
    except msgspec.DecodeError:
        return None


_AGAIN = "delete it and its .json, then run the same command again: it is asked for once more"


class _Joined:
    """Pieces one after the other, as one stream."""

    def __init__(self, storage: Storage, keys: list[str]) -> None:
        self._chunks = _chunks(storage, keys)
        self._left = b""

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes."""
        if not self._left:
            self._left = next(self._chunks, b"")
        cut = len(self._left) if size < 0 else size
        data, self._left = self._left[:cut], self._left[cut:]
        return data


def _chunks(storage: Storage, keys: list[str]) -> Iterator[bytes]:
    for key in keys:
        yield zstandard.ZstdDecompressor().decompress(storage.get(key), max_output_size=2 * PIECE)


def unpacked(data: bytes) -> zstandard.ZstdDecompressionReader:
    """A stored version's bytes as they were served."""
    return zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True)
