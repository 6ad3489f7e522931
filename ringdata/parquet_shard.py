# SPDX-License-Identifier: Apache-2.0
"""A Parquet shard by token range: the footer tells where pages lie; they are read as one range."""

import json
from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ringdata.checksums import ENDING, check, checksums_of, read_checksums
from ringdata.errors import DamagedFile, MixedVersions
from ringdata.files import Files
from ringdata.layout import Layout, Shard
from ringdata.manifest import Folder
from ringdata.pages import Pages, Place, copy_integers, copy_planes
from ringdata.parquet import STAMP
from ringdata.shards import Tokens, empty_tokens, read_range

_TAIL = 1 << 19
"""Bytes that hold the footer of most shards: one request."""
_LEAST, _WIDEST = 1 << 16, 16
"""Unpacked bytes of a column chunk: what levels and headers take at most, and what a token does."""
COLUMNS = ("value", "observed", "next_value", "next_observed")  # as they follow one another in the file
_AGAIN = "it is of another run or program than layout.json; run the pipeline again"


@dataclass(frozen=True, slots=True)
class ParquetShard:
    """Rows of one file, found by arithmetic.

    `first_rows` of each row group, and the number of rows; `pages` int64[groups, 4, 3]: offset, packed and unpacked
    bytes of each column chunk; `sums` uint32[groups]: checksums of the four chunks together.
    """

    name: str
    block_tokens: int
    slots: int
    first_rows: list[int]
    pages: NDArray[np.int64]
    sums: NDArray[np.uint32]
    ours: bool = True
    """Whether pages can be decoded without their levels; else Arrow reads them, several times slower."""

    def read(self, files: Files, row: int, token: int, out: Tokens) -> Tokens:
        """Fill `out` from token `token` of row `row` on, and give the hour after it; one request."""
        last_row = row + (token + len(out.value) - 1) // self.block_tokens
        first, last = bisect_right(self.first_rows, row) - 1, bisect_right(self.first_rows, last_row)
        places: list[list[Place]] = self.pages[first:last].tolist()
        start, stop = places[0][0][0], places[-1][-1][0] + places[-1][-1][1]
        rows = [b - a for a, b in pairwise(self.first_rows[first : last + 1])]
        token += (row - self.first_rows[first]) * self.block_tokens
        held = read_range(files, self.name, start, stop)
        check(files, self.name, held, stretches(places, start), self.sums[first:last].tolist())
        if self.ours:
            try:
                return self._decode(Pages(held, start), list(zip(places, rows, strict=True)), token, out)
            except (ValueError, IndexError, OSError):
                pass  # whole by their checksums, so written otherwise than the footer lets one hope: Arrow can tell
        return self._by_arrow(files, range(first, last), token, out)

    def _by_arrow(self, files: Files, groups: range, token: int, out: Tokens) -> Tokens:
        """The same for pages that another writer packed."""
        try:
            with pq.ParquetFile(files.open(self.name)) as file:
                table = file.read_row_groups(list(groups), columns=list(COLUMNS), use_threads=False)
            value, observed, next_value, next_observed = (_flat(table.column(name)) for name in COLUMNS)
        except (pa.ArrowException, OSError, KeyError) as wrong:
            raise DamagedFile(f"{files.at(self.name)}: {str(wrong).splitlines()[0]}; {_AGAIN}") from wrong
        end = token + len(out.value)
        out.fill(Tokens(value[token:end], observed[token:end]))
        if end % self.block_tokens:
            return Tokens(value[end : end + self.slots], observed[end : end + self.slots])
        last = (end // self.block_tokens - 1) * self.slots
        return Tokens(next_value[last : last + self.slots], next_observed[last : last + self.slots])

    def _decode(self, pages: Pages, groups: list[tuple[list[Place], int]], token: int, out: Tokens) -> Tokens:
        wanted = [(place, rows * self.block_tokens) for places, rows in groups for place in places[:2]]
        places, rows = groups[-1]
        end = token + len(out.value) - (sum(rows for _, rows in groups) - rows) * self.block_tokens
        beyond = end % self.block_tokens == 0  # the hour after is another block's: its copy stands beside this one
        if beyond:
            wanted += [(place, rows * self.slots) for place in places[2:]]
            end = (end // self.block_tokens - 1) * self.slots
        found, done = pages.values(wanted), 0
        for _, rows in groups:
            value, observed = next(found), next(found)
            size = min(rows * self.block_tokens - token, len(out.value) - done)
            _copy(value, observed, token, out.part(done, done + size))
            done, token = done + size, 0
        if beyond:
            value, observed = next(found), next(found)
        after = empty_tokens(self.slots)
        _copy(value, observed, end, after)
        return after


def open_parquet(folder: Folder, shard: Shard) -> ParquetShard:
    """Read the footer and the checksums, and check that they are of the folder's layout."""
    files, layout = folder.files, folder.layout
    path, (tail, size) = files.at(shard.parquet), _tail(files, shard.parquet)
    try:
        footer = pq.ParquetFile(pa.BufferReader(tail)).metadata
        stamp = (footer.metadata or {}).get(STAMP)
        stamped = None if stamp is None else json.loads(stamp)
    except (pa.ArrowException, OSError, ValueError, RecursionError) as wrong:
        said = str(wrong).strip().split("\n", 1)[0]
        raise DamagedFile(f"{path} cannot be read as a whole Parquet file ({said}); copy it again") from None
    if stamped != layout.stamp():
        raise MixedVersions(f"{path} says {stamp!r}: {_AGAIN}")
    first_rows = _first_rows(layout, shard)
    if footer.num_rows != shard.rows or footer.num_row_groups != len(first_rows) - 1:
        raise MixedVersions(f"{path} has {footer.num_rows} rows where layout.json has {shard.rows}: {_AGAIN}")
    if missing := set(COLUMNS) - set(footer.schema.to_arrow_schema().names):
        raise MixedVersions(f"{path} has no column {min(missing)}: {_AGAIN}")
    pages = _pages(footer)
    if not _hang_together(pages, size, np.diff(first_rows) * layout.grid.block_tokens):
        raise DamagedFile(f"{path} cannot be read as a whole Parquet file (pages outside it); copy it again")
    beside = f"{shard.parquet}{ENDING}"
    sums = read_checksums(folder.read(beside), files.root / beside, len(pages))
    return ParquetShard(
        shard.parquet, layout.grid.block_tokens, layout.grid.slots, first_rows, pages, sums, _is_ours(footer)
    )


def _hang_together(pages: NDArray[np.int64], size: int, tokens: NDArray[np.int64]) -> bool:
    """Whether column chunks, as a footer has them, can lie in `size` bytes, and hold so many tokens a row group."""
    begin, packed, unpacked = np.moveaxis(pages, -1, 0)
    start, stop = begin[:, 0], begin[:, -1] + packed[:, -1]
    return bool(
        np.all((begin > 0) & (begin < size) & (packed > 0) & (packed <= size - begin))
        and np.all((unpacked > 0) & (unpacked <= _LEAST + _WIDEST * tokens[:, None]))
        and np.all(start < stop)
        and np.all(np.diff(start) > 0)
        and np.all(np.diff(stop) > 0)
    )


def _tail(files: Files, name: str) -> tuple[bytes, int]:
    """The end of a file, its whole footer, and how long the file is.

    Read apart from being understood, so that a lost line is no damage.
    """
    with files.opened(name) as file:
        size = file.size()
        tail: bytes = file.read_at(min(size, _TAIL), size - min(size, _TAIL))
        footer = int.from_bytes(tail[-8:-4], "little") + 8
        if len(tail) < footer <= size:
            tail = file.read_at(footer, size - footer)
    return tail, size


def parquet_checksums(data: pa.Buffer) -> bytes:
    """The checksums of a shard that was just written: one for each row group's part that is read."""
    pages = _pages(pq.ParquetFile(pa.BufferReader(data)).metadata)
    return checksums_of(memoryview(data), stretches(pages.tolist(), 0))


def stretches(places: list[list[Place]], base: int) -> list[tuple[int, int]]:
    """(start, stop) of what is read of each row group, counted from byte `base` of the file."""
    return [(group[0][0] - base, group[-1][0] + group[-1][1] - base) for group in places]


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


def _begins(chunk: pq.ColumnChunkMetaData) -> int:
    """Where a column chunk begins: at its dictionary, where another writer gave it one."""
    return int(chunk.dictionary_page_offset if chunk.has_dictionary_page else chunk.data_page_offset)


def _flat(column: pa.ChunkedArray) -> NDArray[Any]:
    """All items of a column of lists."""
    return column.combine_chunks().flatten().to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]


def _pages(footer: pq.FileMetaData) -> NDArray[np.int64]:
    first = _first_column(footer)
    return np.array(
        [
            [
                (_begins(chunk), chunk.total_compressed_size, chunk.total_uncompressed_size)
                for chunk in (group.column(first + place) for place in range(len(COLUMNS)))
            ]
            for group in (footer.row_group(number) for number in range(footer.num_row_groups))
        ],
        np.int64,
    )
