# SPDX-License-Identifier: Apache-2.0
"""The whole record as days of every demand series: what simple forecasts are made from. Needs numpy and pyarrow."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ringdata import Layout, RingBlocks, latest
from ringdata.errors import MissingFile
from ringtrain import calendar
from ringtrain.patches import Patches

DAY = 24
WEEK = 7


@dataclass(frozen=True, slots=True)
class DailyRecord:
    """Days of all splits, gaps and all; `first` are their first hours, int64[days]. Arrays are [days, series, hours].

    `demand` and `published` (the forecast published of the same day) are scaled by train's mean and standard deviation,
    0 where unknown, with the marks `seen` and `known`; `calendar` is [days, series, features]; `scale` [2, series] MW.
    """

    areas: tuple[str, ...]
    first: NDArray[np.int64]
    demand: NDArray[np.float32]
    seen: NDArray[np.bool_]
    published: NDArray[np.float32]
    known: NDArray[np.bool_]
    calendar: NDArray[np.float32]
    scale: NDArray[np.float32]
    layout: Layout

    def within(self, split: str) -> NDArray[np.int64]:
        """Places of the days that lie whole in a split, and have a week before them."""
        begin, end = self.layout.cuts.hours(split)
        inside = (self.first >= begin) & (self.first + DAY <= end) & (np.arange(len(self.first)) >= WEEK)
        return np.flatnonzero(inside)


def read_record(folder: str, areas: tuple[str, ...], *, begins: int) -> DailyRecord:
    """Of a folder of panel blocks: demand and published forecast of `areas`; a day begins with hours like `begins`.

    ValueError for an area that the blocks do not hold.
    """
    blocks = RingBlocks(Path(folder), split="train", context=_slots(folder))
    rows = {row["series_id"]: row for row in blocks.sequences.to_pylist()}
    named = [[f"EBA.{area}-ALL.{kind}.H" for area in areas] for kind in ("D", "DF")]
    absent = [name for names in named for name in names if name not in rows]
    if absent:
        raise ValueError(f"the blocks hold no {absent[0]}")
    chosen, ahead = ([rows[name] for name in names] for names in named)
    start = min(row["first_hour"] for row in chosen)
    start += (begins - start) % DAY
    days = (max(row["last_hour"] for row in chosen) + 1 - start) // DAY
    item = latest(folder, context=days * DAY * blocks.slots, end=start + days * DAY - 1)
    scale = np.array([[row[name] for row in chosen] for name in ("train_mean", "train_std")], np.float32)
    first = start + DAY * np.arange(days)
    (demand, seen), (published, known) = (
        _days(item, Patches(DAY, blocks.slots, tuple(row["slot"] for row in part)), scale) for part in (chosen, ahead)
    )
    told = [[calendar.features(int(hour), row["time_zone"]) for row in chosen] for hour in first]
    return DailyRecord(areas, first, demand, seen, published, known, np.array(told, np.float32), scale, blocks.layout)


def _days(item: dict[str, NDArray[Any]], cut: Patches, scale: NDArray[np.float32]) -> tuple[Any, Any]:
    value, seen = (cut.tokens(item[name]).reshape(-1, cut.names, DAY) for name in ("value", "observed"))
    mean, std = (row[:, None] for row in scale)
    return np.where(seen, (value - mean) / std, 0).astype(np.float32), seen


def _slots(folder: str) -> int:
    try:
        return Layout.from_json((Path(folder) / "layout.json").read_bytes()).grid.slots
    except (FileNotFoundError, NotADirectoryError):
        raise MissingFile(f"{folder} has no layout.json: give a folder of panel blocks, OUTPUT/blocks/panel") from None
