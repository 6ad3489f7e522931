# SPDX-License-Identifier: Apache-2.0
"""Decode a page of fixed-size lists straight into arrays.

Such lists have no nulls and one length, so their levels say nothing; undoing them costs Arrow more than the values.
A page ends in its values: the last 4 bytes a value, as four byte planes (float32) or as integers (uint8).
"""

import pyarrow as pa
from numpy import frombuffer, uint8, uint32
from numpy.typing import NDArray

_DATA_PAGE = b"\x15\x00"  # thrift compact: the first field of a page header is its type, and the type is 0
_FRAME = b"\x28\xb5\x2f\xfd"  # how every zstd frame begins
_HEADER = 96  # more than a page header takes


class Pages:
    """Pages within bytes that begin at byte `base` of a file."""

    def __init__(self, held: bytes, base: int) -> None:
        self._held, self._base = held, base
        self._buffer, self._codec = pa.py_buffer(held), pa.Codec("zstd")

    def values(self, place: list[int], count: int) -> NDArray[uint8]:
        """The 4 * count bytes at the end of the only page of a column chunk, as the footer places it.

        `place` is the chunk's offset in the file, its packed and its unpacked bytes. ValueError where the chunk is
        not one zstd data page of so many values: another program has written it, or it is damaged.
        """
        offset, packed, unpacked = place
        start = offset - self._base
        frame = self._held.find(_FRAME, start, start + min(_HEADER, packed))
        page = unpacked - (frame - start)
        if frame < 0 or page < 4 * count or not self._held.startswith(_DATA_PAGE, start):
            raise ValueError("a column chunk is not one zstd data page")
        content = self._codec.decompress(self._buffer.slice(frame, start + packed - frame), decompressed_size=page)
        if content.size != page:
            raise ValueError("a page is not as long as the footer says")
        return frombuffer(content, uint8, 4 * count, page - 4 * count)


def copy_planes(values: NDArray[uint8], start: int, out: NDArray[uint8]) -> None:
    """Values [start, start + n) of a byte-stream-split page to `out`, the [n, 4] bytes of float32."""
    planes = values.reshape(4, -1)[:, start : start + len(out)]
    for byte in range(4):
        out[:, byte] = planes[byte]


def copy_integers(values: NDArray[uint8], start: int, out: NDArray[uint8]) -> None:
    """Values [start, start + n) of a plain page of small integers to `out`, uint8[n]."""
    out[:] = values.view(uint32)[start : start + len(out)]
