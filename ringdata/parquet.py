# SPDX-License-Identifier: Apache-2.0
"""Blocks as Parquet: a row group is a few whole blocks of one sequence, one page a column, byte planes under zstd."""

import json
from collections.abc import Iterable, Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from ringdata.blocks import schema
from ringdata.example import runs_of_equal
from ringdata.layout import Layout

STAMP = b"ringdata"


def parquet_bytes(layout: Layout, tables: Iterable[pa.Table]) -> pa.Buffer:
    """One Parquet file of the tables, in order; the same tables give the same bytes (one version of pyarrow)."""
    stamp = {STAMP: json.dumps(layout.stamp(), separators=(",", ":"), sort_keys=True)}
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(
        sink,
        schema(layout.grid).with_metadata(stamp),
        compression="zstd",
        use_dictionary=False,
        column_encoding={
            "value.list.element": "BYTE_STREAM_SPLIT",
            "next_value.list.element": "BYTE_STREAM_SPLIT",
        },
        # Footers are the price of small row groups: only what prunes is kept there.
        write_statistics=["sequence_id", "start_hour"],
        write_page_index=True,
        data_page_size=1 << 30,
    ) as writer:
        for table in tables:
            for part in _sequences(table):
                writer.write_table(part, row_group_size=layout.grid.group_blocks)
    return sink.getvalue()


def _sequences(table: pa.Table) -> Iterator[pa.Table]:
    """The rows of each sequence apart: a row group never holds two."""
    ids = table.column("sequence_id").to_numpy()
    for first, stop in runs_of_equal(ids):
        yield table.slice(first, stop - first)
