# SPDX-License-Identifier: Apache-2.0
"""What the training folders know of each series, for the table of the series at the root of an output."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from eia930.record.tidy_file import held as held_file
from eia930.store.manifest import File
from eia930.store.storage import Storage
from ringdata.manifest import SEQUENCES
from ringdata.sequences import SCHEMA, STATISTICS


def train_statistics(storage: Storage, blocks: Sequence[File]) -> pa.Table:
    """`series_id` and its statistics over the hours of train: every config and format has the same."""
    beside = sorted((file for file in blocks if file.path.endswith(f"/{SEQUENCES}")), key=lambda file: file.path)
    held = pq.read_table(pa.BufferReader(held_file(storage, beside[0]))) if beside else SCHEMA.empty_table()
    return held.select(["series_id", *STATISTICS])
