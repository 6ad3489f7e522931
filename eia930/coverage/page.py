# SPDX-License-Identifier: Apache-2.0
"""The coverage matrix as a page: a route's regions × years, and its series × years, drawn as plain SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from eia930.coverage.model import CoverageAccount
from eia930.coverage.table import Coverage
from eia930.reference.routes import ROUTES
from eia930.report.reading.coverage import step_of
from eia930.report.templates import environment

STEPS = ("none", "under 25 %", "under 50 %", "under 75 %", "under 95 %", "under 99 %", "under 100 %", "complete")


@dataclass(frozen=True, slots=True)
class Cell:
    """One square: hours present of all hours, its shade (0 none … 7 complete), and the share in words."""

    year: int
    present: int
    hours: int

    @property
    def step(self) -> int:
        """The shade."""
        return step_of(self.present, self.hours)

    @property
    def text(self) -> str:
        """Per cent, cut down: 100 only where nothing is missing, 0 only where nothing is there."""
        if self.present in (0, self.hours):
            return "100" if self.present else "0"
        return f"{min(max(np.floor(1000 * self.present / self.hours) / 10, 0.1), 99.9):.1f}"


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a matrix."""

    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Drawn:
    """One route: its regions × years, and each of its series × years."""

    id: str
    name: str
    regions: tuple[Line, ...]
    series: tuple[Line, ...]


def matrix_page(coverage: Coverage, report: CoverageAccount) -> str:
    """One HTML file that asks nobody for anything; the same counts give the same text."""
    return (
        environment()
        .get_template("matrix.html.j2")
        .render(report=report, routes=drawn(coverage.table), years=years_of(coverage.table), steps=STEPS)
    )


def drawn(table: pa.Table) -> tuple[Drawn, ...]:
    """The matrices of every route that has series, in the order of the routes."""
    return tuple(
        Drawn(route.id, route.name, _lines(table, route.id, "respondent"), _lines(table, route.id, "series_id"))
        for route in ROUTES.values()
        if route.id in set(table["route"].unique().to_pylist())
    )


def years_of(table: pa.Table) -> Sequence[int]:
    """The years of the table, in order."""
    return sorted(set(_years(table).tolist()))


def _lines(table: pa.Table, route: str, by: str) -> tuple[Line, ...]:
    mine = table.filter(pa.compute.equal(table["route"], route))
    names, years = mine[by].to_numpy(zero_copy_only=False), _years(mine)
    present, hours = mine["present"].to_numpy(), mine["hours"].to_numpy()
    found, row = np.unique(names.astype(str), return_inverse=True)
    columns = sorted(set(_years(table).tolist()))
    place = row * len(columns) + np.searchsorted(columns, years)
    sums = [np.bincount(place, one, minlength=len(found) * len(columns)).astype(int) for one in (present, hours)]
    cells = [Cell(columns[i % len(columns)], *pair) for i, pair in enumerate(zip(*map(list, sums), strict=True))]
    return tuple(
        Line(name, tuple(cells[i * len(columns) : (i + 1) * len(columns)])) for i, name in enumerate(found.tolist())
    )


def _years(table: pa.Table) -> np.ndarray[Any, np.dtype[np.int64]]:
    days = table["month"].cast(pa.int32()).to_numpy().astype("datetime64[D]")
    years: np.ndarray[Any, np.dtype[np.int64]] = days.astype("datetime64[Y]").astype(np.int64) + 1970
    return years
