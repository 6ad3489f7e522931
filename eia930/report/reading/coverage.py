# SPDX-License-Identifier: Apache-2.0
"""Which hours are present, by month: one map a type of region-data, one a route for the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np

from eia930.record.assembly import SeriesReport
from eia930.reference.routes import ROUTES
from eia930.report.reading.frame import Frame
from eia930.report.reading.hourly import Hourly
from eia930.report.telling.words import kind_name

_BINS = (0.0, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)
"""Most of what matters lies above 95 %: even steps would hide it."""


class MapRow(msgspec.Struct, frozen=True):
    """A respondent's hours present, by month and by year; `share` of the hours that its series were asked for."""

    respondent: str
    series: int
    share: float
    present: tuple[int, ...]
    years: tuple[int, ...]


class CoverageMap(msgspec.Struct, frozen=True):
    """One type or route; `without` names who has not a single hour."""

    name: str
    rows: tuple[MapRow, ...]
    without: tuple[str, ...]


class CoverageMaps(msgspec.Struct, frozen=True):
    """All maps, over the same months of so many hours."""

    months: tuple[str, ...]
    hours: tuple[int, ...]
    years: tuple[str, ...]
    year_hours: tuple[int, ...]
    maps: tuple[CoverageMap, ...]


@dataclass(slots=True)
class _Row:
    series: int = 0
    asked: int = 0
    present: list[int] = field(default_factory=list)


class Coverage:
    """Adds series up; a respondent's fuels, neighbours or sub-regions share a row."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._maps: dict[tuple[str, str], dict[str, _Row]] = {}

    def add(self, account: SeriesReport, hourly: Hourly | None) -> None:
        """Count one series, by its entry in report.json; None where it has no rows."""
        key = map_key(account)
        row = self._maps.setdefault(key, {}).setdefault(account.respondent, _Row())
        months = self._frame.sums(hourly.present) if hourly else [0] * len(self._frame.months)
        row.present = [a + b for a, b in zip(row.present, months, strict=True)] if row.series else months
        row.series += 1
        row.asked += account.hours

    def told(self) -> CoverageMaps:
        """The maps: hours present by month and by year; rows without any hour are left out."""
        ends = [*self._frame.month_starts.tolist(), self._frame.hours]
        hours = np.diff(ends).tolist()
        return CoverageMaps(
            months=tuple(self._frame.months),
            hours=tuple(hours),
            years=tuple(sorted({month[:4] for month in self._frame.months})),
            year_hours=self._by_year(hours),
            maps=tuple(self._map(key, self._maps[key]) for key in sorted(self._maps, key=map_rank)),
        )

    def _map(self, key: tuple[str, str], rows: Mapping[str, _Row]) -> CoverageMap:
        return CoverageMap(
            name=kind_name(*key),
            rows=tuple(self._row(code, row) for code, row in sorted(rows.items()) if any(row.present)),
            without=tuple(sorted(code for code, row in rows.items() if not any(row.present))),
        )

    def _row(self, code: str, row: _Row) -> MapRow:
        share = round(sum(row.present) / max(1, row.asked), 6)
        return MapRow(code, row.series, share, tuple(row.present), self._by_year(row.present))

    def _by_year(self, months: Sequence[int]) -> tuple[int, ...]:
        years: dict[str, int] = {}
        for month, number in zip(self._frame.months, months, strict=True):
            years[month[:4]] = years.get(month[:4], 0) + number
        return tuple(years[year] for year in sorted(years))


def map_key(account: SeriesReport) -> tuple[str, str]:
    """Which map or line of the account a series belongs to: (route, type), the type only for region-data."""
    return account.route, ROUTES[account.route].line(account.kind) if account.route in ROUTES else ""


def map_rank(key: tuple[str, str]) -> tuple[int, int, tuple[str, str]]:
    """Where a map or line stands: in the order of the routes and of their types, demand first; others after them."""
    route, kind = key
    types = ROUTES[route].types if route in ROUTES else ()
    return _place(list(ROUTES), route), _place(types, kind), key


def _place(names: Sequence[str], name: str) -> int:
    return names.index(name) if name in names else len(names)


def step_of(present: int, hours: int) -> int:
    """0 none, 1 below 25 %, 2 below 50, 3 below 75, 4 below 95, 5 below 99, 6 below all, 7 complete."""
    if not present:
        return 0
    return 7 if present >= hours else int(np.searchsorted(_BINS, present / hours, side="right"))
