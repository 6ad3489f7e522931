# SPDX-License-Identifier: Apache-2.0
"""`checks.parquet`: every stretch of hours that a cross-check found wrong, not only the worst of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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
    if not found:
        return SCHEMA.empty_table()
    names = sorted(found)
    begins, lengths = zip(*(_runs(_together(found[name])) for name in names), strict=True)
    whose = np.repeat(np.arange(len(names)), [len(some) for some in begins])
    columns = [
        pa.repeat(pa.scalar(check), len(whose)),
        pa.array(names, pa.string()).take(pa.array(whose)),
        pa.array((np.concatenate(begins) + first_hour) * 3600, pa.timestamp("s", tz="UTC")),
        pa.array(np.concatenate(lengths), pa.int64()),
    ]
    return pa.table(columns, schema=SCHEMA)


def encoded(table: pa.Table) -> pa.Buffer:
    """The bytes of the file, the same for the same rows."""
    sink = pa.BufferOutputStream()
    pq.write_table(table.combine_chunks(), sink, compression="zstd")
    return sink.getvalue()


def _together(some: Sequence[Places]) -> Places:
    """The hours of some outcomes, sorted, each once: those of one outcome are so already."""
    return some[0] if len(some) == 1 else np.unique(np.concatenate(some))


def _runs(hours: Places) -> tuple[Places, Places]:
    """Where hours that follow each other begin, and how many they are."""
    begins = np.flatnonzero(np.diff(hours, prepend=hours[0] - 2) != 1)
    return hours[begins], np.diff(begins, append=hours.size)
