# SPDX-License-Identifier: Apache-2.0
"""Forecasts of a later year against seasonal naive and against the day-ahead forecast that EIA publishes (type DF).

All methods are scored on the same hours: those where demand and every method's own figure were observed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from jax import Array
from numpy.typing import NDArray

from ringdata import RingBlocks
from ringtrain.learning import Found
from ringtrain.loading import DAY, Panel
from ringtrain.patches import Patches

METHODS = ("model", "naive_24", "naive_168", "day_ahead")
WEEK = 7  # patches before the first that is scored: naive_168 needs them, and the model a past


@dataclass(frozen=True, slots=True)
class Days:
    """Scored days of one window: hour of the first, and [days, series, hours] of demand, methods and of their marks."""

    first_hour: int
    demand: NDArray[np.float32]
    methods: NDArray[np.float32]
    scored: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Scores:
    """For each series: its name, hours scored, mean demand in MW, and mean absolute error of each method in MW."""

    series: tuple[str, ...]
    hours: NDArray[np.int64]
    demand: NDArray[np.float64]
    errors: NDArray[np.float64]

    @property
    def shares(self) -> NDArray[np.float64]:
        """Errors as a share of mean demand: float64[methods, series]."""
        return self.errors / self.demand

    def named(self) -> dict[str, dict[str, float]]:
        """Mean and median over series of the share, and how many series the model beats each method in, by method."""
        better = (self.shares[0] < self.shares).sum(axis=1)
        rows = zip(METHODS, self.shares.mean(axis=1), np.median(self.shares, axis=1), better, strict=True)
        return {name: {"mean": float(a), "median": float(b), "beaten_in": int(c)} for name, a, b, c in rows}


def forecast_days(panel: Panel, forecast: Callable[[dict[str, Array]], Found]) -> Iterator[Days]:
    """Every day of the split that has a week before it, once; each host reads them all, and finds the same."""
    whole = _whole(panel)
    pairs = _pairs(panel)
    for index in panel.starts[:: panel.days - WEEK]:
        scaled, position, slot = (np.asarray(field)[0] for field in forecast(panel.batch([index])))
        model = _in_order(scaled, position, slot)
        yield _days(panel, whole[int(index)], model, pairs)


def add_up(panel: Panel, days: list[Days]) -> Scores:
    """Errors over all days, for series that have a day-ahead forecast and any hour to score."""
    error = np.array([np.where(d.scored, np.abs(d.methods - d.demand), 0).sum(axis=(1, 3)) for d in days]).sum(axis=0)
    hours = np.array([d.scored.sum(axis=(0, 2)) for d in days]).sum(axis=0)
    demand = np.array([np.where(d.scored, d.demand, 0).sum(axis=(0, 2)) for d in days]).sum(axis=0)
    some = hours > 0
    names = tuple(area(row["series_id"]) for row, has in zip(panel.series, some, strict=True) if has)
    return Scores(names, hours[some], demand[some] / hours[some], error[:, some].astype(np.float64) / hours[some])


def area(series_id: str) -> str:
    """`EBA.ERCO-ALL.D.H` is demand of `ERCO`."""
    return series_id.split(".")[1].split("-")[0]


def _whole(panel: Panel) -> RingBlocks:
    """The same windows uncut, on the host."""
    context = panel.days * DAY * panel.slots
    return RingBlocks(panel.folder, split=panel.split, context=context, stride=panel.slots, horizon=DAY)


def _pairs(panel: Panel) -> Patches:
    """Day-ahead forecasts in the order of the series."""
    rows = panel.readers[0].sequences.to_pylist()
    slots = {row["series_id"]: row["slot"] for row in rows}
    wanted = [row["series_id"].replace(".D.H", ".DF.H") for row in panel.series]
    missing = [name for name in wanted if name not in slots]
    if missing:
        raise SystemExit(f"no day-ahead forecast {missing[0]} in {panel.folder}: load with --types D,DF")
    return Patches(DAY, panel.slots, tuple(slots[name] for name in wanted))


def _in_order(scaled: NDArray[Any], position: NDArray[Any], slot: NDArray[Any]) -> NDArray[Any]:
    """Put back what the ring held, by position and series alone."""
    return scaled[np.lexsort((slot, position))]


def _days(panel: Panel, item: dict[str, NDArray[Any]], scaled: NDArray[Any], forecasts: Patches) -> Days:
    demand, published = panel.patches.cut(item), forecasts.cut(item)
    shape = (panel.days, panel.patches.names, DAY)
    value, observed, target, counted = (demand[n].reshape(shape) for n in ("value", "observed", "target", "loss_mask"))
    mean, std = (row[:, None] for row in panel.scale)
    model = scaled.reshape(shape) * std + mean
    week_ago, seen = value[1 : 1 - WEEK], observed[1 : 1 - WEEK]  # of the target: six patches before this one
    ahead, known = (published[name].reshape(shape)[WEEK:] for name in ("target", "loss_mask"))
    methods = np.stack([model[WEEK:], value[WEEK:], week_ago, ahead])
    scored = counted[WEEK:] & observed[WEEK:] & seen & known
    return Days(int(demand["position"][0]) + (WEEK + 1) * DAY, target[WEEK:], methods, scored)
