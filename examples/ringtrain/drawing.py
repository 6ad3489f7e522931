# SPDX-License-Identifier: Apache-2.0
"""The loss curve and some forecasts as pictures."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.dates import DateFormatter
from matplotlib.figure import Figure

from ringtrain.page import WORDS
from ringtrain.quantiles import HIGHEST, LOWEST
from ringtrain.scores import METHODS, Days

STYLES = {"model": ("#c2410c", "-"), "naive_168": ("#94a3b8", ":"), "day_ahead": ("#0e7490", "--")}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def draw_loss(path: Path, train: list[float], validation: list[tuple[int, float]]) -> None:
    """Training loss a step and its mean over 20, and validation loss."""
    figure, axis = one_axis()
    steps = np.arange(1, len(train) + 1)
    axis.plot(steps, train, color="#cbd5e1", linewidth=0.8, label="train, each step")
    width = min(20, len(train))
    smooth = np.convolve(train, np.ones(width) / width, "valid")
    axis.plot(steps[width - 1 :], smooth, color="#475569", label=f"train, mean of {width}")
    axis.plot(*zip(*validation, strict=True), color="#c2410c", marker="o", markersize=4, label="validation")
    axis.set(xlabel="step", ylabel="mean quantile loss, in standard deviations", xlim=(0, len(train)))
    axis.set_ylim(0, 1.2 * max(max(smooth), validation[0][1]))
    axis.legend(frameon=False)
    save(figure, path)


def draw_forecasts(path: Path, days: Days, series: list[tuple[int, str]], count: int = 7) -> None:
    """Forecasts of some days of some series (place and name), each day forecast from what was known at its start."""
    count = min(count, len(days.demand))  # windows of 8 days have one day to score
    figure, axes = _axes(len(series))
    hours = [EPOCH + timedelta(hours=days.first_hour + hour) for hour in range(24 * count)]
    for axis, (place, name) in zip(axes, series, strict=True):
        demand = np.where(days.scored[:count, place], days.demand[:count, place], np.nan)
        axis.plot(hours, demand.ravel() / 1e3, color="black", linewidth=1.6, label="demand")
        inside = [
            np.where(days.scored[:count, place], days.quantiles[n, :count, place], np.nan) for n in (LOWEST, HIGHEST)
        ]
        low, high = (part.ravel() / 1e3 for part in inside)
        axis.fill_between(
            hours, low, high, color=STYLES["model"][0], alpha=0.15, linewidth=0, label="the model, 80 % interval"
        )
        for method, (colour, line) in STYLES.items():
            values = np.where(days.scored[:count, place], days.methods[METHODS.index(method), :count, place], np.nan)
            axis.plot(hours, values.ravel() / 1e3, color=colour, linestyle=line, linewidth=1.2, label=WORDS[method])
        axis.set(ylabel=f"{name}, GW", xlim=(hours[0], hours[-1]))
    figure.legend(*axes[0].get_legend_handles_labels(), frameon=False, ncols=3, loc="outside upper left")
    axes[-1].xaxis.set_major_formatter(DateFormatter("%a %d %b", tz=UTC))
    axes[-1].set_xlabel(f"UTC, {hours[0]:%Y-%m-%d} to {hours[-1]:%Y-%m-%d}")
    save(figure, path)


def one_axis() -> tuple[Figure, Axes]:
    """An empty drawing."""
    figure, (axis,) = _axes(1)
    return figure, axis


def _axes(rows: int) -> tuple[Figure, list[Axes]]:
    with plt.rc_context({"font.size": 8.5, "axes.spines.top": False, "axes.spines.right": False}):
        size = (9, 3.6 if rows == 1 else 2.2 * rows)
        figure, axes = plt.subplots(rows, 1, figsize=size, sharex=True, squeeze=False, layout="constrained")
    return figure, list(axes[:, 0])


def save(figure: Figure, path: Path) -> None:
    """Without the date, so that the same figure is the same file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=85, metadata={"Software": None})
    plt.close(figure)
