# SPDX-License-Identifier: Apache-2.0
"""The columns of a respondent's stored responses in one object, each under name, size and checksum of its response.

    columns/eia/<route>/<respondent>.zst   length of the head, head (JSON), hour int32, kind uint8, value float64

Made of the responses by this very code, and read for them alone. May be deleted at any time.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

import msgspec
import numpy as np
import zstandard

from eia930.program.code import fingerprint
from eia930.program.reading import from_json
from eia930.question.span import Span
from eia930.sources.columns import AnswerName, Columns, Refusal, Stored
from eia930.store.storage import Storage

ROOT = "columns/eia"
_HOUR, _KIND, _VALUE = np.dtype("<i4"), np.dtype("u1"), np.dtype("<f8")
_BYTES = _HOUR.itemsize + _KIND.itemsize + _VALUE.itemsize
_MOST_KINDS = 255
_LEVEL = 1


class _Part(msgspec.Struct, frozen=True, array_like=True):
    """One response: as `Stored` and `Columns` have it, and its `rows` that are kept."""

    answer: AnswerName
    first: int
    last: int
    asked: tuple[str, ...]
    at: datetime
    received: int
    rows: int
    kinds: tuple[str, ...]
    refused: tuple[Refusal, ...]


class _Head(msgspec.Struct, frozen=True):
    code: str
    parts: tuple[_Part, ...]


def read_pack(storage: Storage, span: Span) -> dict[AnswerName, Stored]:
    """What is kept, by the response that it is of; nothing where the object is gone, damaged or of other code."""
    try:
        data = zstandard.ZstdDecompressor().decompress(storage.get(_path(span)))
        (length,) = struct.unpack_from("<I", data)
        head = from_json(data[4 : 4 + length], _Head)
        return dict(_unpacked(head, memoryview(data)[4 + length :])) if head.code == fingerprint() else {}
    except (KeyError, ValueError, struct.error, zstandard.ZstdError, MemoryError):
        return {}


def write_pack(storage: Storage, span: Span, held: Mapping[AnswerName, Stored]) -> None:
    """Keep these for a later run."""
    some = {name: one for name, one in held.items() if len(one.columns.kinds) <= _MOST_KINDS}
    head = msgspec.json.encode(_Head(fingerprint(), tuple(_part(name, one) for name, one in some.items())))
    pieces = [struct.pack("<I", len(head)), head, *_arrays(one.columns for one in some.values())]
    packer = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)
    storage.put(_path(span), packer.compress(b"".join(pieces)))


def _part(name: AnswerName, one: Stored) -> _Part:
    told = one.columns
    return _Part(name, one.first, one.last, one.kinds, one.at, told.received, len(told.hour), told.kinds, told.refused)


def _arrays(columns: Iterable[Columns]) -> Iterator[bytes]:
    for one in columns:
        yield one.hour.astype(_HOUR).tobytes()
        yield one.kind.astype(_KIND).tobytes()
        yield one.value.astype(_VALUE).tobytes()


def _unpacked(head: _Head, data: memoryview) -> Iterator[tuple[AnswerName, Stored]]:
    """ValueError where the arrays are not as long as the head says."""
    if len(data) != _BYTES * sum(part.rows for part in head.parts):
        raise ValueError("the arrays are cut")
    for part in head.parts:
        kinds, values = part.rows * _HOUR.itemsize, part.rows * (_HOUR.itemsize + _KIND.itemsize)
        hour = np.frombuffer(data[:kinds], _HOUR).astype(np.int64)
        kind = np.frombuffer(data[kinds:values], _KIND).astype(np.int32)
        value = np.frombuffer(data[values : part.rows * _BYTES], _VALUE).astype(np.float64)
        data = data[part.rows * _BYTES :]
        columns = Columns(part.received, hour, kind, part.kinds, value, part.refused)
        yield part.answer, Stored(part.answer.name, part.first, part.last, part.asked, columns, part.at)


def _path(span: Span) -> str:
    return f"{ROOT}/{span.route}/{span.respondent}.zst"
