# SPDX-License-Identifier: Apache-2.0
"""The model's forecasts beside simple ones, area by area, on the same hours."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ringtrain.forecasts import Forecasts
from ringtrain.quantiles import MIDDLE, covered, loss_of_three, quantile_loss
from ringtrain.record import DailyRecord, read_record
from ringtrain.rivals import METHODS, quantiles_of

MODEL = "the model"


@dataclass(frozen=True, slots=True)
class Row:
    """A method in an area, as shares: mean absolute error and quantile loss of mean demand, hours in the interval."""

    error: float
    loss: float
    loss_of_three: float
    covered: float


Table = dict[str, dict[str, Row]]


def compare(folder: str, found: Forecasts) -> Table:
    """Rows by area and method, over the hours that the model was scored at."""
    areas = tuple(area for place, area in enumerate(found.areas) if found.scored[:, place].any())
    record = read_record(folder, areas, begins=int(found.first[0]))
    days = np.searchsorted(record.first, found.first)
    if not np.array_equal(record.first[days % len(record.first)], found.first):
        raise ValueError("they are of hours that the blocks do not hold")
    return {area: _area(record, place, days, found) for place, area in enumerate(areas)}


def _area(record: DailyRecord, place: int, days: NDArray[np.int64], found: Forecasts) -> dict[str, Row]:
    mean, std = record.scale[:, place]
    there = found.areas.index(record.areas[place])
    scored, demand = found.scored[:, there], found.demand[:, there]
    rows = {}
    for name, method in METHODS.items():
        values = method(record, place)
        quantiles = quantiles_of(values, record, place)[:, days] * std + mean
        rows[name] = _row(values[days] * std + mean, quantiles, demand, scored)
    quantiles = found.quantiles[:, :, there]
    return rows | {MODEL: _row(quantiles[MIDDLE], quantiles, demand, scored)}


def _row(values: NDArray[Any], quantiles: NDArray[Any], demand: NDArray[Any], scored: NDArray[np.bool_]) -> Row:
    level = demand[scored].mean(dtype=np.float64)
    error = np.abs(values - demand)[scored].mean(dtype=np.float64)
    loss, of_three = (
        way(quantiles, demand)[scored].mean(dtype=np.float64) / level for way in (quantile_loss, loss_of_three)
    )
    held = covered(quantiles, demand)[scored].mean()
    return Row(float(error / level), float(loss), float(of_three), float(held))


def summary(table: Table) -> str:
    """Markdown: a row a method, over all areas."""
    lines = [
        f"| | mean of {len(table)} areas | median | the model is better in | quantile loss, mean | median "
        "| of 0.1, 0.5 and 0.9 alone, mean | hours in the 80 % interval |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name in (*METHODS, MODEL):
        rows = [area[name] for area in table.values()]
        error, loss, of_three, held = (
            np.array([getattr(row, what) for row in rows]) for what in ("error", "loss", "loss_of_three", "covered")
        )
        better = sum(area[MODEL].error < area[name].error for area in table.values())
        lines.append(
            f"| {name} | {error.mean():.2%} | {np.median(error):.2%} | {'' if name == MODEL else better} "
            f"| {loss.mean():.2%} | {np.median(loss):.2%} | {of_three.mean():.2%} | {held.mean():.0%} |"
        )
    return "\n".join(lines)


def by_area(table: Table) -> str:
    """Markdown: a row an area and a column a method, of the error, of the quantile loss, and of the interval."""
    parts = [
        f"## {words}\n\n{_grid(table, what, form)}"
        for words, what, form in (
            ("Mean absolute error", "error", ".1%"),
            ("Weighted quantile loss", "loss", ".1%"),
            ("Hours in the 80 % interval", "covered", ".0%"),
        )
    ]
    return "\n\n".join(parts)


def _grid(table: Table, what: str, form: str) -> str:
    names = (*METHODS, MODEL)
    lines = [f"| | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for area, rows in sorted(table.items()):
        lines.append(f"| {area} | {' | '.join(format(getattr(rows[name], what), form) for name in names)} |")
    return "\n".join(lines)
