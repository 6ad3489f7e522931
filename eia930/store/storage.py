# SPDX-License-Identifier: Apache-2.0
"""One way to read and write a folder and a bucket alike.

An object is there whole or not at all; a key is never also a prefix; nothing is renamed or appended to.
Only the URL travels between processes: credentials come from the environment of whoever connects.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path, PurePosixPath
from threading import Event
from typing import Any
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, from_url

from eia930.errors import StorageError
from eia930.program.reading import plain
from eia930.store.keys import url_of

PATIENCE = timedelta(seconds=15)
"""How long a bucket that does not answer is asked again, each time: shorter than the silence that ends a lease."""
BRIEFLY = timedelta(seconds=2)
"""How long where nothing is known of the bucket yet, or it did not answer all the time before."""
_SLOWEST = timedelta(seconds=60)
"""That one answer, or the largest file on its way, may take."""
_PIECE = 2**20
_PART = 8 * 2**20
"""Bytes of a large object that are written at a time."""
_STAGED = re.compile(r"#\d+$")
_CEREMONY = re.compile(r"^.*Error performing (\w+ [^\s?]+)\S* in .*? - (HTTP error: )?")
"""What a client of buckets says before it says what is wrong; the method and the URL are kept."""
_CODE = re.compile(r"<Code>(\w+)</Code>")
"""What a server of buckets calls its refusal, in an answer of XML: `NoSuchBucket`."""
_NO_OBJECT = (FileNotFoundError, IsADirectoryError, NotADirectoryError)
"""What a disk says of a name that is none of a file."""
_FULL = ("No space left", "Disk quota", "os error 28", "os error 122")
_BUCKET_REMEDY = (
    "check the bucket's name, that its server answers, and the credentials in the environment (for S3: "
    "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL); then run the same command again: "
    "what is stored is kept"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """An object's key, relative to the storage's root, its size in bytes, and when it was written."""

    key: str
    size: int
    modified: datetime


@dataclass(frozen=True)
class Storage:
    """A folder (`/data`, `file:///data`) or a bucket (`s3://bucket/prefix`, `gs://…`, `az://…`)."""

    url: str

    @classmethod
    def at(cls, place: str, *, flag: str = "--output") -> Storage:
        """From what a user types after `flag`; a relative path becomes absolute. UsageError for an unknown scheme."""
        return cls(url_of(place, flag))

    @cached_property
    def path(self) -> Path | None:
        """The folder on this host, None for a bucket."""
        parts = urlsplit(self.url)
        return Path(unquote(parts.path)) if parts.scheme == "file" else None

    @property
    def place(self) -> str:
        """The folder, or a bucket's URL: what a user would type."""
        return str(self.path or self.url)

    @property
    def _absent(self) -> bool:
        """Whether nothing is here yet: reading makes no folder, only writing does."""
        return self.path is not None and not self.path.exists()

    @cached_property
    def _store(self) -> Any:
        return self._connected(PATIENCE)

    @cached_property
    def _brief(self) -> Any:
        return self._connected(BRIEFLY)

    @cached_property
    def _gone(self) -> Event:
        """Set where the last use failed: those that follow have little patience, until one succeeds."""
        return Event()

    def _connected(self, patience: timedelta) -> Any:
        """A client; a server without TLS is one that the user has named as such."""
        if self.path is not None:
            return LocalStore(str(self.path), mkdir=True)
        return from_url(
            self.url,
            client_options={
                "allow_http": True,
                "connect_timeout": timedelta(seconds=3),
                "timeout": min(_SLOWEST, 4 * patience),
            },
            retry_config={"retry_timeout": patience, "backoff": {"max_backoff": BRIEFLY}, "max_retries": 100},
        )

    @contextmanager
    def _using(self, key: str = "") -> Iterator[Any]:
        """The client; one line for whatever it says, without its debug tail."""
        with self._in_a_line(key):
            yield self._brief if self._gone.is_set() else self._store

    @contextmanager
    def _in_a_line(self, key: str) -> Iterator[None]:
        what = f"{self.url}/{key}" if key else self.url
        try:
            yield
        except (BaseError, OSError) as error:
            self._gone.set()
            said = _said(str(error))
            remedy = _BUCKET_REMEDY if self.path is None else _folder_remedy(said)
            raise StorageError(f"cannot use {what}: {said}", remedy=remedy) from None
        self._gone.clear()

    def reach(self) -> None:
        """Look at a bucket once, with little patience: StorageError says in seconds that it cannot be used."""
        if self.path is None:
            self._gone.set()
            with self._using() as store:
                next(iter(obstore.list(store, chunk_size=1)), None)

    def __getstate__(self) -> dict[str, Any]:
        return {"url": self.url}

    def sha256(self, key: str) -> tuple[str, int] | None:
        """The sum of an object and its bytes, without having it whole in memory; None where there is none."""
        total, size = hashlib.sha256(), 0
        try:
            for piece in self.pieces(key):
                total.update(piece)
                size += len(piece)
        except KeyError:
            return None
        return total.hexdigest(), size

    def put(self, key: str, data: bytes | memoryview) -> None:
        """Write an object whole, over an older one."""
        with self._using(key) as store:
            obstore.put(store, key, data)

    def put_finished(self, key: str, data: memoryview, *, sha256: str) -> None:
        """Write a finished file, whose checksum is known, where readers look for it."""
        self.put(key, data)

    def create(self, key: str, data: bytes) -> bool:
        """Write an object only if there is none; False if there is one. Exactly one of many callers wins.

        `data` must be the caller's own: a bucket may have written it and lost the answer, and what is written then
        tells whose it is.
        """
        with self._using(key) as store:
            try:
                obstore.put(store, key, data, mode="create")
            except AlreadyExistsError:
                return self.path is None and self._is(key, data)
            return True

    def _is(self, key: str, data: bytes) -> bool:
        try:
            return self.get(key) == data
        except KeyError:
            return False

    def get(self, key: str) -> bytes:
        """The object's bytes. KeyError if there is none."""
        _require_name(key)
        if self.path is not None:
            return self._read(self.path, key)
        with self._using(key) as store:
            try:
                return bytes(obstore.get(store, key).bytes())
            except FileNotFoundError:
                raise KeyError(key) from None

    def _read(self, folder: Path, key: str, first: int = 0, length: int = -1) -> bytes:
        """From a disk, without a client between: of many small objects that took four fifths of the time."""
        with self._in_a_line(key):
            try:
                with plain(folder / key) as file:
                    if first:
                        file.seek(first)
                    return file.read(length)
            except _NO_OBJECT:
                raise KeyError(key) from None

    def part(self, key: str, first: int, length: int) -> bytes:
        """`length` bytes of an object from `first` on. KeyError if there is none; ValueError where it ends before."""
        _require_name(key)
        if first < 0 or length < 0:
            raise ValueError(f"{key} has no bytes {first}..{first + length}")
        if self.path is not None:
            found = self._read(self.path, key, first, length)
        else:
            with self._using(key) as store:
                try:
                    found = bytes(obstore.get_range(store, key, start=first, length=length)) if length else b""
                except FileNotFoundError:
                    raise KeyError(key) from None
        if len(found) < length:
            raise ValueError(f"{key} has no bytes {first}..{first + length}")
        return found

    def settle(self, key: str) -> None:
        """Have an object on a disk for good, where the host loses power as well; a bucket sees to that itself."""
        if self.path is not None:
            for path in (self.path / key, (self.path / key).parent):
                opened = os.open(path, os.O_RDONLY)
                try:
                    os.fsync(opened)
                finally:
                    os.close(opened)

    def pieces(self, key: str) -> Iterator[bytes]:
        """The object's bytes, a megabyte or so at a time. KeyError if there is none."""
        _require_name(key)
        if self._absent:
            raise KeyError(key)
        with self._using(key) as store:
            try:
                if self.path is not None:
                    with plain(self.path / key) as file:
                        yield from iter(lambda: file.read(_PIECE), b"")
                else:
                    yield from map(bytes, obstore.get(store, key).stream(min_chunk_size=_PIECE))
            except _NO_OBJECT:
                raise KeyError(key) from None

    @contextmanager
    def writing(self, key: str) -> Iterator[Any]:
        """Write an object piece by piece (`write(bytes)`): whole once the block ends, not there where it raises."""
        with self._using(key) as store, obstore.open_writer(store, key, buffer_size=_PART) as writer:
            yield writer

    def opened(self, key: str) -> Any:
        """The object as what pyarrow opens and reads parts of. KeyError if there is none."""
        _require_name(key)
        if self.path is not None:
            if not (self.path / key).is_file():
                raise KeyError(key)
            return str(self.path / key)
        with self._using(key) as store:
            try:
                return obstore.open_reader(store, key)
            except FileNotFoundError:
                raise KeyError(key) from None

    def exists(self, key: str) -> bool:
        """Whether there is such an object."""
        if not names_one(key):
            return False
        if self.path is not None:
            with self._in_a_line(key):
                return (self.path / key).is_file()
        with self._using(key) as store:
            try:
                obstore.head(store, key)
            except FileNotFoundError:
                return False
            return True

    def delete(self, *keys: str) -> None:
        """Remove objects; one that is not there is no error."""
        for key in filter(names_one, keys) if not self._absent else ():
            with self._using(key) as store:
                try:
                    obstore.delete(store, key)
                except FileNotFoundError:
                    continue

    def link(self, key: str, to: str) -> None:
        """Have an object under a second key as well, over what is there. KeyError if there is none.

        On a disk that links nothing is copied, and whoever has the older one open goes on reading that.
        """
        _require_name(key)
        _require_name(to)
        if self.path is not None and self._linked(self.path / key, self.path / to):
            return
        with self._using(key) as store:
            try:
                obstore.copy(store, key, to)
            except FileNotFoundError:
                raise KeyError(key) from None

    def _linked(self, path: Path, to: Path) -> bool:
        # A hidden name: loaders and readers of the folder take it for nothing of theirs.
        staged = to.with_name(f".{to.name}#{os.getpid()}")
        try:
            to.parent.mkdir(parents=True, exist_ok=True)
            staged.unlink(missing_ok=True)
            os.link(path, staged)
            staged.replace(to)
        except OSError:
            return False
        finally:
            # Two names of one file are not renamed into each other: both stay.
            with suppress(OSError):
                staged.unlink(missing_ok=True)
        return True

    def list(self, prefix: str = "") -> list[Entry]:
        """All objects below a prefix (a whole name of a folder), sorted by key; none where nothing is."""
        if self._absent:
            return []
        with self._using(prefix) as store:
            found = (meta for batch in obstore.list(store, prefix or None) for meta in batch)
            return sorted((Entry(m["path"], m["size"], m["last_modified"]) for m in found), key=lambda entry: entry.key)

    def list_own(self, prefix: str) -> Sequence[Entry]:
        """The same without what lies behind a link to a folder: that is another's, whatever it is called."""
        entries, path = self.list(prefix), self.path
        if path is None:
            return entries
        linked = {
            folder
            for folder in {parent for one in entries for parent in PurePosixPath(one.key).parents}
            if folder.is_relative_to(prefix) and folder != PurePosixPath(prefix) and (path / folder).is_symlink()
        }
        return [one for one in entries if linked.isdisjoint(PurePosixPath(one.key).parents)] if linked else entries

    def moment(self, key: str, pause: Callable[[float], None]) -> datetime:
        """The storage's own time: later than of all that was written before, no later than of all that follows.

        This host's clock says nothing of when a bucket writes, and some tell whole seconds only: `key` is written
        until its time has moved on. `pause(seconds)` is called while waiting.
        """
        first = self._touched(key)
        while (now := self._touched(key)) <= first:
            pause(0.02)
        return now

    def _touched(self, key: str) -> datetime:
        """When an object was written that is written now, as a listing tells it (a head may tell it more coarsely)."""
        self.put(key, b"")
        return next(entry.modified for entry in self.list(key.rpartition("/")[0]) if entry.key == key)

    def sweep(self, *folders: str) -> int:
        """Remove what killed writers left half-written on a local disk; how many. For the lock's holder only.

        Only below `folders`, which are ours alone: the rest of an output may hold other people's files.
        """
        ours = [self.path / folder for folder in folders] if self.path else []
        left = [p for folder in ours for p in folder.rglob("*#*") if _STAGED.search(p.name) and p.is_file()]
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)

    def drop_empty_folders(self, *folders: str) -> None:
        """Remove what deleting leaves on a local disk; a bucket has no folders. Only where nobody writes meanwhile."""
        ours = [self.path / folder for folder in folders] if self.path else []
        for top in ours:
            inner = sorted((path for path in top.rglob("*") if path.is_dir()), reverse=True)
            for folder in [*inner, top]:
                # A link to a folder is whoever's made it.
                if folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir()):
                    folder.rmdir()


def names_one(key: str) -> bool:
    """Whether an object can be called that: what leads out of the folder names none."""
    return "\0" not in key and not any(part in ("", ".", "..") for part in key.split("/"))


def _require_name(key: str) -> None:
    if not names_one(key):
        raise KeyError(key)


def _said(text: str) -> str:
    """What is wrong, in one line: the method, the URL, the status, and by its name what a server says of it in XML."""
    line, code = _CEREMONY.sub(r"\1: ", text.split("\n", 1)[0].strip()), _CODE.search(text)
    return f"{line.split('<', 1)[0].rstrip(': ')}: {code[1]}" if code else line


def _folder_remedy(said: str) -> str:
    """What to do where a folder refuses, by what it says."""
    do = "free some space" if any(word in said for word in _FULL) else "mend its rights, or choose another --output"
    return f"{do}; then run the same command again: what is stored is kept"
