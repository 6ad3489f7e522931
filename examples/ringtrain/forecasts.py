# SPDX-License-Identifier: Apache-2.0
"""Forecasts of the test split in a file, for others to be held against. numpy only."""

from dataclasses import dataclass
from pathlib import Path
from zipfile import is_zipfile

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Forecasts:
    """Quantiles [levels, days, areas, hours], and demand [days, areas, hours] with the hours that count, in MW.

    `first` is the first hour of each day, int64[days].
    """

    areas: tuple[str, ...]
    first: NDArray[np.int64]
    demand: NDArray[np.float32]
    quantiles: NDArray[np.float32]
    scored: NDArray[np.bool_]

    def write(self, path: Path) -> None:
        """As .npz."""
        path.parent.mkdir(parents=True, exist_ok=True)
        fields = {name: getattr(self, name) for name in ("first", "demand", "quantiles", "scored")}
        with path.open("wb") as file:
            np.savez_compressed(file, areas=np.array(self.areas), **fields)


def read_forecasts(path: Path) -> Forecasts:
    """ValueError or OSError, in one line, where that is no such file."""
    if path.exists() and not is_zipfile(path):
        raise ValueError("that is no .npz that train_ring.py --forecasts wrote")
    with np.load(path, allow_pickle=False) as held:
        if set(held.files) != {"areas", "first", "demand", "quantiles", "scored"}:
            raise ValueError("other arrays than those of forecasts")
        areas = tuple(str(area) for area in held["areas"])
        return Forecasts(areas, *(held[name] for name in ("first", "demand", "quantiles", "scored")))
