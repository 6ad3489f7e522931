# SPDX-License-Identifier: Apache-2.0
"""Windows of the record on the devices of a ring: each rank's reader reads its slice, each device gets its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding
from numpy.typing import NDArray

from ringdata import RingBlocks
from ringtrain import calendar
from ringtrain.devices import CUT, TOKENS, WINDOWS
from ringtrain.errors import PlanError
from ringtrain.patches import Arrays, Patches

DAY = 24
FARTHEST = 8
"""Standard deviations of demand: some areas publish forecasts that are not of their demand."""


@dataclass(frozen=True)
class Panel:
    """Day patches of every demand series of a split, over a ring; `days` a window, of hours `first_hour` to it + 23.

    `folder` is a folder of panel blocks. Only what the reader gives is used: values, masks, positions, statistics.
    With `ahead` hours (24: of the target day), tokens also hold what is published ahead of their series' demand.
    A day of a series is `parts` tokens. Blocks of `--inputs=estimate` have values also where nothing was observed.
    """

    folder: str
    split: str
    days: int
    slots: int
    mesh: Mesh
    order: str = "zigzag"
    seed: int = 0
    ahead: int = 0
    parts: int = 1
    first_hour: int = 6  # hour ending, UTC: a day begins at midnight in New York, 9 pm in Los Angeles, winter time

    @cached_property
    def readers(self) -> tuple[RingBlocks, ...]:
        """One for each rank; a process that holds some of the devices reads only theirs."""
        return tuple(self._reader(rank) for rank in range(self.mesh.shape[TOKENS]))

    @cached_property
    def series(self) -> list[dict[str, Any]]:
        """Rows of `sequences` of the series that become tokens: demand, with anything observed in train."""
        rows = self.readers[0].sequences.to_pylist()
        return [row for row in rows if row["series_id"].endswith(".D.H") and row["train_count"]]

    @cached_property
    def patches(self) -> Patches:
        """How slices become tokens."""
        return Patches(DAY, self.slots, tuple(row["slot"] for row in self.series), self.parts)

    @cached_property
    def published(self) -> Patches:
        """Day-ahead forecasts, in the order of the series. PlanError where one has none."""
        slots = {row["series_id"]: row["slot"] for row in self.readers[0].sequences.to_pylist()}
        wanted = [row["series_id"].replace(".D.H", ".DF.H") for row in self.series]
        missing = [name for name in wanted if name not in slots]
        if missing:
            raise PlanError(f"no day-ahead forecast {missing[0]} in {self.folder}: load with --types=D,DF")
        return Patches(DAY, self.slots, tuple(slots[name] for name in wanted), self.parts)

    @cached_property
    def scale(self) -> NDArray[np.float32]:
        """Mean and standard deviation of each series over train hours, in MW: float32[2, series]."""
        return np.array([[row[name] for row in self.series] for name in ("train_mean", "train_std")], np.float32)

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """Windows that begin at `first_hour`, by time: one a day, up to the last whose target has ended."""
        reader = self.readers[0]
        begins = reader.window(0).start_hour
        ended = max(row["last_hour"] for row in self.series) + 1 - (self.days + 1) * DAY - begins
        return np.arange((self.first_hour - begins) % DAY, min(len(reader), ended + 1), DAY)

    def epoch(self, epoch: int) -> NDArray[np.int64]:
        """The same in an order that is a function of seed and epoch."""
        order = self.readers[0].windows(epoch=epoch)
        return order[np.isin(order, self.starts)]

    def batch(self, windows: Sequence[int] | NDArray[np.int64]) -> dict[str, jax.Array]:
        """Tokens of some windows, [batch, tokens, …], dealt to the rings and cut over each: value, observed, …"""
        places = np.ndenumerate(self.mesh.devices)
        here = [place for place, device in places if device.process_index == jax.process_index()]
        each = len(windows) // self.mesh.shape[WINDOWS]
        held: dict[tuple[int, ...], Arrays] = {
            (ring, rank): self._slice(rank, windows[ring * each :][:each]) for ring, rank in here
        }
        return {name: self._spread(name, held) for name in held[here[0]]}

    def alike(self, window: int) -> dict[str, jax.Array]:
        """One window, the same on every ring."""
        return self.batch([window] * self.mesh.shape[WINDOWS])

    def _reader(self, rank: int) -> RingBlocks:
        return RingBlocks(
            self.folder,
            split=self.split,
            context=self.days * DAY * self.slots,
            stride=self.slots,
            ring_size=self.mesh.shape[TOKENS],
            ring_rank=rank,
            order=self.order,
            horizon=DAY,
            ahead=self.ahead,
            seed=self.seed,
        )

    def _slice(self, rank: int, windows: Sequence[int] | NDArray[np.int64]) -> Arrays:
        tokens = [self._tokens(self.readers[rank][int(index)]) for index in windows]
        fields = {name: np.stack([part[name] for part in tokens]) for name in tokens[0]}
        mean, std = (row[fields["slot"] // self.parts][..., None] for row in self.scale)
        # Not observed, a value is 0, or an estimate by hours before it where the blocks hold them: an input, no label.
        known = fields["observed"] | (fields["value"] != 0)
        fields["value"] = np.where(known, (fields["value"] - mean) / std, 0)
        fields["target"] = np.where(fields["loss_mask"], (fields["target"] - mean) / std, 0)
        if self.ahead:
            far = np.where(fields["ahead_observed"], (fields["ahead_value"] - mean) / std, 0)
            fields["ahead_value"] = np.clip(far, -FARTHEST, FARTHEST)
        fields["calendar"] = self._calendar(fields["position"], fields["slot"])
        return fields

    def _tokens(self, item: Arrays) -> Arrays:
        """Those of demand; what is known ahead of it is handed out beside the series that was published."""
        tokens = self.patches.cut(item)
        if self.ahead:
            tokens |= {name: self.published.tokens(item[name]) for name in ("ahead_value", "ahead_observed")}
        return tokens

    def _calendar(self, position: NDArray[np.int32], slot: NDArray[np.int32]) -> NDArray[np.float32]:
        """Features of the day after each patch."""
        zones = [row["time_zone"] for row in self.series]
        pairs = zip((position.ravel() + DAY).tolist(), slot.ravel().tolist(), strict=True)
        known = [calendar.features(hour, zones[place // self.parts]) for hour, place in pairs]
        return np.array(known, np.float32).reshape(*position.shape, calendar.FEATURES)

    def _spread(self, name: str, held: dict[tuple[int, ...], Arrays]) -> jax.Array:
        """One global array, each device's part from its own rank's slice of its ring's windows."""
        part = next(iter(held.values()))[name]
        whole = tuple(n * size for n, size in zip(self.mesh.devices.shape, part.shape[:2], strict=True))

        def own(where: tuple[slice, ...]) -> NDArray[Any]:
            place = tuple((cut.start or 0) // size for cut, size in zip(where[:2], part.shape[:2], strict=True))
            return held[place][name]

        return jax.make_array_from_callback((*whole, *part.shape[2:]), NamedSharding(self.mesh, CUT), own)
