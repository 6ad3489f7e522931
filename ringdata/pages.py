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


def page_values(codec: pa.Codec, chunk: pa.Buffer, *, unpacked: int, values: int) -> NDArray[uint8]:
    """The 4 * values bytes at the end of a column chunk's only page; `unpacked` is the chunk's size in the footer.

    ValueError where the chunk is not one zstd data page of so many values: another program has written it.
    """
    start = chunk.slice(0, min(_HEADER, chunk.size)).to_pybytes()
    head = start.find(_FRAME)
    page = unpacked - head
    if head < 0 or page < 4 * values or not start.startswith(_DATA_PAGE):
        raise ValueError("a column chunk is not one zstd data page")
    content = codec.decompress(chunk.slice(head), decompressed_size=page)
    if content.size != page:
        raise ValueError("a page is not as long as the footer says")
    return frombuffer(content, uint8, 4 * values, page - 4 * values)


def copy_planes(values: NDArray[uint8], start: int, out: NDArray[uint8]) -> None:
    """Values [start, start + n) of a byte-stream-split page to `out`, the [n, 4] bytes of float32."""
    planes = values.reshape(4, -1)[:, start : start + len(out)]
    for byte in range(4):
        out[:, byte] = planes[byte]


def copy_integers(values: NDArray[uint8], start: int, out: NDArray[uint8]) -> None:
    """Values [start, start + n) of a plain page of small integers to `out`, uint8[n]."""
    out[:] = values.view(uint32)[start : start + len(out)]
