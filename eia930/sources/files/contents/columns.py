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
from numpy.typing import NDArray

from eia930.errors import Drifted, Garbled
from eia930.reference.respondents import respondents
from eia930.sources.api.drift import CHANGED
from eia930.sources.columns import Filled, Refusal
from eia930.sources.files.contents.cells import Block, File, read_block
from eia930.sources.files.contents.codes import Codes, is_known, spelled
from eia930.sources.files.contents.headers import Measured, read_header
from eia930.sources.files.contents.reading import Lines, Readable
from eia930.sources.files.contents.stamps import Stamps
from eia930.sources.files.names import FileName

_LONGEST = 300
_FEWEST = 100
"""Values by which it can be told that a file is written otherwise; half a year of anybody has thousands."""
Group = tuple[str, str]
"""(route id, respondent)."""


@dataclass(frozen=True, slots=True)
class Records:
    """The records of one respondent in one route, in the file's order a kind.

    `hour` int32 (hours since 1970 UTC, hour ending), `kind` int32 (index into `kinds`), `value` float64 (MW, as
    reported), `adjusted` float64 (MW; NaN where EIA gives none). A cell that was repeated is there each time.
    """

    hour: NDArray[np.int32]
    kind: NDArray[np.int32]
    kinds: tuple[str, ...]
    value: NDArray[np.float64]
    adjusted: NDArray[np.float64]
    duplicate: int
    """Records whose (kind, hour) was there before."""
    filled: Filled
    """EIA's figures for hours of these kinds that nobody reported."""


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
    """What the blocks gave so far, as dense columns: a line a row, NaN where a cell is empty."""

    authority: list[NDArray[np.int32]] = field(default_factory=list)
    hour: list[NDArray[np.int32]] = field(default_factory=list)
    other: list[NDArray[np.int32]] = field(default_factory=list)
    cells: dict[Measured, list[NDArray[np.float64]]] = field(default_factory=dict)
    adjusted: dict[Measured, list[NDArray[np.float64]]] = field(default_factory=dict)
    refused: dict[Group, list[Refusal]] = field(default_factory=dict)
    rows: int = 0
    received: int = 0
    rejected: int = 0

    def add(self, block: Block) -> None:
        """Take a block in."""
        self.rows += block.rows
        self.received += block.received
        self.rejected += block.rejected
        self.authority.append(block.authority)
        self.hour.append(block.hour)
        if block.other is not None:
            self.other.append(block.other)
        for place, held in ((self.cells, block.cells), (self.adjusted, block.adjusted)):
            for measured, values in held.items():
                place.setdefault(measured, []).append(values)
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
    if 2 * heap.rejected > heap.received >= _FEWEST:
        raise Drifted(f"{file.name}: {CHANGED}: {_odd(heap)}")
    groups = dict(_groups(heap, about))
    refused = {group: tuple(some) for group, some in heap.refused.items()}
    return Parsed(_account(lines, about, heap, groups), groups, refused)


def _odd(heap: _Heap) -> str:
    """How much cannot be read, why mostly, and a line as it came."""
    refused = [one for some in heap.refused.values() for one in some]
    reason = Counter(one.reason for one in refused).most_common(1)[0][0]
    line = next(one.row for one in refused if one.reason == reason)
    return f"{heap.rejected:,} of {heap.received:,} values cannot be read, {reason}; a line: {line[:_LONGEST]}"


def _groups(heap: _Heap, file: File) -> Iterator[tuple[Group, Records]]:
    """By authority; its lines lie together in EIA's files, and are brought together where they do not."""
    authority, hour = np.concatenate(heap.authority), np.concatenate(heap.hour)
    other = np.concatenate(heap.other) if heap.other else None
    cells = {measured: np.concatenate(heap.cells.pop(measured)) for measured in list(heap.cells)}
    adjusted = {measured: np.concatenate(heap.adjusted.pop(measured)) for measured in list(heap.adjusted)}
    order = None if np.all(np.diff(authority) >= 0) else np.argsort(authority, kind="stable")
    texts, reported = file.authorities.texts, file.header.reported
    bounds = np.searchsorted(authority if order is None else authority[order], np.arange(len(texts) + 1))
    for code, text in enumerate(texts):
        mine = slice(int(bounds[code]), int(bounds[code + 1]))
        rows = mine if order is None else order[mine]
        if other is None:
            for route in dict.fromkeys(route for route, _ in reported):
                yield from _wide(route, text, hour[rows], _only(cells, route, rows), _only(adjusted, route, rows))
        else:
            (((route, _), values),) = cells.items()
            yield from _long((route, text), hour[rows], other[rows], values[rows], file.others)


Dense = dict[str, NDArray[np.float64]]


def _only(cells: dict[Measured, NDArray[np.float64]], route: str, rows: slice | NDArray[np.intp]) -> Dense:
    return {kind: values[rows] for (of, kind), values in cells.items() if of == route}


def _wide(
    route: str, text: str, hour: NDArray[np.int32], cells: Dense, adjusted: Dense
) -> Iterator[tuple[Group, Records]]:
    """Kinds side by side → one after the other, by name."""
    filled = {kind: np.flatnonzero(~np.isnan(cells[kind])) for kind in sorted(cells)}
    kinds = tuple(kind for kind, rows in filled.items() if len(rows))
    if not kinds:
        return
    none = np.full(len(hour), np.nan)
    beside = {kind: np.flatnonzero(np.isnan(cells[kind]) & ~np.isnan(adjusted.get(kind, none))) for kind in kinds}
    yield (
        (route, text),
        Records(
            hour=np.concatenate([hour[filled[kind]] for kind in kinds]),
            kind=np.repeat(np.arange(len(kinds), dtype=np.int32), [len(filled[kind]) for kind in kinds]),
            kinds=kinds,
            value=np.concatenate([cells[kind][filled[kind]] for kind in kinds]),
            adjusted=np.concatenate([adjusted.get(kind, none)[filled[kind]] for kind in kinds]),
            duplicate=0 if np.all(np.diff(hour) > 0) else sum(_repeated(hour[filled[kind]]) for kind in kinds),
            filled=Filled(
                np.concatenate([hour[beside[kind]] for kind in kinds]).astype(np.int64),
                np.repeat(np.arange(len(kinds), dtype=np.int32), [len(beside[kind]) for kind in kinds]),
                np.concatenate([adjusted.get(kind, none)[beside[kind]] for kind in kinds]),
            ),
        ),
    )


def _long(
    group: Group,
    hour: NDArray[np.int32],
    other: NDArray[np.int32],
    value: NDArray[np.float64],
    others: Codes,
) -> Iterator[tuple[Group, Records]]:
    """Lines that say their kind → the same, kinds numbered by name."""
    filled = np.flatnonzero(~np.isnan(value))
    if not len(filled):
        return
    used = np.unique(other[filled])
    names = [spelled(*group, others.texts[code]) for code in used.tolist()]
    kinds = tuple(sorted(set(names)))
    place = np.zeros(int(used[-1]) + 1, np.int32)
    place[used] = [kinds.index(kind) for kind in names]
    kind = place[other[filled]]
    at = hour[filled].astype(np.int64) * len(kinds) + kind
    nothing = Filled(np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0))
    records = Records(hour[filled], kind, kinds, value[filled], np.full(len(filled), np.nan), _repeated(at), nothing)
    yield group, records


def _repeated(keys: NDArray[np.int32] | NDArray[np.int64]) -> int:
    return 0 if np.all(np.diff(keys) > 0) else len(keys) - len(np.unique(keys))


def _account(lines: Lines, file: File, heap: _Heap, groups: Mapping[Group, Records]) -> FileAccount:
    texts = file.authorities.texts
    counts = np.bincount(np.concatenate(heap.authority), minlength=len(texts))
    hours = np.concatenate(heap.hour)
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
