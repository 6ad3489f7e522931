# SPDX-License-Identifier: Apache-2.0
"""EIA930_Reference_Tables.xlsx → rows by sheet: columns by the first line of their headings, whatever their order.

openpyxl is needed for nothing else, and is loaded here alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zipfile import BadZipFile

from eia930.errors import UsageError

AUTHORITIES, SUBREGIONS, CONNECTIONS, SOURCES = "BAs", "BA Subregions", "BA Connections", "Energy Sources"
Row = Mapping[str, str]
"""Heading → text; dates as `YYYY-MM-DD`."""
_MORE = "pip install '.[workbook]' brings it"
_LONGEST = 100_000
"""Rows of a sheet: EIA's longest has some hundreds."""


@dataclass(frozen=True, slots=True)
class Book:
    """The sheets by name."""

    sheets: Mapping[str, tuple[Row, ...]]

    def columns(self, sheet: str) -> tuple[str, ...]:
        """The headings of a sheet; empty where there is none, or no row in it."""
        return tuple(next(iter(self.sheets.get(sheet, ())), {}))


def read_workbook(path: str) -> Book:
    """The workbook in a file. UsageError where it cannot be read, or openpyxl is missing."""
    try:
        from openpyxl import load_workbook
        from openpyxl.utils.exceptions import InvalidFileException
    except ImportError:
        raise UsageError(f"--workbook {path}: openpyxl is not installed; {_MORE}") from None
    try:
        book = load_workbook(Path(path), read_only=True, data_only=True)
    except (OSError, BadZipFile, InvalidFileException, KeyError, ValueError) as error:
        raise UsageError(f"--workbook {path}: this is no workbook that can be read ({error})"[:300]) from None
    try:
        named = {sheet.title.strip(): sheet.iter_rows(values_only=True, max_row=_LONGEST) for sheet in book.worksheets}
        sheets = {name: _rows([tuple(map(_text, row)) for row in rows]) for name, rows in named.items()}
    finally:
        book.close()
    if AUTHORITIES not in sheets:
        raise UsageError(f"--workbook {path}: it has no sheet {AUTHORITIES}, but {', '.join(sheets) or 'none'}")
    return Book(sheets)


def day(text: str) -> str:
    """`9/1/2021` or `2021-09-01` → `2021-09-01`; empty for what is no date."""
    for form in ("%Y-%m-%d", "%m/%d/%Y", "%m/%d/%y"):
        try:
            return datetime.strptime(text, form).date().isoformat()
        except ValueError:
            continue
    return ""


def _rows(cells: Sequence[tuple[str, ...]]) -> tuple[Row, ...]:
    """A line of headings is the first with two of them; what stands above it is a title."""
    place = next((n for n, row in enumerate(cells) if sum(map(bool, row)) > 1), len(cells))
    if place == len(cells):
        return ()
    headings = [text.partition("\n")[0].strip() for text in cells[place]]
    found = ({name: text for name, text in zip(headings, row, strict=False) if name} for row in cells[place + 1 :])
    return tuple(row for row in found if any(row.values()))


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.date()
    return value.isoformat() if isinstance(value, date) else str(value).strip()
