# SPDX-License-Identifier: Apache-2.0
"""A parsed file as Parquet, one row group a (route, respondent), so that assembling one reads its own alone.

Derived from the file as served, and named after its hash: it may be deleted at any time.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

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
_MEMBER = b"eia930 2"
"""What a file says of itself; one that another version of ours wrote has it under another name, and is made anew."""


class _Contents(msgspec.Struct, frozen=True):
    account: FileAccount
    groups: list[tuple[str, str, int]]
    """Route, respondent and how many of their records are repetitions, in the order of the row groups."""
    refused: list[tuple[str, str, list[tuple[int, str, str]]]]


def columns_key(sha256: str) -> str:
    """Where the columns of a file lie."""
    return f"columns/files/{sha256[:16]}.parquet"


def written(parsed: Parsed) -> pa.Buffer:
    """The object's bytes: the same for the same file."""
    sink = pa.BufferOutputStream()
    groups = sorted(parsed.groups.items())
    contents = _Contents(
        parsed.account,
        [(*group, records.duplicate) for group, records in groups],
        [(*group, [(r.index, r.row, r.reason) for r in some]) for group, some in sorted(parsed.refused.items())],
    )
    with pq.ParquetWriter(
        sink,
        _SCHEMA,
        compression="zstd",
        use_dictionary=["route", "respondent", "kind"],
        column_encoding={"hour": "DELTA_BINARY_PACKED"},
    ) as writer:
        for group, records in groups:
            writer.write_table(
                _table(group, records), row_group_size=max(1, len(records.value) + len(records.filled.hour))
            )
        writer.add_key_value_metadata({_MEMBER: msgspec.json.encode(contents)})
    return sink.getvalue()


class Columns:
    """The columns of one file. `where` is what pyarrow opens: a path, a buffer or an open file."""

    def __init__(self, where: Any) -> None:
        self._file = pq.ParquetFile(where)
        self._contents = msgspec.json.decode(self._file.metadata.metadata[_MEMBER], type=_Contents)
        self._places = {(one[0], one[1]): (place, one[2]) for place, one in enumerate(self._contents.groups)}

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
        place, duplicate = self._places[route, respondent]
        table = self._file.read_row_group(place, columns=["kind", "hour", "value", "adjusted"], use_threads=False)
        kind = table["kind"].combine_chunks()
        code = kind.indices.to_numpy().astype(np.int32)
        hour, value, adjusted = (table[name].to_numpy() for name in ("hour", "value", "adjusted"))
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
