# SPDX-License-Identifier: Apache-2.0
"""The longest gaps over all series, and the longest stretches of estimates.

A series' time before its first and after its last hour is no gap of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from eia930.reference.runs import gaps, runs
from eia930.report.reading.hourly import Hourly

SHOWN = 10


@dataclass(frozen=True, slots=True)
class Gap:
    """`hours` hours without a value, or with an estimate, from place `first` on."""

    series_id: str
    first: int
    hours: int


def gaps_of(hourly: Hourly) -> Iterator[Gap]:
    """The gaps between the first and the last hour of a series."""
    places = np.flatnonzero(hourly.present)
    if len(places):
        first, hours = gaps(hourly.present[places[0] : places[-1] + 1])
        for start, length in zip((first + places[0]).tolist(), hours.tolist(), strict=True):
            yield Gap(hourly.series_id, start, length)


def stretches_of(hourly: Hourly) -> Iterator[Gap]:
    """The hours of a series that have an estimate, as runs."""
    first, hours = runs(~np.isnan(hourly.estimate))
    for start, length in zip(first.tolist(), hours.tolist(), strict=True):
        yield Gap(hourly.series_id, start, length)


def longest(found: Iterable[Gap]) -> list[Gap]:
    """Ten at most, the longest first; of equals the first by name, then by hour."""
    return sorted(found, key=lambda one: (-one.hours, one.series_id, one.first))[:SHOWN]
