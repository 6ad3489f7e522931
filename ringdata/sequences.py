# SPDX-License-Identifier: Apache-2.0
"""The table that tells which series a sequence or a slot is, and its statistics over the hours of train alone."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ringdata.blocks import Load, observed_hours
from ringdata.layout import Layout, Member

SCHEMA = pa.schema(
    [
        pa.field("sequence_id", pa.int32(), nullable=False),
        pa.field("slot", pa.int32(), nullable=False),
        pa.field("series_id", pa.string(), nullable=False),
        pa.field("slots", pa.int32(), nullable=False),
        pa.field("unit", pa.string(), nullable=False),
        pa.field("time_zone", pa.string(), nullable=False),
        pa.field("area", pa.string(), nullable=False),
        pa.field("type", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("parent", pa.string(), nullable=False),
        pa.field("partner", pa.string(), nullable=False),
        pa.field("region", pa.string(), nullable=False),
        pa.field("is_sum", pa.bool_(), nullable=False),
        pa.field("first_hour", pa.int64()),
        pa.field("last_hour", pa.int64()),
        pa.field("train_count", pa.int64(), nullable=False),
        pa.field("train_mean", pa.float64()),
        pa.field("train_std", pa.float64()),
        pa.field("train_median", pa.float64()),
        pa.field("train_iqr", pa.float64()),
    ]
)
_OF_MEMBER = ("unit", "time_zone", "area", "type", "kind", "parent", "partner", "region", "is_sum")
STATISTICS = ("train_count", "train_mean", "train_std", "train_median", "train_iqr")


def sequences_table(layout: Layout, members: Sequence[Member], load: Load) -> pa.Table:
    """One row a member: its sequence and slot, V, unit, whose it is, hours, and train count, mean, std, median and IQR.

    A member that is gone has no hours (null). `load` is asked for train hours alone. Statistics are null where train
    holds no observed hour; std divides by n.
    """
    config = layout.grid.config
    rows = [
        {
            **dict(zip(("sequence_id", "slot"), config.place(number), strict=True)),
            "series_id": member.series_id,
            "slots": layout.grid.slots,
            **{name: getattr(member, name) for name in _OF_MEMBER},
            "first_hour": None if member.vacant else member.first_hour,
            "last_hour": None if member.vacant else member.last_hour,
            **_train_statistics(layout, member, load),
        }
        for number, member in enumerate(members)
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def sequences_bytes(table: pa.Table) -> pa.Buffer:
    """`sequences.parquet`."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", write_page_index=True)
    return sink.getvalue()


def read_sequences(data: bytes) -> pa.Table:
    """The table of a `sequences.parquet`.

    On this thread alone: one of pyarrow's that lets go of Python's bytes as the program ends aborts it (Arrow 25).
    """
    return pq.read_table(pa.BufferReader(data), use_threads=False)


def _train_statistics(layout: Layout, member: Member, load: Load) -> dict[str, float | None]:
    """Of the float32 values as the blocks hold them, summed in float64."""
    first, end = member.first_hour, max(member.first_hour, layout.cuts.hours("train")[1])
    value, observed = observed_hours(member, first, min(end, member.last_hour + 1), load)
    known = value[observed.astype(bool)].astype(np.float64)
    if not len(known):
        return {"train_count": 0, **dict.fromkeys(STATISTICS[1:])}
    low, middle, high = (float(q) for q in np.percentile(known, (25, 50, 75)))
    numbers = (len(known), float(known.mean()), float(known.std()), middle, high - low)
    return dict(zip(STATISTICS, numbers, strict=True))
