# SPDX-License-Identifier: Apache-2.0
"""Files of a folder or bucket, read by byte range; safe to share between threads, to pickle and to fork."""

import os
import threading
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from pyarrow import NativeFile
from pyarrow.fs import FileInfo, FileSelector, FileSystem, FileType


class Files:
    """Byte ranges of files below `path`: a local folder, or a URL such as `s3://bucket/folder`.

    A file system of one's own (`filesystem`, with `path` in its own words) serves credentials given by hand.
    Where none is given only the path is pickled: credentials come from the environment of the process that reads.
    """

    def __init__(self, path: str | os.PathLike[str], *, filesystem: FileSystem | None = None) -> None:
        self.path = os.fspath(path)
        self._given = filesystem
        self._held = _Held(*_connect(self.path, filesystem))

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path, "_given": self._given}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._held = _Held(*_connect(self.path, self._given))

    @property
    def root(self) -> PurePosixPath:
        """The folder, in the file system's own words."""
        return PurePosixPath(self._held.root)

    def infos(self, paths: list[PurePosixPath]) -> list[FileInfo]:
        """What is known of each path."""
        found: list[FileInfo] = self._own().filesystem.get_file_info([str(path) for path in paths])
        return found

    def sizes(self) -> dict[str, int]:
        """Bytes of every file of the folder, by name."""
        own = self._own()
        listed = own.filesystem.get_file_info(FileSelector(own.root, allow_not_found=True))
        return {info.base_name: info.size for info in listed if info.type == FileType.File}

    def read(self, path: PurePosixPath) -> bytes:
        """The whole of a file."""
        with self._own().filesystem.open_input_file(str(path)) as file:
            content: bytes = file.read()
        return content

    def open(self, name: str) -> NativeFile:
        """A file of the folder, to be closed by the caller."""
        return self._own().filesystem.open_input_file(str(self.root / name))

    def read_at(self, name: str, offset: int, size: int) -> bytes:
        """Bytes [offset, offset + size) of a file of the folder; one request, by any number of threads at once."""
        own = self._own()
        handle = own.handles.get(name)
        if handle is None:
            with own.lock:
                handle = own.handles.setdefault(name, own.handles.get(name) or self.open(name))
        content: bytes = handle.read_at(size, offset)
        return content

    def _own(self) -> "_Held":
        """What this process holds. A forked child connects anew; where its threads race, each one's is as good."""
        held = self._held
        if held.process != os.getpid():
            held = self._held = _Held(*_connect(self.path, self._given))
        return held


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
    uri = path if "://" in path else Path(path).absolute().as_uri()
    filesystem, root = FileSystem.from_uri(uri)
    return filesystem, root.rstrip("/")
