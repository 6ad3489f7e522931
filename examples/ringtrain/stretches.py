# SPDX-License-Identifier: Apache-2.0
"""Windows of any number of days out of one stretch of the record, so that only what a token can look back on differs.

A step trains on a stretch of days, cut into windows of the context. Every context sees the same days and has the same
targets; a day in a longer window has more days before it to look at.
"""

from dataclasses import dataclass

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding
from numpy.typing import NDArray

from ringtrain.devices import CUT
from ringtrain.errors import PlanError
from ringtrain.loading import FARTHEST
from ringtrain.patches import Arrays
from ringtrain.record import DAY, DailyRecord


@dataclass(frozen=True)
class Stretches:
    """Windows of `days` days of a record as tokens over a ring in zigzag; with `ahead` the target day's DF in them."""

    record: DailyRecord
    days: int
    mesh: Mesh
    ahead: bool
    stretch: int

    def check(self) -> None:
        """PlanError where no such window fits the stretch, the record or the ring."""
        areas, chunks = len(self.record.areas), 2 * self.mesh.size
        if not 1 <= self.days <= self.stretch or self.stretch % self.days:
            raise PlanError(f"--contexts={self.days}: give divisors of --stretch={self.stretch}")
        if self.days * areas % chunks:
            raise PlanError(
                f"--contexts={self.days}: zigzag on {self.mesh.size} devices takes a multiple of {chunks} tokens, and "
                f"{areas} areas have {self.days * areas}; give other --areas or --devices"
            )
        train = len(self.record.within("train"))
        if train <= self.stretch:
            raise PlanError(f"--stretch={self.stretch}: train has {train} days; give fewer than that")
        for split in ("validation", "test"):
            if not len(self.record.within(split)):
                raise PlanError(f"{split} holds no whole day; move the cuts")

    def train(self, seed: int, step: int) -> dict[str, jax.Array]:
        """The windows of a step, a function of seed and step alone; the day after each of their days lies in train."""
        inside = self.record.within("train")
        last = int(np.random.default_rng((seed, step)).integers(self.stretch, inside[-1] + 1)) - 1
        return self.batch(np.arange(last, last - self.stretch, -self.days))

    def batch(self, ends: NDArray[np.int64]) -> dict[str, jax.Array]:
        """Windows that end with these days, [windows, days · areas, …]; the days after them are their targets."""
        fields = self._fields(ends[:, None] + np.arange(1 - self.days, 1))
        sharding = NamedSharding(self.mesh, CUT)
        return {name: jax.device_put(self._zigzag(field), sharding) for name, field in fields.items()}

    def _fields(self, days: NDArray[np.int64]) -> Arrays:
        """Of days int64[windows, days]: [windows, tokens, …]. Days before the record are not observed."""
        record, areas = self.record, len(self.record.areas)
        held, position = (days >= 0)[..., None, None], record.first[0] + DAY * days
        days = np.maximum(days, 0)
        shape = (*days.shape, areas)
        fields = {
            "value": record.demand[days] * held,
            "observed": record.seen[days] & held,
            "target": record.demand[days + 1],
            "loss_mask": record.seen[days + 1],
            "calendar": record.calendar[days + 1],
            "position": np.broadcast_to(position[..., None], shape).astype(np.int32),
            "slot": np.broadcast_to(np.arange(areas, dtype=np.int32), shape),
        }
        if self.ahead:
            fields["ahead_value"] = np.clip(record.published[days + 1], -FARTHEST, FARTHEST)
            fields["ahead_observed"] = record.known[days + 1]
        return {name: field.reshape(len(days), -1, *field.shape[3:]) for name, field in fields.items()}

    def _zigzag(self, field: NDArray[np.generic]) -> NDArray[np.generic]:
        """Tokens in the order of the ring: rank r holds chunks r and 2R - 1 - r."""
        ring = self.mesh.size
        chunks = np.split(field, 2 * ring, axis=1)
        return np.concatenate([chunks[n] for rank in range(ring) for n in (rank, 2 * ring - 1 - rank)], axis=1)
