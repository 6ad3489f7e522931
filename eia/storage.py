# SPDX-License-Identifier: Apache-2.0
"""One way to read and write a folder and a bucket alike.

An object is there whole or not at all; a key is never also a prefix; nothing is renamed or appended to.
Only the URL travels between processes: credentials come from the environment of whoever connects.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, from_url

from eia.errors import StorageError, UsageError

_STAGED = re.compile(r"#\d+$")


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
    def at(cls, place: str) -> Storage:
        """From what a user types; a relative path becomes absolute. UsageError for an unknown scheme."""
        if "://" not in place:
            try:
                return cls(Path(place).expanduser().absolute().as_uri())
            except RuntimeError:
                raise UsageError(f"--output {place!r}: there is no such user") from None
        parts = urlsplit(place)
        named = not parts.netloc if parts.scheme == "file" else bool(parts.netloc)
        if parts.scheme not in ("file", "s3", "gs", "az", "abfs", "abfss") or not named:
            raise UsageError(f"--output {place!r}: give a folder, or a URL that begins with s3://, gs:// or az://")
        return cls(place.rstrip("/"))

    @property
    def path(self) -> Path | None:
        """The folder on this host, None for a bucket."""
        parts = urlsplit(self.url)
        return Path(unquote(parts.path)) if parts.scheme == "file" else None

    @property
    def _absent(self) -> bool:
        """Whether nothing is here yet: reading makes no folder, only writing does."""
        return self.path is not None and not self.path.exists()

    @cached_property
    def _store(self) -> Any:
        with _explained(self.url):
            if self.path is not None:
                return LocalStore(str(self.path), mkdir=True)
            return from_url(self.url)

    def __getstate__(self) -> dict[str, Any]:
        return {"url": self.url}

    def put(self, key: str, data: bytes | memoryview) -> None:
        """Write an object whole, over an older one."""
        with _explained(f"{self.url}/{key}"):
            obstore.put(self._store, key, data)

    def create(self, key: str, data: bytes) -> bool:
        """Write an object only if there is none; False if there is one (exactly one of many callers wins)."""
        with _explained(f"{self.url}/{key}"):
            try:
                obstore.put(self._store, key, data, mode="create")
            except AlreadyExistsError:
                return False
            return True

    def get(self, key: str) -> bytes:
        """The object's bytes. KeyError if there is none."""
        if self._absent:
            raise KeyError(key)
        with _explained(f"{self.url}/{key}"):
            try:
                return bytes(obstore.get(self._store, key).bytes())
            except FileNotFoundError:
                raise KeyError(key) from None

    def exists(self, key: str) -> bool:
        """Whether there is such an object."""
        if self._absent:
            return False
        with _explained(f"{self.url}/{key}"):
            try:
                obstore.head(self._store, key)
            except FileNotFoundError:
                return False
            return True

    def delete(self, *keys: str) -> None:
        """Remove objects; one that is not there is no error."""
        for key in keys if not self._absent else ():
            with _explained(f"{self.url}/{key}"):
                try:
                    obstore.delete(self._store, key)
                except FileNotFoundError:
                    continue

    def list(self, prefix: str = "") -> list[Entry]:
        """All objects below a prefix (a whole name of a folder), sorted by key; none where nothing is."""
        if self._absent:
            return []
        with _explained(f"{self.url}/{prefix}"):
            found = (meta for batch in obstore.list(self._store, prefix or None) for meta in batch)
            return sorted((Entry(m["path"], m["size"], m["last_modified"]) for m in found), key=lambda entry: entry.key)

    def sweep(self, *folders: str) -> int:
        """Remove what killed writers left half-written on a local disk; how many. For the lock's holder only.

        Only below `folders`, which are ours alone: the rest of an output may hold other people's files.
        """
        ours = [self.path / folder for folder in folders] if self.path else []
        left = [p for folder in ours for p in folder.rglob("*#*") if _STAGED.search(p.name) and p.is_file()]
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)


@contextmanager
def _explained(what: str) -> Iterator[None]:
    """One line for whatever the store says, without its debug tail."""
    try:
        yield
    except (BaseError, OSError) as error:
        said = str(error).split("\n", 1)[0].strip()
        raise StorageError(f"cannot use {what}: {said}") from None
