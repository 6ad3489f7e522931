# SPDX-License-Identifier: Apache-2.0
"""What lies on a disk may be anything: only plain files are read, and only what ends."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, BinaryIO, TypeVar

import msgspec

T = TypeVar("T")
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""One that names its zone: no other can be held against it."""


def plain(path: Path) -> BinaryIO:
    """A file to be read. FileNotFoundError for what is none: a pipe would be waited for without end."""
    file = open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK))  # noqa: SIM115
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise FileNotFoundError(path)
    return file


def from_json(data: bytes, kind: type[T]) -> T:
    """What JSON says. msgspec.DecodeError, a ValueError, where it is none of that kind, or nests without end."""
    return _decoded(msgspec.json.decode, data, kind)


def from_msgpack(data: bytes, kind: type[T]) -> T:
    """The same of MessagePack."""
    return _decoded(msgspec.msgpack.decode, data, kind)


def _decoded(decode: Callable[..., T], data: bytes, kind: type[T]) -> T:
    try:
        return decode(data, type=kind)
    except RecursionError:
        raise msgspec.DecodeError("nested without end") from None
    except UnicodeDecodeError as wrong:
        raise msgspec.DecodeError(str(wrong)) from None
