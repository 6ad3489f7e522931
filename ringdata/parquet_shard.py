# SPDX-License-Identifier: Apache-2.0
"""A Parquet shard by token range: the footer tells where pages lie; they are read as one range."""

import json
from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ringdata.errors import DamagedFile, MixedVersions
from ringdata.files import Files
from ringdata.layout import Layout, Shard
from ringdata.pages import Pages, copy_integers, copy_planes
from ringdata.parquet import STAMP
from ringdata.shards import Tokens, empty_tokens, read_range

COLUMNS = ("value", "observed", "next_value", "next_observed")  # as they follow one another in the file
_AGAIN = "it is of another run or program than layout.json; run the pipeline again"


@dataclass(frozen=True, slots=True)
class ParquetShard:
    """Rows of one file, found by arithmetic.

    `first_rows` of each row group, and the number of rows; `pages` int64[groups, 4, 3]: offset, packed and unpacked
    bytes of each column chunk.
    """

    name: str
    block_tokens: int
    slots: int
    first_rows: list[int]
    pages: NDArray[np.int64]

    def read(self, files: Files, row: int, token: int, out: Tokens) -> Tokens:
        """Fill `out` from token `token` of row `row` on, and give the hour after it; one request."""
        last_row = row + (token + len(out.value) - 1) // self.block_tokens
        first, last = bisect_right(self.first_rows, row) - 1, bisect_right(self.first_rows, last_row)
        places = self.pages[first:last].tolist()
        start, stop = places[0][0][0], places[-1][-1][0] + places[-1][-1][1]
        rows = [b - a for a, b in pairwise(self.first_rows[first : last + 1])]
        token += (row - self.first_rows[first]) * self.block_tokens
        pages = Pages(read_range(files, self.name, start, stop), start)
        try:
            return self._decode(pages, list(zip(places, rows, strict=True)), token, out)
        except (ValueError, IndexError, OSError) as wrong:
            raise DamagedFile(f"{files.root / self.name}: {wrong}; {_AGAIN}") from wrong

    def _decode(self, pages: Pages, groups: list[tuple[list[list[int]], int]], token: int, out: Tokens) -> Tokens:
        done, end = 0, token + len(out.value)
        for places, rows in groups:
            count = rows * self.block_tokens
            value, observed = pages.values(places[0], count), pages.values(places[1], count)
            size = min(count - token, len(out.value) - done)
            _copy(value, observed, token, out.part(done, done + size))
            done, end, token = done + size, token + size, 0
        after = empty_tokens(self.slots)
        if end % self.block_tokens == 0:  # the hour after is another block's: its copy stands beside this one
            count, end = rows * self.slots, (end // self.block_tokens - 1) * self.slots
            value, observed = pages.values(places[2], count), pages.values(places[3], count)
        _copy(value, observed, end, after)
        return after


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


def _first_rows(layout: Layout, shard: Shard) -> list[int]:
    """First row of each row group, and the number of rows: groups begin anew with each run."""
    starts, row = [], 0
    for run in shard.runs:
        starts += list(range(row, row + run.blocks, layout.grid.group_blocks))
        row += run.blocks
    return [*starts, row]


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
