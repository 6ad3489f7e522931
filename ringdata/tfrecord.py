# SPDX-License-Identifier: Apache-2.0
"""Blocks as TFRecord and its `.idx`, without TensorFlow: a FloatList on the wire is the float32 buffer itself."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ringdata.errors import LayoutError
from ringdata.example import FOOTER, HEADER, INTEGERS, Mould, moulds_of, runs_of_equal, varints
from ringdata.layout import BlockGrid, Layout

Checksum = Callable[[bytes], int]


@dataclass(frozen=True, slots=True)
class Records:
    """A TFRecord file, and its index: a line `offset size` for each framed record."""

    data: bytes
    index: bytes


def tfrecord_bytes(layout: Layout, tables: Iterable[pa.Table]) -> Records:
    """One TFRecord file of the tables: a `tf.train.Example` a row, all columns, in order. Needs google-crc32c."""
    checksum = _crc32c()
    parts = [part for table in tables for part in _framed(layout.grid, table, checksum)]
    sizes = np.concatenate([np.full(*part.shape) for part in parts]) if parts else np.zeros(0, np.int64)
    offsets = np.cumsum(sizes) - sizes
    index = "".join(f"{offset} {size}\n" for offset, size in zip(offsets.tolist(), sizes.tolist(), strict=True))
    return Records(b"".join(part.data for part in parts), index.encode())


def _crc32c() -> Checksum:
    try:
        from google_crc32c import value  # optional: reading needs no checksum
    except ImportError as missing:
        raise LayoutError("TFRecord needs checksums: pip install google-crc32c, or leave TFRecord out") from missing
    return value  # type: ignore[no-any-return]


def _framed(grid: BlockGrid, table: pa.Table, checksum: Checksum) -> Iterator[NDArray[np.uint8]]:
    """The framed records of the table's rows, a matrix for each stretch of rows of one mould."""
    columns = {name: _matrix(table.column(name)) for name in table.column_names}
    moulds, kinds = moulds_of(grid, {name: columns[name][:, 0] for name in INTEGERS})
    for first, stop in runs_of_equal(kinds):
        yield _fill(moulds[kinds[first]], {name: column[first:stop] for name, column in columns.items()}, checksum)


def _matrix(column: pa.ChunkedArray) -> NDArray[Any]:
    """[rows, items] of a column, items being 1 for a plain one."""
    whole = column.combine_chunks()
    flat = whole.flatten() if pa.types.is_fixed_size_list(whole.type) else whole
    return flat.to_numpy(zero_copy_only=True).reshape(len(whole), -1)  # type: ignore[no-any-return]


def _fill(shape: Mould, part: dict[str, NDArray[Any]], checksum: Checksum) -> NDArray[np.uint8]:
    """[rows, size]: the mould with its holes filled and its checksums set."""
    framed = np.empty((len(part["sequence_id"]), shape.size), np.uint8)
    framed[:, :-FOOTER] = np.frombuffer(_length(shape, checksum) + shape.blank[HEADER:-FOOTER], np.uint8)
    for name, (offset, size) in shape.holes.items():
        column = part[name]
        content = varints(column[:, 0], size) if name in INTEGERS else column.view(np.uint8)
        framed[:, offset : offset + size] = content
    sums = np.array([checksum(row.tobytes()) for row in framed[:, HEADER:-FOOTER]], np.uint32)
    framed[:, -FOOTER:] = _masked(sums)
    return framed


def _length(shape: Mould, checksum: Checksum) -> bytes:
    length = (shape.size - HEADER - FOOTER).to_bytes(8, "little")
    return length + _masked(np.array([checksum(length)], np.uint32)).tobytes()


def _masked(sums: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """[rows, 4]: TFRecord's mask of checksums, rotated by 15 bits plus a constant, little-endian."""
    turned = (sums >> np.uint32(15)) | (sums << np.uint32(17))
    return (turned + np.uint32(0xA282EAD8)).astype("<u4").view(np.uint8).reshape(-1, 4)
