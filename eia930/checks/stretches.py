# SPDX-License-Identifier: Apache-2.0
"""`checks.parquet`: every stretch of hours that a cross-check found wrong, not only the worst of each."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from eia930.checks.outcome import Outcome, Places

SCHEMA = pa.schema(
    [
        pa.field("check", pa.string(), nullable=False),
        pa.field("series_id", pa.string(), nullable=False),
        pa.field("first_hour", pa.timestamp("s", tz="UTC"), nullable=False),
        pa.field("hours", pa.int64(), nullable=False),
    ]
)
"""One row a stretch, sorted by series and first hour within a check; `first_hour` is the end of its first hour."""


def stretches(check: str, outcomes: Iterable[Outcome], first_hour: int) -> pa.Table:
    """The stretches of one check (SCHEMA); `first_hour`: hours since 1970 UTC of place 0."""
    found: dict[str, list[Places]] = {}
    for one in outcomes:
        if one.worst is not None:
            found.setdefault(one.worst.series_id, []).append(one.places)
    tables = [_table(check, name, np.unique(np.concatenate(found[name])) + first_hour) for name in sorted(found)]
    return pa.concat_tables([SCHEMA.empty_table(), *tables])


def encoded(table: pa.Table) -> pa.Buffer:
    """The bytes of the file, the same for the same rows."""
    sink = pa.BufferOutputStream()
    pq.write_table(table.combine_chunks(), sink, compression="zstd")
    return sink.getvalue()


def _table(check: str, series_id: str, hours: Places) -> pa.Table:
    begins = np.flatnonzero(np.diff(hours, prepend=hours[0] - 2) != 1)
    lengths = np.diff(begins, append=hours.size)
    columns = [
        pa.repeat(pa.scalar(check), begins.size),
        pa.repeat(pa.scalar(series_id), begins.size),
        pa.array(hours[begins] * 3600, pa.timestamp("s", tz="UTC")),
        pa.array(lengths, pa.int64()),
    ]
    return pa.table(columns, schema=SCHEMA)
