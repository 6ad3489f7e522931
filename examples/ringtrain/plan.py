# SPDX-License-Identifier: Apache-2.0
"""What is trained: the choices that the command takes, and what a checkpoint rests on."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ringtrain import calendar
from ringtrain.loading import DAY, Panel
from ringtrain.model import Shape


@dataclass(frozen=True, slots=True)
class Plan:
    """What to train on and how; `days` a window, `batch` windows a step, `patch` hours a token; sizes of the model.

    `replicas` rings take windows of their own; `dtype` is of large products, empty: what the devices are best at.
    """

    folder: str
    days: int
    steps: int
    batch: int
    rate: float
    seed: int
    order: str
    ahead: int
    patch: int = DAY
    width: int = 64
    layers: int = 2
    heads: int = 4
    checkpoints: Path | None = None
    every: int = 50
    replicas: int = 1
    dtype: str = ""

    def about(self, train: Panel) -> dict[str, Any]:
        """What a checkpoint rests on: with another of these, it would be that of another training."""
        training = ("days", "steps", "batch", "rate", "seed", "order", "ahead")
        names = (*training, "patch", "width", "layers", "heads", "dtype")
        return {"fingerprint": train.readers[0].fingerprint, **{name: getattr(self, name) for name in names}}

    def shape(self, series: int) -> Shape:
        """The model, of so many series."""
        return Shape(
            series=series,
            ahead=self.ahead > 0,
            parts=DAY // self.patch,
            calendar=calendar.FEATURES,
            width=self.width,
            layers=self.layers,
            heads=self.heads,
            dtype=self.dtype,
        )
