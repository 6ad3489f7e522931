# SPDX-License-Identifier: Apache-2.0
"""The lines of a stored file that some records were on, as they were served."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from eia930.question.span import Span
from eia930.sources.columns import Columns
from eia930.sources.files.contents.codes import spelled
from eia930.sources.files.contents.headers import Header, read_header
from eia930.sources.files.contents.reading import Lines
from eia930.sources.files.contents.stamps import Stamps
from eia930.sources.files.names import FileName
from eia930.sources.files.versions import Kept, unpacked
from eia930.store.storage import Storage

_Place = tuple[int, str]
"""Hour, and second key where a line has one."""


def lines_of(storage: Storage, kept: Kept, file: FileName, span: Span, columns: Columns) -> Iterator[str]:
    """One line a record, in the order of `columns`; of a place that has several, in the file's order."""
    lines = Lines(file.name, unpacked(storage.get(kept.key)))
    header = read_header(lines.header(), file)
    found = _found(lines, header, file, span)
    turn: dict[tuple[int, int], int] = {}
    for hour, kind in zip(columns.hour.tolist(), columns.kind.tolist(), strict=True):
        place = (hour, columns.kinds[kind] if header.other is not None else "")
        some, number = found[place], turn.get((hour, kind), 0)
        turn[hour, kind] = number + 1
        yield some[min(number, len(some) - 1)]


def _found(lines: Lines, header: Header, file: FileName, span: Span) -> dict[_Place, list[str]]:
    stamps, code = Stamps(file), span.respondent.encode()
    found: dict[_Place, list[str]] = {}
    for block in lines.blocks():
        for line in block.splitlines():
            cells = line.split(b",") if code in line else []
            if len(cells) == header.width and cells[header.authority] == code:
                hour = int(stamps.hours(pa.array([cells[header.utc].decode()]))[0])
                other = "" if header.other is None else cells[header.other].decode()
                kind = spelled(span.route, span.respondent, other) if other else ""
                found.setdefault((hour, kind), []).append(line.decode())
    return found
