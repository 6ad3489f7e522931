# SPDX-License-Identifier: Apache-2.0
"""series.parquet: one row a series, what it is, what came of its hours, and its statistics over the hours of train."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from eia.assembly import SeriesReport
from eia.files import SERIES, File, put_file
from eia.respondents import respondents
from eia.routes import UNIT
from eia.storage import Storage
from ringdata.folder import SEQUENCES
from ringdata.sequences import SCHEMA, STATISTICS

_COUNTS = ("hours", "present", "null", "missing", "flagged", "longest_gap")


def catalogue(series: Iterable[SeriesReport]) -> pa.Table:
    """One row a series: id, keys, unit, time zone, counts of hours, first and last hour.

    `g` and `iqr_r` (MW) are of the screening, over all hours asked; what a model may know is of train alone, and is
    added as the table is written.
    """
    zones = {code: one.time_zone for code, one in respondents().items()}
    rows = sorted(series, key=lambda one: one.series_id)
    return pa.table(
        {
            "series_id": [one.series_id for one in rows],
            "route": [one.route for one in rows],
            "respondent": [one.respondent for one in rows],
            "kind": [one.kind for one in rows],
            "unit": [UNIT for _ in rows],
            "time_zone": [zones.get(one.respondent, "UTC") for one in rows],
            **{name: pa.array([getattr(one, name) for one in rows], pa.int64()) for name in _COUNTS},
            "first": pa.array([one.first for one in rows], pa.string()),
            "last": pa.array([one.last for one in rows], pa.string()),
            "g": pa.array([one.g for one in rows], pa.float64()),
            "iqr_r": pa.array([one.iqr_r for one in rows], pa.float64()),
        }
    )


def write_catalogue(storage: Storage, table: pa.Table, blocks: Sequence[File]) -> File:
    """Store the table with the statistics of train that stand beside the blocks; null for a series without any."""
    for name, column in _of_train(storage, blocks, table.column("series_id")):
        table = table.append_column(name, column)
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return put_file(storage, SERIES, sink.getvalue(), rows=table.num_rows)


def _of_train(
    storage: Storage, blocks: Sequence[File], series: pa.ChunkedArray
) -> Iterator[tuple[str, pa.ChunkedArray]]:
    """Columns of statistics for `series`: every config and format has the same."""
    beside = sorted(file.path for file in blocks if file.path.endswith(f"/{SEQUENCES}"))
    held = pq.read_table(pa.BufferReader(storage.get(beside[0]))) if beside else SCHEMA.empty_table()
    places = pc.index_in(series, value_set=held.column("series_id").combine_chunks())
    for name in STATISTICS:
        yield name, held.column(name).take(places)
