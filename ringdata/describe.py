# SPDX-License-Identifier: Apache-2.0
"""A folder of blocks in words: series with slots, dates, splits, tokens, how much is observed, statistics."""

import os
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.fs import FileSystem

from ringdata.files import Files
from ringdata.folder import open_any
from ringdata.layout import SPLITS, Layout
from ringdata.manifest import SEQUENCES


def describe(path: str | os.PathLike[str], *, filesystem: FileSystem | None = None) -> str:
    """What a folder of blocks holds, to be printed. Raises FolderError, as `RingBlocks` does."""
    folder = open_any(Files(path, filesystem=filesystem))
    table = pq.read_table(pa.BufferReader(folder.read(SEQUENCES)))
    return describe_folder(folder.layout, table, folder.files.path)


def describe_folder(layout: Layout, sequences: pa.Table, place: str) -> str:
    """The same of what was read; `sequences` may be a choice."""
    rows = sequences.to_pylist()
    lines = [
        f"{place}: blocks of {layout.grid.config.name}, {len(rows):,} series; {layout.grid.slots} tokens an hour, "
        f"{layout.grid.block_tokens:,} a block of {layout.grid.block_hours:,} hours",
        *(_split(layout, split) for split in SPLITS),
        f"observed  {sum(row['train_count'] for row in rows):,} hours of train; mean and std below are of these, in MW",
    ]
    lines += [_series(number, row) for number, row in enumerate(rows)]
    return "\n".join(lines)


def _split(layout: Layout, split: str) -> str:
    runs = [run for shard in layout.split(split) for run in shard.runs]
    if not runs:
        return f"{split:10}no block"
    blocks, hours = sum(run.blocks for run in runs), layout.grid.block_hours
    first, end = min(run.start_hour for run in runs), max(run.start_hour + run.blocks * hours for run in runs)
    return (
        f"{split:10}{_date(first)} to {_date(end - 1)}, {blocks:,} blocks, {blocks * layout.grid.block_tokens:,} tokens"
    )


def _series(number: int, row: dict[str, object]) -> str:
    first, last = row["first_hour"], row["last_hour"]
    lived = f"{_date(first)} to {_date(last)}" if isinstance(first, int) and isinstance(last, int) else "holds no hour"
    scale = "" if row["train_mean"] is None else f", {row['train_mean']:,.1f} ± {row['train_std']:,.1f}"
    return f"{number:6}    {row['series_id']}  {lived}{scale}"


def _date(hour: int) -> str:
    return f"{datetime.fromtimestamp(hour * 3600, UTC):%Y-%m-%dT%H}"
