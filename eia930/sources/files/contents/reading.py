# SPDX-License-Identifier: Apache-2.0
"""A six-month file's bytes → blocks of whole lines, hashed and checked on the way, ready for Arrow.

Memory is bound by a block, not by the file. A file that is not whole is refused here, by name, in one line.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
from numpy.typing import NDArray

from eia930.errors import Garbled

BLOCK = 2**21
"""Bytes that are read at a time: a block, and what it is turned into, stay in the processor's cache."""
_BOM = b"\xef\xbb\xbf"
_LONGEST_HEADER = 64 * 1024
_THOUSANDS = re.compile(rb"-?\d{1,3}(,\d{3})+")

Bytes = NDArray[np.uint8]
Places = NDArray[np.intp]


class Readable(Protocol):
    """Bytes as they were served."""

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes; empty at the end."""


@dataclass(slots=True)
class Lines:
    """The lines of a file. After `blocks`, `size` (bytes) and `sha256` are those of the whole, a BOM included."""

    name: str
    stream: Readable
    size: int = 0
    _hash: hashlib._Hash = field(default_factory=hashlib.sha256)
    _left: bytes = b""

    @property
    def sha256(self) -> str:
        """Of all bytes read so far, in hex."""
        return self._hash.hexdigest()

    def header(self) -> bytes:
        """The first line, without a byte-order mark and its end. Garbled where it cannot be a header's."""
        while b"\n" not in self._left:
            more = self._read()
            if len(self._left) > _LONGEST_HEADER or (not more and self._left.lstrip()[:1] != b"<"):
                begins = f"no line of a header; it begins {_text(self._left)!r}" if self._left else "an empty file"
                raise Garbled(f"{self.name}: {begins}")
            self._left += more or b"\n"
        start = self._left[:_LONGEST_HEADER].removeprefix(_BOM).lstrip()
        if start[:1] == b"<":
            raise Garbled(f"{self.name}: an HTML page where a file should be: {_text(start)}")
        line, _, self._left = self._left.partition(b"\n")
        return line.removeprefix(_BOM).rstrip(b"\r")

    def blocks(self) -> Iterator[bytes]:
        """Whole lines, numbers without thousands separators. Garbled where the last line or a byte is not whole."""
        block = self._left
        self._left = b""
        while more := self._read():
            end = more.rfind(b"\n") + 1
            if end:
                yield self._plain(b"".join((block, memoryview(more)[:end])))
                block = more[end:]
            else:
                block += more
        end = block.rfind(b"\n") + 1
        if end:
            yield self._plain(block[:end])
        if block[end:]:
            raise Garbled(f"{self.name}: cut in the middle of a line after {self.size:,} bytes")

    def _read(self) -> bytes:
        data = self.stream.read(BLOCK)
        self.size += len(data)
        self._hash.update(data)
        if b"\0" in data:
            raise Garbled(f"{self.name}: a NUL byte within its first {self.size:,} bytes")
        return data

    def _plain(self, block: bytes) -> bytes:
        """`"1,060"` → `1060`, other quotes gone; what is quoted and no such number keeps them, to be refused."""
        if b'"' not in block:
            return block
        text = np.frombuffer(block, np.uint8)
        quotes = np.flatnonzero(text == ord('"'))
        if len(quotes) % 2:
            raise Garbled(f"{self.name}: a quote without its pair within the first {self.size:,} bytes")
        begins, ends = quotes[::2], quotes[1::2]
        kept = np.ones(len(text), bool)
        usual = _usual(text, begins, ends)
        kept[quotes] = False
        kept[ends[usual] - 4] = False
        if not np.all(usual):
            _mark_unusual(block, text, kept, begins[~usual], ends[~usual])
        return text[kept].tobytes()


def _usual(text: Bytes, begins: Places, ends: Places) -> NDArray[np.bool_]:
    """Between which two quotes stands a number like `1,060` or `-20,500`, as nearly always."""
    length = ends - begins - 1
    minus = text[begins + 1] == ord("-")
    lead = length - minus - 4
    sound: NDArray[np.bool_] = (text[np.maximum(ends - 4, 0)] == ord(",")) & (lead >= 1) & (lead <= 3)
    for place in (1, 2, 3, 5, 6, 7):
        digit = text[np.maximum(ends - place, 0)] - np.uint8(ord("0")) <= 9
        sound &= digit if place <= 5 else digit | (lead < place - 4)
    return sound


def _mark_unusual(block: bytes, text: Bytes, kept: NDArray[np.bool_], begins: Places, ends: Places) -> None:
    """Of other quoted cells: millions lose their commas; a comma that parts no thousands keeps its quotes."""
    commas = np.flatnonzero(text == ord(","))
    first, last = np.searchsorted(commas, begins), np.searchsorted(commas, ends)
    for one in np.flatnonzero(last > first).tolist():
        begin, end = int(begins[one]), int(ends[one])
        if _THOUSANDS.fullmatch(block, begin + 1, end):
            kept[commas[first[one] : last[one]]] = False
        else:
            kept[[begin, end]] = True


def _text(start: bytes) -> str:
    return start[:60].decode("ascii", "replace").strip()


def table(name: str, block: bytes, columns: dict[str, pa.DataType], header: tuple[str, ...]) -> pa.Table:
    """Some columns of a block. Garbled for a line of the wrong width; ArrowInvalid where a cell is not of its type."""
    try:
        return pacsv.read_csv(
            pa.BufferReader(block),
            read_options=pacsv.ReadOptions(column_names=header, block_size=len(block) + 1, use_threads=False),
            # Where there are no quotes, looking for none makes text a tenth faster.
            parse_options=pacsv.ParseOptions(quote_char='"' if b'"' in block else False),
            convert_options=pacsv.ConvertOptions(
                column_types=columns,
                include_columns=list(columns),
                # Empty alone is none: `NA` is a region, and no number.
                null_values=[""],
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as error:
        said = str(error)
        if "parse error" in said:
            raise Garbled(f"{name}: a line of the wrong width: {said.partition('parse error: ')[2][:160]}") from None
        raise
