# SPDX-License-Identifier: Apache-2.0
"""Every header that the six-month files have had, read by name: 17, 19, 42, 44, 63, 65 columns; 9; 7.

A column never counts by its place, and names are compared whole, runs of blanks as one: EIA prints `Solar witho
Integrated` for one column while another begins so. What is reported and not known here stops the file.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from eia930.errors import Garbled, Refused
from eia930.reference.routes import FUEL, INTERCHANGE, REGION, SUBREGION, Route
from eia930.sources.files.names import BALANCE, FLOWS, PARTS, FileName

Measured = tuple[str, str]
"""(route id, kind) of a value column of BALANCE; the kind is empty where another column says it."""
AUTHORITY, UTC = "Balancing Authority", "UTC Time at End of Hour"
_MADE = "Net Generation (MW) from "
_IMPUTED, _ADJUSTED = " (Imputed)", " (Adjusted)"
_OLD = "Report it as a new column of EIA's files; until it is known, ask for other halves"

FUELS: Mapping[str, str] = MappingProxyType(
    {
        "Coal": "COL",
        "Natural Gas": "NG",
        "Nuclear": "NUC",
        "All Petroleum Products": "OIL",
        # Until 2024-06 with pumped storage, and solar and wind with their batteries; from 2024-07 without.
        "Hydropower and Pumped Storage": "WAT",
        "Hydropower Excluding Pumped Storage": "WAT",
        "Pumped Storage": "PS",
        "Solar": "SUN",
        "Solar without Integrated Battery Storage": "SUN",
        "Solar with Integrated Battery Storage": "SNB",
        "Wind": "WND",
        "Wind without Integrated Battery Storage": "WND",
        "Wind with Integrated Battery Storage": "WNB",
        "Battery Storage": "BAT",
        "Other Energy Storage": "OES",
        "Unknown Energy Storage": "UES",
        "Geothermal": "GEO",
        "Other Fuel Sources": "OTH",
        "Unknown Fuel Sources": "UNK",
    }
)
"""Names in the headers → codes of the API."""
_MISPRINTS = MappingProxyType(
    {
        "Net Generation (MW) from Solar witho Integrated Battery Storage (Adjusted)": "Net Generation (MW) from "
        "Solar with Integrated Battery Storage (Adjusted)"
    }
)
_TOTALS = MappingProxyType(
    {
        "Demand Forecast (MW)": "DF",
        "Demand (MW)": "D",
        "Net Generation (MW)": "NG",
        "Total Interchange (MW)": "TI",
    }
)
_REST = ("Data Date", "Hour Number", "Local Time at End of Hour", "Region")
_KNOWN_REST = MappingProxyType(
    {BALANCE: (*_REST, "Sum(Valid DIBAs) (MW)"), FLOWS: (*_REST, "DIBA_Region"), PARTS: _REST}
)
_SECOND = MappingProxyType(
    {
        FLOWS: ("Directly Interconnected Balancing Authority", "Interchange (MW)", INTERCHANGE),
        PARTS: ("Sub-Region", "Demand (MW)", SUBREGION),
    }
)


@dataclass(frozen=True, slots=True)
class Header:
    """Where a file has what: places of columns, from 0. `other` is the place of the second key, None in BALANCE."""

    width: int
    authority: int
    utc: int
    other: int | None
    reported: Mapping[Measured, int]
    adjusted: Mapping[Measured, int]
    warnings: tuple[str, ...]
    """Columns that nobody knows and that hold nothing reported, and reported ones of the vintage that lack."""
    names: tuple[str, ...]


def read_header(line: bytes, file: FileName) -> Header:
    """A file's first line → where its columns are.

    Garbled where it is no header at all, Refused where a key is not there or nobody knows a reported column.
    """
    cells = next(csv.reader([line.decode("utf-8-sig", "replace")]), [])
    names = tuple(_MISPRINTS.get(name, name) for name in (" ".join(cell.split()) for cell in cells))
    places = {name: place for place, name in enumerate(names)}
    if AUTHORITY not in places and UTC not in places:
        raise Garbled(f"{file.name}: no header of such a file; it begins {line[:60].decode('ascii', 'replace')!r}")
    if len(places) != len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise Refused(f"{file.name}: column {twice[0]!r} is there twice", remedy=_OLD)
    wanted = _wanted(file.kind)
    lacking = [name for name in (AUTHORITY, UTC, *_needed(file.kind)) if name not in places]
    if lacking:
        raise Refused(f"{file.name}: the header lacks column {lacking[0]!r}", remedy=_OLD)
    rest = _KNOWN_REST[file.kind]
    strange = [name for name in names if name not in wanted and name not in rest and not _is_known_word(name, file)]
    new = [name for name in strange if "(MW)" in name and not name.endswith((_IMPUTED, _ADJUSTED))]
    if new:
        raise Refused(f"{file.name}: nobody knows the reported column {new[0]!r}", remedy=_OLD)
    second = _SECOND.get(file.kind)
    reported = {wanted[name]: place for name, place in places.items() if name in wanted and wanted[name] != ("", "")}
    return Header(
        width=len(names),
        authority=places[AUTHORITY],
        utc=places[UTC],
        other=places[second[0]] if second else None,
        reported=MappingProxyType(reported),
        adjusted=MappingProxyType(_adjusted(places, wanted)),
        warnings=(*(f"column {name!r} is not known, and not read" for name in strange), *_gone(reported)),
        names=names,
    )


def _wanted(kind: str) -> dict[str, Measured]:
    """The names that are keys (as no measure) or reported values."""
    keys: dict[str, Measured] = {AUTHORITY: ("", ""), UTC: ("", "")}
    if kind in _SECOND:
        other, value, route = _SECOND[kind]
        return {**keys, other: ("", ""), value: (route.id, "")}
    return {**keys, **_named(_TOTALS, REGION), **_named({_MADE + name: code for name, code in FUELS.items()}, FUEL)}


def _named(codes: Mapping[str, str], route: Route) -> dict[str, Measured]:
    return {name: (route.id, code) for name, code in codes.items()}


def _needed(kind: str) -> tuple[str, ...]:
    return _SECOND[kind][:2] if kind in _SECOND else tuple(_TOTALS)


def _is_known_word(name: str, file: FileName) -> bool:
    """EIA's estimates and replacements of known columns."""
    plain = name.removesuffix(_IMPUTED).removesuffix(_ADJUSTED)
    return file.kind == BALANCE and plain != name and plain in _wanted(BALANCE)


def _adjusted(places: Mapping[str, int], wanted: Mapping[str, Measured]) -> dict[Measured, int]:
    """Of the measured columns that the file has, those that EIA also gives adjusted."""
    pairs = ((measured, name + _ADJUSTED) for name, measured in wanted.items() if name in places and measured[0])
    return {measured: places[name] for measured, name in pairs if name in places}


def _gone(reported: Mapping[Measured, int]) -> tuple[str, ...]:
    """Fuels that a file of this vintage has had: the old nine, or the sixteen of 2024-07."""
    fuels = {kind for route, kind in reported if route == FUEL.id}
    if not fuels:
        return ()
    new = {"PS", "SNB", "WNB", "BAT", "OES", "UES", "GEO"}
    expected = set(FUELS.values()) if fuels & new else set(FUELS.values()) - new
    return tuple(f"the header lacks energy source {code}" for code in sorted(expected - fuels))
