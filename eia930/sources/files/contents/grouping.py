# SPDX-License-Identifier: Apache-2.0
"""A file's blocks, in dense columns → the records of each (route, respondent).

Nearly all cells of an authority's kind are there, or none; then a slice is copied, and nothing is picked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from eia930.sources.columns import Filled
from eia930.sources.files.contents.cells import Block, Cells, File
from eia930.sources.files.contents.codes import Codes, spelled
from eia930.sources.files.contents.runs import Number

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
    """EIA's figures for hours that nobody reported; of a kind without a record, where they are not zeros alone."""


Rows = slice | NDArray[np.intp]
Parts = Sequence[tuple[Block, Rows]]
"""The lines of one authority, block by block."""
Kinds = dict[str, Cells]


def grouped(blocks: Sequence[Block], file: File) -> Iterator[tuple[Group, Records]]:
    """By authority; its lines lie together in EIA's files, and are brought together where they do not."""
    parts: list[list[tuple[Block, Rows]]] = [[] for _ in file.authorities.texts]
    for block in blocks:
        for code, rows in _apart(block.authority):
            parts[code].append((block, rows))
    reported, adjusted = file.header.reported, file.header.adjusted
    for text, mine in zip(file.authorities.texts, parts, strict=True):
        if not mine:
            continue  # of no line that is sound
        hour = _joined([block.hour[rows] for block, rows in mine])
        if file.header.other is None:
            for route in dict.fromkeys(route for route, _ in reported):
                kinds = {of[1]: _cells([one.cells[of] for one, _ in mine], mine) for of in reported if of[0] == route}
                beside = {
                    of[1]: _cells([one.adjusted[of] for one, _ in mine], mine) for of in adjusted if of[0] == route
                }
                yield from _wide((route, text), hour, kinds, beside)
        else:
            other = _joined([block.other[rows] for block, rows in mine if block.other is not None])
            (of,) = reported
            cells = _cells([one.cells[of] for one, _ in mine], mine)
            yield from _long((of[0], text), hour, other, cells, file.others)


def _apart(authority: NDArray[np.int32]) -> Iterator[tuple[int, Rows]]:
    """Which lines of a block are whose, in the block's order."""
    order = None if np.all(authority[1:] >= authority[:-1]) else np.argsort(authority, kind="stable")
    codes = authority if order is None else authority[order]
    starts = np.flatnonzero(np.diff(codes, prepend=-1)).tolist()
    for begin, end in pairwise([*starts, len(codes)]):
        yield int(codes[begin]), slice(begin, end) if order is None else order[begin:end]


def _cells(columns: Sequence[Cells], parts: Parts) -> Cells:
    some = [cells.of(rows) for cells, (_, rows) in zip(columns, parts, strict=True)]
    return Cells(_joined([one.value for one in some]), _joined([one.there for one in some]))


def _joined(pieces: Sequence[NDArray[Number]]) -> NDArray[Number]:
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)


def _wide(group: Group, hour: NDArray[np.int32], cells: Kinds, adjusted: Kinds) -> Iterator[tuple[Group, Records]]:
    """Kinds side by side → one after the other, by name."""
    counts = {kind: int(np.count_nonzero(cells[kind].there)) for kind in sorted(cells)}
    nothing = Cells(np.zeros(len(hour), np.int32), np.zeros(len(hour), bool))
    kinds = tuple(kind for kind, count in counts.items() if count or _says(adjusted.get(kind, nothing)))
    if not kinds:
        return
    ends = np.cumsum([counts[kind] for kind in kinds]).tolist()
    hours, value, beside = np.empty(ends[-1], np.int32), np.empty(ends[-1]), np.empty(ends[-1])
    for kind, end in zip(kinds, ends, strict=True):
        here, rows = slice(end - counts[kind], end), _filled(cells[kind])
        hours[here], value[here] = hour[rows], cells[kind].value[rows]
        beside[here] = adjusted.get(kind, nothing).of(rows).floats
    yield (
        group,
        Records(
            hour=hours,
            kind=_numbered(counts[kind] for kind in kinds),
            kinds=kinds,
            value=value,
            adjusted=beside,
            duplicate=0 if _is_rising(hour) else sum(_repeated(hour[_filled(cells[kind])]) for kind in kinds),
            filled=_lone(hour, [(cells[kind], adjusted.get(kind, nothing)) for kind in kinds]),
        ),
    )


def _says(figures: Cells) -> bool:
    """Whether EIA has figures of a kind of which nothing was reported: zeros alone are columns of nobody."""
    return bool(np.any(figures.value[figures.there]))


def _filled(cells: Cells) -> Rows:
    return slice(None) if np.all(cells.there) else np.flatnonzero(cells.there)


def _numbered(counts: Iterable[int]) -> NDArray[np.int32]:
    """0, 1, …, each as often as told."""
    counts = list(counts)
    return np.repeat(np.arange(len(counts), dtype=np.int32), counts)


def _lone(hour: NDArray[np.int32], kinds: Sequence[tuple[Cells, Cells]]) -> Filled:
    """What EIA puts where nobody reported, of (reported, adjusted) kinds."""
    rows = [np.flatnonzero(beside.there & ~cells.there) for cells, beside in kinds]
    return Filled(
        np.concatenate([hour[some] for some in rows]).astype(np.int64),
        _numbered(len(some) for some in rows),
        np.concatenate([beside.value[some] for (_, beside), some in zip(kinds, rows, strict=True)]).astype(np.float64),
    )


def _long(
    group: Group, hour: NDArray[np.int32], other: NDArray[np.int32], cells: Cells, others: Codes
) -> Iterator[tuple[Group, Records]]:
    """Lines that say their kind → the same, kinds numbered by name."""
    rows = _filled(cells)
    hour, other, value = hour[rows], other[rows], cells.value[rows].astype(np.float64)
    if not len(value):
        return
    used = np.flatnonzero(np.bincount(other))
    names = [spelled(*group, others.texts[code]) for code in used.tolist()]
    kinds = tuple(sorted(set(names)))
    place = np.zeros(int(used[-1]) + 1, np.int32)
    place[used] = [kinds.index(kind) for kind in names]
    kind = place[other]
    nothing = Filled(np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0))
    repeated = _repeated(hour.astype(np.int64) * len(kinds) + kind)
    yield group, Records(hour, kind, kinds, value, np.full(len(value), np.nan), repeated, nothing)


def _is_rising(keys: NDArray[np.int32] | NDArray[np.int64]) -> bool:
    return bool(np.all(keys[1:] > keys[:-1]))


def _repeated(keys: NDArray[np.int32] | NDArray[np.int64]) -> int:
    return 0 if _is_rising(keys) else len(keys) - len(np.unique(keys))
