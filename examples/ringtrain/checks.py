# SPDX-License-Identifier: Apache-2.0
"""What no ring can train on, told in one line before anything is compiled."""

from pathlib import Path

from ringdata.config import PANEL
from ringdata.errors import MissingFile
from ringdata.layout import Layout
from ringtrain.errors import PlanError
from ringtrain.loading import Panel


def layout_of(folder: str) -> Layout:
    """The layout of a folder of blocks; MissingFile where there is none."""
    try:
        return Layout.from_json((Path(folder) / "layout.json").read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise MissingFile(f"{folder} has no layout.json: give a folder of panel blocks, OUTPUT/blocks/panel") from None


def panel_slots(folder: str) -> int:
    """Tokens an hour of a folder of panel blocks; PlanError for blocks of another kind."""
    grid = layout_of(folder).grid
    if grid.config != PANEL:
        raise PlanError(f"{folder} holds blocks of {grid.config.name}, one series a window: give OUTPUT/blocks/panel")
    return grid.slots


def check_days(days: int, *, devices: int, order: str, least: int) -> None:
    """Whole days in every chunk of every rank, and more than the `least` that forecasts are made from."""
    unit = devices * (2 if order == "zigzag" else 1)
    if days > least and days % unit == 0:
        return
    above = max(days // unit + 1, least // unit + 1) * unit
    below = days // unit * unit
    nearest = f"{below} or {above}" if below > least else f"{above}"
    raise PlanError(
        f"--days={days}: {order} on {devices} devices takes a multiple of {unit} above {least}; the nearest: {nearest}"
    )


def check_model(*, patch: int, width: int, layers: int, heads: int) -> None:
    """Tokens of equal length in a day, and heads of equal width: half of them look at their own series alone."""
    if patch < 1 or 24 % patch:
        raise PlanError(f"--patch={patch}: give a divisor of the 24 hours of a day")
    if layers < 1:
        raise PlanError(f"--layers={layers}: give 1 or more")
    if heads < 2 or heads % 2 or width % (2 * heads):
        raise PlanError(
            f"--width={width} --heads={heads}: give an even number of heads, and twice it divides the width"
        )


def check_batch(batch: int, train: Panel, *, replicas: int) -> None:
    """A step takes its windows from one epoch, and each ring takes as many."""
    if not 1 <= batch <= len(train.starts):
        raise PlanError(f"--batch={batch}: train has {len(train.starts):,} windows; give 1 to {len(train.starts)}")
    if batch % replicas:
        raise PlanError(f"--batch={batch}: {replicas} rings share it out; give a multiple of --replicas={replicas}")


def check_series(train: Panel) -> None:
    """Demand is what is forecast, and the published forecast what it is held against."""
    if not train.series:
        raise PlanError(f"{train.folder}: no demand is observed in train; load --types=D,DF, and hours before the cuts")
    if not train.published.names:
        raise PlanError(f"{train.folder}: no day-ahead forecast; load --types=D,DF")


def check_starts(panel: Panel) -> None:
    """A split that is scored has a window; without any block of it, the reader says so."""
    if not len(panel.starts):
        raise PlanError(
            f"{panel.folder}: no window of {panel.days} days from {panel.first_hour}:00 UTC in {panel.split}; "
            "give fewer --days, or move the cuts"
        )
