# SPDX-License-Identifier: Apache-2.0
"""A six-month file → columns a (route, respondent), and an account of its every cell.

received = non-empty cells of reported columns = kept + duplicate + rejected. No Python object a row or cell, save
for what is refused. Values are as reported; EIA's adjusted figures stand beside them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from eia930.errors import Drifted, Garbled
from eia930.reference.respondents import respondents
from eia930.sources.api.drift import CHANGED
from eia930.sources.columns import Refusal
from eia930.sources.files.contents.cells import Block, File, read_block
from eia930.sources.files.contents.codes import Codes, is_known
from eia930.sources.files.contents.grouping import Group, Records, grouped
from eia930.sources.files.contents.headers import read_header
from eia930.sources.files.contents.reading import Lines, Readable
from eia930.sources.files.contents.stamps import Stamps
from eia930.sources.files.names import FileName

_LONGEST = 300
_FEWEST = 100
"""Values by which it can be told that a file is written otherwise; half a year of anybody has thousands."""


@dataclass(frozen=True, slots=True)
class FileAccount:
    """What a file holds: received = kept + duplicate + rejected. `first`..`last` are hours since 1970 UTC."""

    name: str
    size: int
    """Bytes as served."""
    sha256: str
    columns: int
    rows: int
    rows_of: Mapping[str, int]
    """Lines by authority, as the file spells it."""
    received: int
    kept: int
    duplicate: int
    rejected: int
    first: int
    last: int
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Parsed:
    """A whole file. `refused` by (route, authority), with lines verbatim."""

    account: FileAccount
    groups: Mapping[Group, Records]
    refused: Mapping[Group, tuple[Refusal, ...]]


@dataclass(slots=True)
class _Heap:
    """What the blocks gave so far."""

    blocks: list[Block] = field(default_factory=list)
    refused: dict[Group, list[Refusal]] = field(default_factory=dict)
    rows: int = 0
    received: int = 0
    rejected: int = 0

    def add(self, block: Block) -> None:
        """Take a block in."""
        self.blocks.append(block)
        self.rows += block.rows
        self.received += block.received
        self.rejected += block.rejected
        for group, refusals in block.refused.items():
            self.refused.setdefault(group, []).extend(refusals)


def read_file(stream: Readable, file: FileName) -> Parsed:
    """The whole of a file. Garbled where it is not whole (ask again), Refused where nobody knows its columns."""
    lines = Lines(file.name, stream)
    header = read_header(lines.header(), file)
    about = File(file, header, Stamps(file), Codes(), Codes())
    heap = _Heap()
    for data in lines.blocks():
        heap.add(read_block(data, about, before=heap.rows))
    if not heap.rows:
        raise Garbled(f"{file.name}: a header, and no line after it")
    if not any(len(block.hour) for block in heap.blocks):
        raise Garbled(f"{file.name}: no line whose {' and '.join(about.keys)} can be codes")
    if 2 * heap.rejected > heap.received >= _FEWEST:
        raise Drifted(f"{file.name}: {CHANGED}: {_odd(heap)}")
    groups = dict(grouped(heap.blocks, about))
    refused = {group: tuple(some) for group, some in heap.refused.items()}
    return Parsed(_account(lines, about, heap, groups), groups, refused)


def _odd(heap: _Heap) -> str:
    """How much cannot be read, why mostly, and a line as it came."""
    refused = [one for some in heap.refused.values() for one in some]
    reason = Counter(one.reason for one in refused).most_common(1)[0][0]
    line = next(one.row for one in refused if one.reason == reason)
    return f"{heap.rejected:,} of {heap.received:,} values cannot be read, {reason}; a line: {line[:_LONGEST]}"


def _account(lines: Lines, file: File, heap: _Heap, groups: Mapping[Group, Records]) -> FileAccount:
    texts = file.authorities.texts
    counts = np.bincount(np.concatenate([block.authority for block in heap.blocks]), minlength=len(texts))
    hours = np.concatenate([block.hour for block in heap.blocks])
    return FileAccount(
        name=file.name.name,
        size=lines.size,
        sha256=lines.sha256,
        columns=file.header.width,
        rows=heap.rows,
        rows_of={text: int(count) for text, count in zip(texts, counts, strict=True)},
        received=heap.received,
        kept=sum(len(one.value) - one.duplicate for one in groups.values()),
        duplicate=sum(one.duplicate for one in groups.values()),
        rejected=heap.rejected,
        first=int(hours.min()),
        last=int(hours.max()),
        warnings=(*file.header.warnings, *_strangers(groups)),
    )


def _strangers(groups: Mapping[Group, Records]) -> Iterator[str]:
    """A line for each code that the tables lack: its records are loaded all the same."""
    for (route, respondent), records in sorted(groups.items()):
        many = f"{len(records.value):,} records of it are loaded"
        if respondent not in respondents():
            yield f"{route}/{respondent}: no authority of the tables; {many}"
            continue
        for kind in records.kinds:
            if not is_known(route, respondent, kind):
                yield f"{route}/{respondent}: {kind} is no code of the tables; the records of it are loaded"
