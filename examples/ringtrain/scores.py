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
from ringtrain.quantiles import MIDDLE, covered, quantile_loss

METHODS = ("model", "naive_24", "naive_168", "day_ahead")
WEEK = 7  # patches before the first that is scored: naive_168 needs them, and the model a past


@dataclass(frozen=True, slots=True)
class Days:
    """Scored days of one window: hour of the first, and [days, series, hours] of demand, methods and of their marks.

    `methods` is [methods, …], `quantiles` of the model [levels, …]; its median is the first of the methods.
    """

    first_hour: int
    demand: NDArray[np.float32]
    methods: NDArray[np.float32]
    quantiles: NDArray[np.float32]
    scored: NDArray[np.bool_]

    def last(self, count: int) -> "Days":
        """The last of them."""
        left = len(self.demand) - count
        methods, quantiles = self.methods[:, left:], self.quantiles[:, left:]
        return Days(self.first_hour + left * DAY, self.demand[left:], methods, quantiles, self.scored[left:])


@dataclass(frozen=True, slots=True)
class Scores:
    """For each series: its name, hours scored, mean demand in MW, and mean absolute error of each method in MW.

    Of the model also the mean quantile loss in MW, and the share of hours that its 80 % interval holds.
    """

    series: tuple[str, ...]
    hours: NDArray[np.int64]
    demand: NDArray[np.float64]
    errors: NDArray[np.float64]
    loss: NDArray[np.float64]
    covered: NDArray[np.float64]

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
    for place, new in windows_of(len(panel.starts), panel.days - WEEK):
        index = panel.starts[place]
        scaled, position, slot = (np.asarray(field)[0] for field in forecast(panel.alike(index)))
        model = _in_order(scaled, position, slot)
        yield _days(panel, whole[int(index)], model).last(new)


def windows_of(starts: int, scored: int) -> list[tuple[int, int]]:
    """Of windows that begin a day apart and have so many scored days, those that have each once: place, and how many.

    The last ends with the split, so that of its days only the last may be new.
    """
    places = range(0, starts, scored)
    found = [(place, scored) for place in places]
    left = starts - 1 - places[-1]
    return [*found, (starts - 1, left)] if left else found


def add_up(panel: Panel, days: list[Days]) -> Scores:
    """Errors over all days, for series that have a day-ahead forecast and any hour to score."""
    hours = np.array([d.scored.sum(axis=(0, 2)) for d in days]).sum(axis=0)
    some = hours > 0
    names = tuple(area(row["series_id"]) for row, has in zip(panel.series, some, strict=True) if has)

    def mean(of: Callable[[Days], NDArray[Any]]) -> NDArray[np.float64]:
        """Over the scored hours of each series."""
        sums = [np.where(d.scored, of(d), 0).sum(axis=(-3, -1), dtype=np.float64) for d in days]
        return np.asarray(np.sum(sums, axis=0)[..., some] / hours[some])

    return Scores(
        names,
        hours[some],
        demand=mean(lambda d: d.demand),
        errors=mean(lambda d: np.abs(d.methods - d.demand)),
        loss=mean(lambda d: quantile_loss(d.quantiles, d.demand)),
        covered=mean(lambda d: covered(d.quantiles, d.demand)),
    )


def area(series_id: str) -> str:
    """`EBA.ERCO-ALL.D.H` is demand of `ERCO`."""
    return series_id.split(".")[1].split("-")[0]


def _whole(panel: Panel) -> RingBlocks:
    """The same windows uncut, on the host."""
    context = panel.days * DAY * panel.slots
    return RingBlocks(panel.folder, split=panel.split, context=context, stride=panel.slots, horizon=DAY)


def _in_order(scaled: NDArray[Any], position: NDArray[Any], slot: NDArray[Any]) -> NDArray[Any]:
    """Put back what the ring held, by position and series alone."""
    return scaled[np.lexsort((slot, position))]


def _days(panel: Panel, item: dict[str, NDArray[Any]], scaled: NDArray[Any]) -> Days:
    """`scaled` are the model's quantiles [tokens, levels, hours] of the window that `item` is."""
    demand, published = panel.patches.cut(item), panel.published.cut(item)
    shape = (panel.days, panel.patches.names, DAY)
    value, observed, target, counted = (demand[n].reshape(shape) for n in ("value", "observed", "target", "loss_mask"))
    mean, std = (row[:, None] for row in panel.scale)
    by_part = scaled.reshape(*shape[:2], panel.parts, -1, DAY // panel.parts)
    model = np.moveaxis(by_part, 3, 0).reshape(-1, *shape)[:, WEEK:] * std + mean
    week_ago, seen = value[1 : 1 - WEEK], observed[1 : 1 - WEEK]  # of the target: six patches before this one
    ahead, known = (published[name].reshape(shape)[WEEK:] for name in ("target", "loss_mask"))
    methods = np.stack([model[MIDDLE], value[WEEK:], week_ago, ahead])
    scored = counted[WEEK:] & observed[WEEK:] & seen & known
    return Days(int(demand["position"][0]) + (WEEK + 1) * DAY, target[WEEK:], methods, model, scored)
