# SPDX-License-Identifier: Apache-2.0
"""What quantile forecasts are scored by: their loss, and how often an interval holds what came. numpy only."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
MIDDLE = LEVELS.index(0.5)
LOWEST, HIGHEST = LEVELS.index(0.1), LEVELS.index(0.9)
"""The ends of the 80 % interval."""


def quantile_loss(quantiles: NDArray[Any], truth: NDArray[Any], levels: Sequence[float] = LEVELS) -> NDArray[Any]:
    """Mean over levels of twice the pinball loss, of quantiles [levels, …]: of the median the absolute error."""
    error = truth - quantiles
    level = np.array(levels, quantiles.dtype).reshape(-1, *[1] * truth.ndim)
    loss: NDArray[Any] = 2 * np.maximum(level * error, (level - 1) * error).mean(axis=0)
    return loss


def loss_of_three(quantiles: NDArray[Any], truth: NDArray[Any]) -> NDArray[Any]:
    """The same of the median and the ends of the 80 % interval alone: outer levels lose less, so it is lower."""
    three = [LOWEST, MIDDLE, HIGHEST]
    return quantile_loss(quantiles[three], truth, [LEVELS[place] for place in three])


def covered(quantiles: NDArray[Any], truth: NDArray[Any]) -> NDArray[np.bool_]:
    """Where the 80 % interval holds the truth."""
    held: NDArray[np.bool_] = (quantiles[LOWEST] <= truth) & (truth <= quantiles[HIGHEST])
    return held
