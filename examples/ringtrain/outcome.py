# SPDX-License-Identifier: Apache-2.0
"""What a model scores with the context that it was trained with: each day of a split, from the days before it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ringtrain.quantiles import LEVELS, MIDDLE, covered, quantile_loss
from ringtrain.record import DAY
from ringtrain.stretches import Stretches

RECENT = 1 / 28
"""Of a window's days, those whose forecast is scored: they have nearly all of the context, or all where that is 28."""
TOKENS = 40_000
"""Scored at once, about: short contexts are not scored a day at a time."""
Forecast = Callable[[dict[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Error and quantile loss as shares of mean demand, and hours in the 80 % interval: means of areas, and `areas`.

    `areas` has the error of each by name; `hours` is how many hours were scored.
    """

    error: float
    loss: float
    covered: float
    hours: int
    areas: dict[str, float]


def score(forecast: Forecast, stretches: Stretches, split: str) -> Outcome:
    """Hours at which demand, demand a day before and the published forecast are known: the same for every context."""
    record, days = stretches.record, stretches.record.within(split)
    scaled = _forecasts(forecast, stretches, days)
    mean, std = (row[:, None] for row in record.scale)
    demand, quantiles = record.demand[days] * std + mean, scaled * std + mean
    scored = record.seen[days] & record.known[days] & record.seen[days - 1]
    hours = scored.sum(axis=(0, 2))

    def by_area(values: NDArray[Any]) -> NDArray[np.float64]:
        return np.asarray(np.where(scored, values, 0).sum(axis=(0, 2), dtype=np.float64) / np.maximum(hours, 1))

    level = by_area(demand)
    error = by_area(np.abs(quantiles[MIDDLE] - demand)) / level
    loss = by_area(quantile_loss(quantiles, demand)) / level
    held = by_area(covered(quantiles, demand))
    named = zip(record.areas, (round(float(one), 6) for one in error), strict=True)
    return Outcome(
        error=round(float(error.mean()), 6),
        loss=round(float(loss.mean()), 6),
        covered=round(float(held.mean()), 6),
        hours=int(hours.sum()),
        areas=dict(named),
    )


def _forecasts(forecast: Forecast, stretches: Stretches, days: NDArray[np.int64]) -> NDArray[np.float32]:
    """Scaled quantiles [levels, days, areas, hours], of the days after the last RECENT of a window's days."""
    record, recent = stretches.record, max(1, int(stretches.days * RECENT))
    ends = np.minimum(days[0] - 1 + np.arange(recent - 1, len(days) + recent - 1, recent), days[-1] - 1)
    found = np.full((len(days), len(record.areas), len(LEVELS), DAY), np.nan, np.float32)
    size = max(1, TOKENS // (stretches.days * len(record.areas)))
    for first in range(0, len(ends), size):
        part = ends[first : first + size]
        padded = np.concatenate([part, np.repeat(part[-1:], size - len(part))])  # one shape: compiled once
        scaled, position, slot = (np.asarray(field) for field in forecast(stretches.batch(padded)))
        target = (position - record.first[0]) // DAY + 1
        window, token = np.nonzero((target > padded[:, None] + 1 - recent) & (target >= days[0]))
        found[target[window, token] - days[0], slot[window, token]] = scaled[window, token]
    if np.isnan(found).any():
        raise AssertionError("a day of the split has no forecast")
    return np.moveaxis(found, 2, 0)
