# SPDX-License-Identifier: Apache-2.0
"""A first look at a file as it has come: whether it is whole, at a tenth of what reading its cells takes.

So whoever asks the server can ask again at once, and the cells are read by as many workers as there are.
"""

from __future__ import annotations

from dataclasses import dataclass

from eia930.errors import Garbled
from eia930.sources.files.contents.headers import read_header
from eia930.sources.files.contents.reading import Lines, Readable
from eia930.sources.files.names import FileName


@dataclass(frozen=True, slots=True)
class Seen:
    """`size` bytes with this hash, in `rows` lines below the header."""

    size: int
    sha256: str
    rows: int
    doubtful: bool
    """Whether lines may have a wrong width: then the cells are to be read before the file counts."""


def look(stream: Readable, file: FileName) -> Seen:
    """Garbled where a file is not whole (ask again), Refused where nobody knows its columns."""
    lines = Lines(file.name, stream)
    commas, rows, doubtful = read_header(lines.header(), file).width - 1, 0, False
    for data in lines.blocks():
        here = data.count(b"\n")
        doubtful |= data.count(b",") != here * commas
        rows += here
    if not rows:
        raise Garbled(f"{file.name}: a header, and no line after it")
    return Seen(lines.size, lines.sha256, rows, doubtful)
