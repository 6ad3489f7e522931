# SPDX-License-Identifier: Apache-2.0
"""Small worlds for tests of the files: series given cell by cell, and the bytes that EIA would publish of them."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from eia930.emulator.files.making import made
from eia930.emulator.files.quirks import Quirks
from eia930.emulator.files.world import files_of
from eia930.emulator.series import Series
from eia930.reference.clocks import EARLIEST, clock_of
from eia930.reference.halves import Half
from eia930.reference.routes import Route
from eia930.sources.files.contents.columns import Parsed, read_file
from eia930.sources.files.names import ruled

Cells = dict[tuple[str, str, str, int], float]
"""(route, respondent, kind, hour since 1970) → MW."""


@dataclass(frozen=True)
class Drawn:
    """A source of rows that holds just `cells`."""

    cells: Cells
    now: int

    def respondents(self, route: Route) -> Sequence[str]:
        found = {code for of, code, _, _ in self.cells if of == route.id}
        # Who has any cell in a BALANCE file has lines in it.
        if route.id == "region-data":
            found |= {code for of, code, _, _ in self.cells if of == "fuel-type-data"}
        return sorted(found)

    def kinds(self, route: Route) -> Sequence[str]:
        return sorted({kind for of, _, kind, _ in self.cells if of == route.id})

    def names(self, route: Route) -> tuple[dict[str, str], dict[str, str]]:
        return {}, {}

    def span(self, route: Route) -> tuple[int, int]:
        hours = [hour for _, _, _, hour in self.cells]
        return min(hours), max(hours)

    def series(self, route: Route, respondent: str) -> tuple[Series, ...]:
        kinds: dict[str, list[tuple[int, float]]] = {}
        for (of, code, kind, hour), value in self.cells.items():
            if of == route.id and code == respondent:
                kinds.setdefault(kind, []).append((hour, value))
        return tuple(_series(respondent, kind, sorted(kinds[kind])) for kind in sorted(kinds))


def _series(code: str, kind: str, rows: list[tuple[int, float]]) -> Series:
    hours = np.array([hour for hour, _ in rows], np.int32)
    values = np.array([value for _, value in rows], np.float64)
    return Series(code, code, kind, kind, hours, values, np.zeros(len(rows), np.bool_))


def bytes_of(cells: Cells, kind: str, half: Half, quirks: Quirks | None = None) -> bytes:
    """The file of a half, long after it closed."""
    world = files_of(Drawn(cells, half.hours()[1] + 2000))
    return made(world, kind.upper(), half, quirks or Quirks())


def read(data: bytes, kind: str, half: Half) -> Parsed:
    """The file's columns."""
    return read_file(io.BytesIO(data), ruled(kind, half))


def cells_of(parsed: Parsed) -> Cells:
    """Every record of a file as a cell; of one that is there twice the last."""
    found: Cells = {}
    for (route, respondent), records in parsed.groups.items():
        rows = zip(records.hour.tolist(), records.kind.tolist(), records.value.tolist(), strict=True)
        found.update({(route, respondent, records.kinds[kind], hour): value for hour, kind, value in rows})
    return found


def first_hour(half: Half, code: str) -> int:
    """The first stamp of a half by the clock of an authority."""
    return half.hours(clock_of(code) or EARLIEST)[0]


def demand(code: str, half: Half, values: Iterable[float]) -> Cells:
    """Demand from the first hour of a half on."""
    first = first_hour(half, code)
    return {("region-data", code, "D", first + place): value for place, value in enumerate(values)}


HEADER = (
    b'"Balancing Authority","Data Date","Hour Number","Directly Interconnected Balancing Authority",'
    b'"Interchange (MW)","Local Time at End of Hour","UTC Time at End of Hour","Region","DIBA_Region"\n'
)


def flow(hour: int, value: str = "5", *, code: str = "AECI", other: str = "MISO") -> bytes:
    """A line of INTERCHANGE_2022_Jan_Jun: `hour` counts from 2022-01-01T00 UTC."""
    return f"{code},01/01/2022,1,{other},{value},01/01/2022 1:00:00 AM,{stamped(hour)},MIDW,NA\n".encode()


def stamped(hour: int) -> str:
    """Hours after 2022-01-01T00 → a stamp of January."""
    day, of_day = divmod(hour, 24)
    return f"01/{day + 1:02}/2022 {(of_day - 1) % 12 + 1}:00:00 {'PM' if of_day >= 12 else 'AM'}"
