# SPDX-License-Identifier: Apache-2.0
"""A folder of blocks in words: series with slots, dates, splits, tokens, how much is observed, statistics."""

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import pyarrow as pa
from pyarrow.fs import FileSystem

from ringdata.files import Files
from ringdata.folder import SplitShards, open_any
from ringdata.layout import REPORTED, SPLITS, Layout
from ringdata.manifest import SEQUENCES, Folder
from ringdata.sequences import read_sequences
from ringdata.shards import empty_tokens

_PIECE = 1 << 20
"""Tokens counted at a time."""


def describe(path: str | os.PathLike[str], *, observed: bool = True, filesystem: FileSystem | None = None) -> str:
    """What a folder of blocks holds, to be printed. Raises FolderError, as `RingBlocks` does.

    `observed` counts how much of each split was reported and trusted: it reads every shard. Without, none is read.
    """
    folder = open_any(Files(path, filesystem=filesystem))
    table = read_sequences(folder.read(SEQUENCES))
    shares = {split: _observed(folder, split) for split in SPLITS if observed and folder.layout.split(split)}
    return describe_folder(folder.layout, table, folder.files.path, shares)


def describe_folder(layout: Layout, sequences: pa.Table, place: str, shares: Mapping[str, float] | None = None) -> str:
    """The same of what was read; `sequences` may be a choice. `shares`: of the tokens of a split, those observed."""
    rows = sequences.to_pylist()
    lines = [
        f"{place}: blocks of {layout.grid.config.name}, {len(rows):,} series; {layout.grid.slots} tokens an hour, "
        f"{layout.grid.block_tokens:,} a block of {layout.grid.block_hours:,} hours",
        *(_split(layout, split, (shares or {}).get(split)) for split in SPLITS),
        f"observed   {sum(row['train_count'] for row in rows):,} hours of train; mean ± std below are of these, in MW",
    ]
    if layout.inputs != REPORTED:
        lines.append(
            f"inputs     {layout.inputs}: value holds one also where nothing was observed, as far as it is known"
        )
    lines += [_series(number, row) for number, row in enumerate(rows)]
    return "\n".join(lines)


def _observed(folder: Folder, split: str) -> float:
    """Of the tokens of a split's blocks, the share that was observed; slots without a series count as not observed."""
    shards, tokens = SplitShards(folder, split), folder.layout.grid.block_tokens
    seen = sum(count for number in range(len(shards.described)) for count in _counts(shards, number, tokens))
    return seen / sum(shard.rows * tokens for shard in shards.described)


def _counts(shards: SplitShards, number: int, size: int) -> Iterator[int]:
    """Tokens of a shard that are observed, piece by piece; `size` tokens a block."""
    at_once, row = max(1, _PIECE // size), 0
    for run in shards.described[number].runs:
        for first in range(0, run.blocks, at_once):
            tokens = empty_tokens(min(at_once, run.blocks - first) * size)
            shards.read(number, row + first, 0, tokens)
            yield int(tokens.observed.sum(dtype="int64"))
        row += run.blocks


def _split(layout: Layout, split: str, share: float | None) -> str:
    runs = [run for shard in layout.split(split) for run in shard.runs]
    if not runs:
        return f"{split:11}no block"
    blocks, hours = sum(run.blocks for run in runs), layout.grid.block_hours
    first, end = min(run.start_hour for run in runs), max(run.start_hour + run.blocks * hours for run in runs)
    told = "" if share is None else f", {share * 100:.1f} % observed"
    tokens = blocks * layout.grid.block_tokens
    return f"{split:11}{_date(first)} to {_date(end - 1)}, {blocks:,} blocks, {tokens:,} tokens{told}"


def _series(number: int, row: dict[str, object]) -> str:
    first, last = row["first_hour"], row["last_hour"]
    lived = f"{_date(first)} to {_date(last)}" if isinstance(first, int) and isinstance(last, int) else "holds no hour"
    scale = "" if row["train_mean"] is None else f", {row['train_mean']:,.1f} ± {row['train_std']:,.1f}"
    return f"{number:6}    {row['series_id']}  {lived}{scale}"


def _date(hour: int) -> str:
    return f"{datetime.fromtimestamp(hour * 3600, UTC):%Y-%m-%dT%H}"
