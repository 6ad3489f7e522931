# SPDX-License-Identifier: Apache-2.0
"""A block of lines → dense columns of cells: fast where every cell is sound, one by one where one is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from eia930.errors import Garbled
from eia930.sources.api.rows import KIND
from eia930.sources.columns import Refusal
from eia930.sources.files.contents.codes import Codes
from eia930.sources.files.contents.headers import Header, Measured
from eia930.sources.files.contents.reading import table
from eia930.sources.files.contents.stamps import Stamps
from eia930.sources.files.names import FileName

_KEY = pa.dictionary(pa.int32(), pa.string())
_NUMBER = r"^\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?\s*$"
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Block:
    """Lines with sound keys: `hour` int32, `authority` and `other` int32 (numbers of `Codes`), cells float64.

    NaN where a cell is empty or refused. `rows` counts all lines; received = cells that are kept + rejected.
    """

    rows: int
    hour: NDArray[np.int32]
    authority: NDArray[np.int32]
    other: NDArray[np.int32] | None
    cells: Mapping[Measured, Floats]
    adjusted: Mapping[Measured, Floats]
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
    keys = {**dict.fromkeys(file.keys, _KEY), names[file.header.utc]: pa.string()}
    for number in _numeric(data):
        try:
            whole = table(file.name.name, data, keys | dict.fromkeys(values, number), names)
        except pa.ArrowInvalid:
            continue
        if (block := _fast(whole, file)) is not None:
            return block
    try:
        whole = table(file.name.name, data, keys | dict.fromkeys(values, pa.string()), names)
    except pa.ArrowInvalid as error:
        raise Garbled(f"{file.name.name}: {error}") from None
    return _slow(whole, file, data, before)


def _numeric(data: bytes) -> tuple[pa.DataType, ...]:
    """As what cells are tried: whole MW, as all are that were seen; else with decimals."""
    # As an integer Arrow takes 0x1F too. One letter is looked for faster than two.
    hexadecimal = any(text[1:] in data and text in data for text in (b"0x", b"0X"))
    return (pa.float64(),) if hexadecimal else (pa.int64(), pa.float64())


def _fast(whole: pa.Table, file: File) -> Block | None:
    """None where a code is none or a number is not finite."""
    codes = [whole[name].combine_chunks() for name in file.keys]
    if any(not KIND.fullmatch(text) for code in codes for text in code.dictionary.to_pylist()):
        return None
    names, header = file.header.names, file.header
    columns = {place: whole[names[place]] for place in (*header.reported.values(), *header.adjusted.values())}
    floats = {place: np.asarray(column.to_numpy(), np.float64) for place, column in columns.items()}
    for place, values in floats.items():
        if pa.types.is_integer(columns[place].type):
            continue
        if np.count_nonzero(np.isfinite(values)) != len(values) - columns[place].null_count:
            return None
    reported = header.reported.values()
    return Block(
        rows=len(whole),
        hour=_hours(whole, file),
        authority=_numbered(codes[0], file.authorities),
        other=_numbered(codes[1], file.others) if len(codes) > 1 else None,
        cells={one: floats[place] for one, place in header.reported.items()},
        adjusted={one: floats[place] for one, place in header.adjusted.items()},
        received=sum(len(whole) - columns[place].null_count for place in reported),
    )


def _slow(whole: pa.Table, file: File, data: bytes, before: int) -> Block:
    """Every odd cell is refused with its line and the reason, every other one kept."""
    names, header = file.header.names, file.header
    codes = [whole[name].combine_chunks() for name in file.keys]
    texts = [code.dictionary.to_pylist() for code in codes]
    sound = np.ones(len(whole), bool)
    for code, some in zip(codes, texts, strict=True):
        good = np.array([KIND.fullmatch(text) is not None for text in some] or [True])
        sound &= good[code.indices.to_numpy()]
    refusals = _Refusals(data, before)
    cells: dict[Measured, Floats] = {}
    received = 0
    for one, place in header.reported.items():
        there, numbers = _numbers(whole[names[place]])
        received += int(there.sum())
        for row in np.flatnonzero(there & (np.isnan(numbers) | ~sound)).tolist():
            respondent = codes[0][row].as_py() if sound[row] else ""
            reason = f"{names[place]} is no number" if sound[row] else f"{' or '.join(file.keys)} is no code"
            refusals.add((one[0], respondent), row, reason)
        cells[one] = numbers[sound]
    adjusted = {one: _numbers(whole[names[place]])[1][sound] for one, place in header.adjusted.items()}
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


def _numbers(column: pa.ChunkedArray) -> tuple[NDArray[np.bool_], Floats]:
    """Which cells are not empty, and float64 (NaN: empty, or no number)."""
    text = column.combine_chunks()
    there = pc.fill_null(pc.not_equal(text, ""), False)
    good = pc.and_(there, pc.fill_null(pc.match_substring_regex(text, _NUMBER), False))
    numbers = pc.if_else(good, pc.ascii_trim_whitespace(text), None).cast(pa.float64()).to_numpy(zero_copy_only=False)
    numbers = np.where(np.isfinite(numbers), numbers, np.nan)
    return there.to_numpy(zero_copy_only=False), numbers


def _hours(whole: pa.Table, file: File) -> NDArray[np.int32]:
    return file.stamps.hours(whole[file.header.names[file.header.utc]].combine_chunks())


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
