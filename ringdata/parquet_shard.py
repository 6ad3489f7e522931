# SPDX-License-Identifier: Apache-2.0
"""A Parquet shard by token range: the footer tells where pages lie; they are read as one range."""

import json
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ringdata.errors import DamagedFile, MixedVersions
from ringdata.files import Files
from ringdata.layout import Layout, Shard
from ringdata.pages import copy_integers, copy_planes, page_values
from ringdata.parquet import STAMP
from ringdata.shards import Tokens, empty_tokens, read_range

COLUMNS = ("value", "observed", "next_value", "next_observed")  # as they follow one another in the file
_AGAIN = "it is of another run or program than layout.json; run the pipeline again"


@dataclass(frozen=True, slots=True)
class ParquetShard:
    """Rows of one file, found by arithmetic.

    `first_rows` int64[groups + 1]; `pages` int64[groups, 4, 3]: offset, packed and unpacked bytes of each column chunk.
    """

    name: str
    block_tokens: int
    slots: int
    first_rows: NDArray[np.int64]
    pages: NDArray[np.int64]

    def read(self, files: Files, row: int, token: int, out: Tokens) -> Tokens:
        """Fill `out` from token `token` of row `row` on, and give the hour after it; one request."""
        last_row = row + (token + len(out.value) - 1) // self.block_tokens
        first, last = (int(g) for g in np.searchsorted(self.first_rows, (row, last_row), side="right") - 1)
        start, stop = int(self.pages[first, 0, 0]), int(self.pages[last, -1, :2].sum())
        chunks = _Chunks(read_range(files, self.name, start, stop), start, self.pages[first : last + 1].tolist())
        rows = np.diff(self.first_rows[first : last + 2]).tolist()
        token += (row - int(self.first_rows[first])) * self.block_tokens
        try:
            return self._decode(chunks, rows, token, out)
        except (ValueError, IndexError, OSError) as wrong:
            raise DamagedFile(f"{files.root / self.name}: {wrong}; {_AGAIN}") from wrong

    def _decode(self, chunks: "_Chunks", rows: list[int], token: int, out: Tokens) -> Tokens:
        done = 0
        for group, count in enumerate(rows):
            size = min(count * self.block_tokens - token, len(out.value) - done)
            value, observed = chunks.pair(group, 0, count * self.block_tokens)
            _copy(value, observed, token, out.part(done, done + size))
            done, end, token = done + size, token + size, 0
        after = empty_tokens(self.slots)
        if end % self.block_tokens == 0:  # the hour after is another block's: its copy stands beside this one
            value, observed = chunks.pair(group, 2, count * self.slots)
            end = (end // self.block_tokens - 1) * self.slots
        _copy(value, observed, end, after)
        return after


class _Chunks:
    """Column chunks of some row groups, out of one range of bytes that begins at `base`."""

    def __init__(self, held: pa.Buffer, base: int, pages: list[list[list[int]]]) -> None:
        self._held, self._base, self._pages = held, base, pages
        self._codec = pa.Codec("zstd")

    def pair(self, group: int, column: int, values: int) -> list[NDArray[np.uint8]]:
        """The values of two neighbouring columns of COLUMNS, as bytes."""
        return [
            page_values(self._codec, self._held.slice(offset - self._base, packed), unpacked=unpacked, values=values)
            for offset, packed, unpacked in self._pages[group][column : column + 2]
        ]


def open_parquet(files: Files, layout: Layout, shard: Shard) -> ParquetShard:
    """Read the footer and check that it is of this layout."""
    path = files.root / shard.parquet
    try:
        with files.open(shard.parquet) as file:
            footer = pq.ParquetFile(file).metadata
    except pa.ArrowInvalid as wrong:
        raise DamagedFile(f"{path} is no whole Parquet file ({wrong}); copy it again") from None
    stamp = (footer.metadata or {}).get(STAMP)
    if stamp is None or json.loads(stamp) != layout.stamp():
        raise MixedVersions(f"{path} says {stamp!r}: {_AGAIN}")
    first_rows = _first_rows(layout, shard)
    if footer.num_rows != shard.rows or footer.num_row_groups != len(first_rows) - 1:
        raise MixedVersions(f"{path} has {footer.num_rows} rows where layout.json has {shard.rows}: {_AGAIN}")
    if not _is_ours(footer):
        raise MixedVersions(f"{path} is not packed as it was written: {_AGAIN}")
    return ParquetShard(shard.parquet, layout.grid.block_tokens, layout.grid.slots, first_rows, _pages(footer))


def _copy(value: NDArray[np.uint8], observed: NDArray[np.uint8], start: int, out: Tokens) -> None:
    copy_planes(value, start, out.bytes)
    copy_integers(observed, start, out.observed)


def _first_rows(layout: Layout, shard: Shard) -> NDArray[np.int64]:
    """First row of each row group, and the number of rows: groups begin anew with each run."""
    starts, row = [], 0
    for run in shard.runs:
        starts += list(range(row, row + run.blocks, layout.grid.group_blocks))
        row += run.blocks
    return np.array([*starts, row])


def _is_ours(footer: pq.FileMetaData) -> bool:
    """Whether pages can be decoded without their levels: one zstd page a column chunk, in byte planes or plain."""
    first, group = _first_column(footer), footer.row_group(0)
    chunks = [group.column(first + place) for place in range(len(COLUMNS))]
    wanted = ["BYTE_STREAM_SPLIT", "PLAIN"] * 2
    return all(
        chunk.compression == "ZSTD" and not chunk.has_dictionary_page and set(chunk.encodings) == {"RLE", encoding}
        for chunk, encoding in zip(chunks, wanted, strict=True)
    )


def _first_column(footer: pq.FileMetaData) -> int:
    return int(footer.schema.to_arrow_schema().names.index(COLUMNS[0]))


def _pages(footer: pq.FileMetaData) -> NDArray[np.int64]:
    first = _first_column(footer)
    return np.array(
        [
            [
                (chunk.data_page_offset, chunk.total_compressed_size, chunk.total_uncompressed_size)
                for chunk in (group.column(first + place) for place in range(len(COLUMNS)))
            ]
            for group in (footer.row_group(number) for number in range(footer.num_row_groups))
        ],
        np.int64,
    )
