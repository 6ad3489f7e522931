# SPDX-License-Identifier: Apache-2.0
"""series.parquet: one row a series, what it is, what came of its hours, and its statistics over the hours of train."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from eia930.record.assembly import SeriesReport
from eia930.reference.breaks import break_at
from eia930.reference.hours import stamp
from eia930.reference.respondents import respondents
from eia930.reference.routes import ROUTES
from eia930.store.manifest import SERIES, File, put_file
from eia930.store.storage import Storage

SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("series_id", "route", "respondent", "kind", "unit", "time_zone")),
        *((name, pa.int64()) for name in ("hours", "present", "null", "missing", "flagged", "longest_gap")),
        *((name, pa.string()) for name in ("first", "last")),
        *((name, pa.float64()) for name in ("g", "iqr_r")),
        ("expected_by", pa.string()),
        ("known", pa.bool_()),
        ("break_at", pa.string()),
        ("estimated", pa.int64()),
    ]
)
"""Also of a load without any series: an empty column has no type of its own."""


def catalogue(series: Iterable[SeriesReport]) -> pa.Table:
    """One row a series: id, keys, unit, time zone, counts of hours, first and last hour.

    `expected_by` says whence its hours are expected, `known` whether our tables have its codes (docs/quality.md).
    `break_at` is the first hour from which on the series means something else under the same name, where it has hours
    before and after (docs/sources.md).
    `estimated` hours have an estimate, by whatever method.
    `g` and `iqr_r` (MW) are of the screening, over all hours asked; what a model may know is of train alone, and is
    added as the table is written.
    """
    zones = {code: one.time_zone for code, one in respondents().items()}
    rows = sorted(series, key=lambda one: one.series_id)
    told = {
        name: [getattr(one, name) for one in rows] for name in SCHEMA.names if name in SeriesReport.__struct_fields__
    }
    told["unit"] = [ROUTES[one.route].unit for one in rows]
    told["time_zone"] = [zones.get(one.respondent, "UTC") for one in rows]
    told["break_at"] = [_break_at(one) for one in rows]
    return pa.Table.from_pydict(told, schema=SCHEMA)


def _break_at(one: SeriesReport) -> str | None:
    hour = break_at(one.route, one.respondent, one.kind)
    if hour is None or one.first is None or one.last is None or not one.first < stamp(hour) <= one.last:
        return None
    return stamp(hour)


def write_catalogue(storage: Storage, table: pa.Table, statistics: pa.Table) -> File:
    """Store the table with the statistics of train, joined by `series_id`; null for a series without any."""
    places = pc.index_in(table["series_id"], value_set=statistics["series_id"].combine_chunks())
    for name in statistics.column_names:
        if name != "series_id":
            table = table.append_column(name, statistics[name].take(places))
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return put_file(storage, SERIES, sink.getvalue(), rows=table.num_rows)
