# SPDX-License-Identifier: Apache-2.0
"""Files of a folder or bucket, read by byte range; safe to share between threads, to pickle and to fork."""

import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyarrow as pa
from pyarrow import NativeFile
from pyarrow.fs import FileInfo, FileSelector, FileSystem, FileType

from ringdata.errors import ContextError, MissingFile, Unreachable

_PATIENCE = 30.0
"""Seconds that a bucket has to answer at all."""
_SECRETS = re.compile(r"\w+://[^/]*:[^/]*@|\w+://.*\?.*(key|secret|token|password)", re.IGNORECASE)
"""A URL with what nobody should see."""
_HALF = re.compile(r"#\d+$")
"""How a file ends that is being written on a disk: it gets its name when it is whole."""
_ONE_SLASH = re.compile(r"(s3|gs|gcs|abfs|abfss|hdfs|file|https?):/+", re.ASCII)


class Files:
    """Byte ranges of files below `path`: a local folder, or a URL such as `s3://bucket/folder`.

    A file system of one's own (`filesystem`, with `path` in its own words) serves credentials given by hand.
    Where none is given only the path is pickled: credentials come from the environment of the process that reads.
    Nothing is asked before `reach`. Raises MissingFile for what is not there, Unreachable where nobody answers.
    """

    def __init__(self, path: str | os.PathLike[str], *, filesystem: FileSystem | None = None) -> None:
        self.path = os.fspath(path)
        self._given = filesystem
        _refuse_secrets(self.path)
        if filesystem is None and "://" not in self.path:
            _refuse_mistyped(self.path)
            self.path = os.path.abspath(self.path)  # another process may stand in another folder
        elif filesystem is not None and not isinstance(filesystem, FileSystem):
            raise ContextError(
                f"filesystem is a {type(filesystem).__name__}: give one of pyarrow.fs; fsspec's become one by "
                "pyarrow.fs.PyFileSystem(pyarrow.fs.FSSpecHandler(filesystem))"
            )
        self._held: _Held | None = None
        self._turned: dict[str, PurePosixPath] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path, "_given": self._given, "_turned": dict(self._turned)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._held = None

    def reach(self) -> FileType:
        """What stands at the path; Unreachable after 30 s without an answer."""
        if self._given is None and "://" not in self.path:
            return self._kind()
        told: list[FileType | Exception] = []

        def ask() -> None:
            try:
                told.append(self._kind())
            except Exception as error:
                told.append(error)

        # Clients wait for minutes, some for a quarter of an hour, and cannot be told otherwise.
        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        asking.join(_PATIENCE)
        if not told:
            raise Unreachable(f"{self.path}: no answer in {_PATIENCE:.0f} s; {_REMEDY}")
        if isinstance(told[0], Exception):
            raise told[0]
        return told[0]

    @property
    def root(self) -> PurePosixPath:
        """The folder, in the file system's own words."""
        return PurePosixPath(self._own().root)

    @property
    def real_root(self) -> PurePosixPath:
        """The same where links lead: what an output keeps lies beside that."""
        local = self._given is None and "://" not in self.path
        return PurePosixPath(os.path.realpath(self.path)) if local else self.root

    def infos(self, paths: list[PurePosixPath]) -> list[FileInfo]:
        """What is known of each path."""
        with self._told(self.path):
            found: list[FileInfo] = self._own().filesystem.get_file_info([str(path) for path in paths])
        return found

    def sizes(self, folder: PurePosixPath | None = None) -> dict[str, int]:
        """Bytes of every whole file of the folder, or of another, by name; none where there is no such folder."""
        own = self._own()
        with self._told(self.path):
            listed = own.filesystem.get_file_info(FileSelector(str(folder or own.root), allow_not_found=True))
        files = (info for info in listed if info.type == FileType.File)
        return {info.base_name: info.size for info in files if not _HALF.search(info.base_name)}

    def read(self, path: PurePosixPath) -> bytes:
        """The whole of a file."""
        with self._told(path), self._own().filesystem.open_input_file(str(path)) as file:
            content: bytes = file.read()
        return content

    def at(self, name: str) -> PurePosixPath:
        """Where a file of the folder is read: at its place, or where it was turned to."""
        return self._turned.get(name) or self.root / name

    def turn(self, name: str, path: PurePosixPath) -> None:
        """From now on read a file of the folder elsewhere."""
        self._turned[name] = path
        self._own().handles.pop(name, None)

    def open(self, name: str) -> NativeFile:
        """A file of the folder, to be closed by the caller."""
        path = self.at(name)
        with self._told(path):
            return self._own().filesystem.open_input_file(str(path))

    @contextmanager
    def opened(self, name: str) -> Iterator[NativeFile]:
        """A file of the folder while it is read; it may go between two looks at it."""
        path = self.at(name)
        with self._told(path), self._own().filesystem.open_input_file(str(path)) as file:
            yield file

    def read_at(self, name: str, offset: int, size: int) -> bytes:
        """Bytes [offset, offset + size) of a file of the folder; one request, by any number of threads at once."""
        own = self._own()
        handle = own.handles.get(name)
        if handle is None:
            with own.lock:
                handle = own.handles.setdefault(name, own.handles.get(name) or self.open(name))
        with self._told(self.at(name)):
            content: bytes = handle.read_at(size, offset)
        return content

    def _kind(self) -> FileType:
        return self.infos([self.root])[0].type

    def _own(self) -> "_Held":
        """What this process holds. A forked child connects anew; where its threads race, each one's is as good."""
        held = self._held
        if held is None or held.process != os.getpid():
            with self._told(self.path):
                held = self._held = _Held(*_connect(self.path, self._given))
        return held

    @contextmanager
    def _told(self, what: object) -> Iterator[None]:
        """What clients raise, as errors of ours."""
        try:
            yield
        except (MissingFile, Unreachable):
            raise
        except FileNotFoundError:
            raise MissingFile(f"{what} is not there (any more); {_AGAIN}") from None
        except (OSError, pa.ArrowException) as wrong:
            said = (str(wrong).strip() or type(wrong).__name__).splitlines()[0]
            raise Unreachable(f"{what}: {said}; {_REMEDY}") from wrong


_AGAIN = "open the folder again where a new run has replaced it, else copy it again from where it is whole"
_REMEDY = "look at address, network and rights (credentials come from the environment, or with filesystem=)"


@dataclass(frozen=True, slots=True)
class _Held:
    """Client and handles of one process: threads that a client runs do not live on in a forked child."""

    filesystem: FileSystem
    root: str
    process: int = field(default_factory=os.getpid)
    lock: threading.Lock = field(default_factory=threading.Lock)
    handles: dict[str, NativeFile] = field(default_factory=dict)


def _connect(path: str, given: FileSystem | None) -> tuple[FileSystem, str]:
    if given is not None:
        return given, path.rstrip("/")
    uri = path if "://" in path else Path(path).as_uri()
    filesystem, root = FileSystem.from_uri(_hasty(uri))
    return filesystem, root.rstrip("/")


def _hasty(uri: str) -> str:
    """Google's client repeats for a quarter of an hour unless its address says otherwise."""
    parts = urlsplit(uri)
    if parts.scheme not in ("gs", "gcs") or "retry_limit_seconds" in parse_qs(parts.query):
        return uri
    return f"{uri}{'&' if parts.query else '?'}retry_limit_seconds={_PATIENCE / 2:.0f}"


def _refuse_secrets(path: str) -> None:
    """A path stands in messages, and goes to other processes."""
    if _SECRETS.match(path):
        raise ContextError(
            "path: a URL holds no name and key: credentials come from the environment, or with filesystem="
        )


def _refuse_mistyped(path: str) -> None:
    """`s3:/bucket/x` is no folder that anybody meant."""
    if (found := _ONE_SLASH.match(path)) and not os.path.exists(path):
        raise MissingFile(f"{path}: {found[1]}: needs two slashes; did you mean {found[1]}://{path[found.end() :]}?")
