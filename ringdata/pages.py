# SPDX-License-Identifier: Apache-2.0
"""Decode a page of fixed-size lists straight into arrays.

Such lists have no nulls and one length, so their levels say nothing; undoing them costs Arrow more than the values.
A page ends in its values: the last 4 bytes a value, as four byte planes (float32) or as integers (uint8).
"""

from collections.abc import Iterator, Sequence

import pyarrow as pa
from numpy import frombuffer, uint8, uint32
from numpy.typing import NDArray

_DATA_PAGE = b"\x15\x00"  # thrift compact: the first field of a page header is its type, and the type is 0
_FRAME = b"\x28\xb5\x2f\xfd"  # how every zstd frame begins
_HEADER = 96  # more than a page header takes
_TOGETHER = 16  # pages unpacked by one call, which costs as much as 8,000 values; what they hold stays in the cache

Place = Sequence[int]
"""A column chunk as the footer has it: its offset in the file, its packed and its unpacked bytes."""


class Pages:
    """Pages within bytes that begin at byte `base` of a file."""

    def __init__(self, held: bytes, base: int) -> None:
        self._held, self._base, self._codec = held, base, pa.Codec("zstd")

    def values(self, wanted: Sequence[tuple[Place, int]]) -> Iterator[NDArray[uint8]]:
        """For each (chunk, count) the 4 * count bytes at the end of its only page.

        ValueError where a chunk is not one zstd data page of so many values: another program has written it.
        """
        for first in range(0, len(wanted), _TOGETHER):
            part = wanted[first : first + _TOGETHER]
            frames, sizes = zip(*(self._frame(place, count) for place, count in part), strict=True)
            content = self._codec.decompress(b"".join(frames), decompressed_size=sum(sizes))
            if content.size != sum(sizes):
                raise ValueError("pages are not as long as the footer says")
            end = 0
            for size, (_, count) in zip(sizes, part, strict=True):
                end += size
                yield frombuffer(content, uint8, 4 * count, end - 4 * count)

    def _frame(self, place: Place, count: int) -> tuple[memoryview, int]:
        """The packed page of a chunk, and its unpacked bytes."""
        offset, packed, unpacked = place
        start = offset - self._base
        frame = self._held.find(_FRAME, start, start + min(_HEADER, packed))
        size = unpacked - (frame - start)
        if frame < 0 or size < 4 * count or not self._held.startswith(_DATA_PAGE, start):
            raise ValueError("a column chunk is not one zstd data page")
        return memoryview(self._held)[frame : start + packed], size


def copy_planes(values: NDArray[uint8], start: int, out: NDArray[uint8]) -> None:
    """Values [start, start + n) of a byte-stream-split page to `out`, the [n, 4] bytes of float32."""
    planes = values.reshape(4, -1)[:, start : start + len(out)]
    for byte in range(4):
        out[:, byte] = planes[byte]


def copy_integers(values: NDArray[uint8], start: int, out: NDArray[uint8]) -> None:
    """Values [start, start + n) of a plain page of small integers to `out`, uint8[n]."""
    out[:] = values.view(uint32)[start : start + len(out)]
