# SPDX-License-Identifier: Apache-2.0
"""A block of lines → dense columns of cells: fast where every cell is sound, one by one where one is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from eia930.errors import Garbled
from eia930.sources.api.rows import KIND
from eia930.sources.columns import LARGEST, Refusal
from eia930.sources.files.contents.codes import Codes
from eia930.sources.files.contents.headers import Header, Measured
from eia930.sources.files.contents.reading import table
from eia930.sources.files.contents.runs import of_each, repeating, run_starts
from eia930.sources.files.contents.stamps import Stamps
from eia930.sources.files.names import FileName

_KEY = pa.dictionary(pa.int32(), pa.string())
_WHOLE = pa.int32()
"""MW as all are that were seen. Nothing else is told as fast, nor kept in as little."""
_MANY = 5
_NUMBER = r"^\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?\s*$"
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Cells:
    """A value column, a line a place: MW, int32 where all of it are whole, else float64.

    Where `there` is false, the cell is empty or refused, and nothing is said by the value.
    """

    value: NDArray[Any]
    there: Bools

    def of(self, rows: slice | NDArray[np.intp]) -> Cells:
        """Some lines alone."""
        return Cells(self.value[rows], self.there[rows])

    @property
    def floats(self) -> Floats:
        """MW; NaN where nothing is there."""
        return np.where(self.there, self.value, np.nan)


@dataclass(frozen=True, slots=True)
class Block:
    """Lines with sound keys: `hour` int32, `authority` and `other` int32 (numbers of `Codes`).

    `rows` counts all lines; received = cells that are kept + rejected.
    """

    rows: int
    hour: NDArray[np.int32]
    authority: NDArray[np.int32]
    other: NDArray[np.int32] | None
    cells: Mapping[Measured, Cells]
    adjusted: Mapping[Measured, Cells]
    received: int
    rejected: int = 0
    refused: Mapping[tuple[str, str], list[Refusal]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class File:
    """What is the same for all blocks of a file."""

    name: FileName
    header: Header
    stamps: Stamps
    authorities: Codes
    others: Codes

    @property
    def keys(self) -> tuple[str, ...]:
        """The names of the key columns."""
        names, places = self.header.names, (self.header.authority, self.header.other)
        return tuple(names[place] for place in places if place is not None)


def read_block(data: bytes, file: File, *, before: int) -> Block:
    """Garbled where a line has the wrong width or a stamp is none. `before`: lines of earlier blocks."""
    names = file.header.names
    values = [names[place] for place in (*file.header.reported.values(), *file.header.adjusted.values())]
    utc = {names[file.header.utc]: pa.string()}
    # As text, for the same keys come again in the same order: they are compared in bulk, not looked up each.
    keys = dict.fromkeys(file.keys, pa.string()) | utc
    for number in _numeric(data, len(values)):
        try:
            whole = table(file.name.name, data, keys | dict.fromkeys(values, number), names)
        except pa.ArrowInvalid:
            continue
        if (block := _fast(whole, file)) is not None:
            return block
    try:
        texts = dict.fromkeys(file.keys, _KEY) | utc | dict.fromkeys(values, pa.string())
        whole = table(file.name.name, data, texts, names)
    except pa.ArrowInvalid as error:
        raise Garbled(f"{file.name.name}: {error}") from None
    return _slow(whole, file, data, before)


def _numeric(data: bytes, columns: int) -> tuple[pa.DataType, ...]:
    """As what cells are tried: whole MW, as all are that were seen; else with decimals."""
    # As an integer Arrow takes 0x1F too, and to look for that takes longer than decimals do for a column or two.
    # One letter is looked for faster than two.
    if columns < _MANY or any(text[1:] in data and text in data for text in (b"0x", b"0X")):
        return (pa.float64(),)
    return _WHOLE, pa.float64()


def _fast(whole: pa.Table, file: File) -> Block | None:
    """None where a code is none, or a number one that no series can hold."""
    names, header = file.header.names, file.header
    of, *rest = (_only(whole, name) for name in file.keys)
    starts = run_starts(of)
    authorities = of.take(pa.array(starts)).to_pylist()
    kinds = [repeating(texts, starts) for texts in rest]
    if not all(map(KIND.fullmatch, {*authorities}.union(*(names for names, _ in kinds)))):
        return None
    found: dict[int, Cells] = {}
    for place in (*header.reported.values(), *header.adjusted.values()):
        cells = _cells(_only(whole, names[place]))
        if cells is None:
            return None
        found[place] = cells
    return Block(
        rows=len(whole),
        hour=_hours(whole, file),
        authority=of_each(file.authorities.numbers(authorities), starts, len(whole)),
        other=file.others.numbers(kinds[0][0])[kinds[0][1]] if rest else None,
        cells={one: found[place] for one, place in header.reported.items()},
        adjusted={one: found[place] for one, place in header.adjusted.items()},
        received=sum(int(np.count_nonzero(found[place].there)) for place in header.reported.values()),
    )


def _only(whole: pa.Table, name: str) -> pa.Array:
    """A column of a block, which has one piece."""
    column = whole[name]
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _cells(column: pa.Array) -> Cells | None:
    """Arrow's numbers; None where no series can hold one."""
    validity, data = column.buffers()
    there = np.ones(len(column), bool)
    if column.null_count:
        there = np.unpackbits(np.frombuffer(validity, np.uint8), count=len(column), bitorder="little").view(bool)
    if column.type == _WHOLE:
        return Cells(np.frombuffer(data, np.int32, len(column)), there)
    # -0 is 0, as where all are whole: the bytes do not tell what stands beside a cell.
    value = np.frombuffer(data, np.float64, len(column)) + 0.0
    return Cells(value, there) if np.all((np.abs(value) <= LARGEST) | ~there) else None


def _slow(whole: pa.Table, file: File, data: bytes, before: int) -> Block:
    """Every odd cell is refused with its line and the reason, every other one kept."""
    names, header = file.header.names, file.header
    codes = [_only(whole, name) for name in file.keys]
    texts = [code.dictionary.to_pylist() for code in codes]
    sound = np.ones(len(whole), bool)
    for code, some in zip(codes, texts, strict=True):
        good = np.array([KIND.fullmatch(text) is not None for text in some] or [True])
        sound &= good[code.indices.to_numpy()]
    refusals = _Refusals(data, before)
    cells: dict[Measured, Cells] = {}
    received = 0
    for one, place in header.reported.items():
        there, numbers = _numbers(whole[names[place]])
        received += int(there.sum())
        for row in np.flatnonzero(there & (np.isnan(numbers) | ~sound)).tolist():
            respondent = codes[0][row].as_py() if sound[row] else ""
            reason = f"{names[place]} is no number" if sound[row] else f"{' or '.join(file.keys)} is no code"
            refusals.add((one[0], respondent), row, reason)
        cells[one] = _kept(numbers[sound])
    adjusted = {one: _kept(_numbers(whole[names[place]])[1][sound]) for one, place in header.adjusted.items()}
    hours = _hours(whole, file)
    numbered = [
        _numbered(code, heap)[sound] for code, heap in zip(codes, (file.authorities, file.others), strict=False)
    ]
    return Block(
        rows=len(whole),
        hour=hours[sound],
        authority=numbered[0],
        other=numbered[1] if len(numbered) > 1 else None,
        cells=cells,
        adjusted=adjusted,
        received=received,
        rejected=refusals.count,
        refused=refusals.found,
    )


def _kept(numbers: Floats) -> Cells:
    return Cells(numbers + 0.0, ~np.isnan(numbers))


def _numbers(column: pa.ChunkedArray) -> tuple[Bools, Floats]:
    """Which cells are not empty, and float64 (NaN: empty, or no number)."""
    text = column.combine_chunks()
    there = pc.fill_null(pc.not_equal(text, ""), False)
    good = pc.and_(there, pc.fill_null(pc.match_substring_regex(text, _NUMBER), False))
    numbers = pc.if_else(good, pc.ascii_trim_whitespace(text), None).cast(pa.float64()).to_numpy(zero_copy_only=False)
    numbers = np.where(np.abs(numbers) <= LARGEST, numbers, np.nan)
    return there.to_numpy(zero_copy_only=False), numbers


def _hours(whole: pa.Table, file: File) -> NDArray[np.int32]:
    return file.stamps.hours(_only(whole, file.header.names[file.header.utc]))


def _numbered(code: pa.DictionaryArray, codes: Codes) -> NDArray[np.int32]:
    return np.asarray(codes.numbers(code.dictionary.to_pylist())[code.indices.to_numpy()], np.int32)


@dataclass(slots=True)
class _Refusals:
    """Refused cells; the block is cut into lines when the first comes."""

    data: bytes
    before: int
    count: int = 0
    found: dict[tuple[str, str], list[Refusal]] = field(default_factory=dict)
    _lines: list[bytes] = field(default_factory=list)

    def add(self, group: tuple[str, str], row: int, reason: str) -> None:
        self._lines = self._lines or [line for line in self.data.splitlines() if line]
        line = self._lines[row].decode("utf-8", "replace")
        self.count += 1
        self.found.setdefault(group, []).append(Refusal(self.before + row, line, reason))
