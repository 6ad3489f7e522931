# SPDX-License-Identifier: Apache-2.0
"""A parsed file as Parquet, one row group a (route, respondent), so that assembling one reads its own alone.

Derived from the file as served by this very code, and named after its hash: it may be deleted at any time. Nothing is
taken from it that its checksums do not confirm: a flipped bit may unpack to other numbers, and nobody would know.
"""

from __future__ import annotations

import zlib
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from eia930.program.code import fingerprint
from eia930.program.reading import from_json
from eia930.sources.columns import Filled, Refusal
from eia930.sources.files.contents.columns import FileAccount, Parsed
from eia930.sources.files.contents.grouping import Group, Records

_SCHEMA = pa.schema(
    [
        pa.field("route", pa.dictionary(pa.int32(), pa.string()), nullable=False),
        pa.field("respondent", pa.dictionary(pa.int32(), pa.string()), nullable=False),
        pa.field("kind", pa.dictionary(pa.int32(), pa.string()), nullable=False),
        pa.field("hour", pa.int32(), nullable=False),
        pa.field("value", pa.float64()),
        pa.field("adjusted", pa.float64()),
    ]
)
_MEMBER, _SUM = b"eia930 3", b"eia930 3 crc32"
"""What a file says of itself, and the checksum of that."""
UNREADABLE = (OSError, ValueError, KeyError, SystemError, MemoryError, pa.ArrowException)
"""What is raised where a file is gone, damaged, or of another code."""


_READ = ("kind", "hour", "value", "adjusted")
_TYPES = [_SCHEMA.field(name).type for name in _READ]


class _Contents(msgspec.Struct, frozen=True):
    code: str
    """Of the program that read the file: another may read it otherwise."""
    account: FileAccount
    groups: list[tuple[str, str, int, int]]
    """Route, respondent, how many of their records are repetitions, and a checksum, in the order of the row groups."""
    refused: list[tuple[str, str, list[tuple[int, str, str]]]]


def columns_key(sha256: str) -> str:
    """Where the columns of a file lie."""
    return f"columns/files/{sha256[:16]}.parquet"


def written(parsed: Parsed) -> pa.Buffer:
    """The object's bytes: the same for the same file."""
    sink = pa.BufferOutputStream()
    groups = sorted(parsed.groups.items())
    tables = [_table(group, records) for group, records in groups]
    contents = _Contents(
        fingerprint(),
        parsed.account,
        [(*group, records.duplicate, _sum(table)) for (group, records), table in zip(groups, tables, strict=True)],
        [(*group, [(r.index, r.row, r.reason) for r in some]) for group, some in sorted(parsed.refused.items())],
    )
    with pq.ParquetWriter(
        sink,
        _SCHEMA,
        compression="zstd",
        use_dictionary=["route", "respondent", "kind"],
        column_encoding={"hour": "DELTA_BINARY_PACKED"},
    ) as writer:
        for table in tables:
            writer.write_table(table, row_group_size=max(1, table.num_rows))
        told = msgspec.json.encode(contents)
        writer.add_key_value_metadata({_MEMBER: told, _SUM: _told_sum(told)})
    return sink.getvalue()


class Columns:
    """The columns of one file. `where` is what pyarrow opens: a path, a buffer or an open file.

    UNREADABLE, here and by `records`, where they are not what this code wrote.
    """

    def __init__(self, where: Any) -> None:
        self._file = pq.ParquetFile(where)
        members = self._file.metadata.metadata or {}
        told = members[_MEMBER]
        if members[_SUM] != _told_sum(told):
            raise ValueError("what it says of itself is damaged")
        self._contents = from_json(told, _Contents)
        if self._contents.code != fingerprint():
            raise ValueError(f"another code wrote it ({self._contents.code})")
        self._places = {(one[0], one[1]): (place, *one[2:]) for place, one in enumerate(self._contents.groups)}

    @property
    def account(self) -> FileAccount:
        """What the file holds."""
        return self._contents.account

    @property
    def groups(self) -> tuple[Group, ...]:
        """The (route, respondent)s, sorted."""
        return tuple(self._places)

    @property
    def refused(self) -> dict[Group, tuple[Refusal, ...]]:
        """Lines that are not kept."""
        return {
            (route, respondent): tuple(Refusal(*one) for one in some)
            for route, respondent, some in self._contents.refused
        }

    def records(self, route: str, respondent: str) -> Records | None:
        """Those of one respondent; None where the file has none."""
        if (route, respondent) not in self._places:
            return None
        place, duplicate, checksum = self._places[route, respondent]
        table = self._file.read_row_group(place, columns=list(_READ), use_threads=False)
        if table.schema.types != _TYPES or _sum(table) != checksum:
            raise ValueError(f"the records of {route}/{respondent} are damaged")
        kind = table["kind"].combine_chunks()
        code = kind.indices.to_numpy().astype(np.int32)
        hour, value, adjusted = (table[name].to_numpy() for name in _READ[1:])
        # What nobody reported comes after all records.
        end = len(value) - table["value"].null_count
        return Records(
            hour=hour[:end],
            kind=code[:end],
            kinds=tuple(kind.dictionary.to_pylist()),
            value=value[:end],
            adjusted=adjusted[:end],
            duplicate=duplicate,
            filled=Filled(hour[end:].astype(np.int64), code[end:], adjusted[end:]),
        )


def _table(group: Group, records: Records) -> pa.Table:
    filled = records.filled
    adjusted = np.concatenate((records.adjusted, filled.value))
    value = np.concatenate((records.value, np.full(len(filled.value), np.nan)))
    zeros = pa.array(np.zeros(len(value), np.int32))
    return pa.table(
        [
            pa.DictionaryArray.from_arrays(zeros, [group[0]]),
            pa.DictionaryArray.from_arrays(zeros, [group[1]]),
            pa.DictionaryArray.from_arrays(np.concatenate((records.kind, filled.kind)), list(records.kinds)),
            np.concatenate((records.hour, filled.hour.astype(np.int32))),
            pa.array(value, mask=np.isnan(value)),
            pa.array(adjusted, mask=np.isnan(adjusted)),
        ],
        schema=_SCHEMA,
    )


def _sum(table: pa.Table) -> int:
    """The same for the same records, however Parquet packs them."""
    kind = table["kind"].combine_chunks()
    total = zlib.crc32("\n".join(kind.dictionary.to_pylist()).encode())
    for numbers in (kind.indices, *(table[name] for name in _READ[1:])):
        total = zlib.crc32(np.ascontiguousarray(numbers.to_numpy()).data, total)
    return total


def _told_sum(told: bytes) -> bytes:
    return f"{zlib.crc32(told):08x}".encode()
