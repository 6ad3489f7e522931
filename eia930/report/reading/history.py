# SPDX-License-Identifier: Apache-2.0
"""One line a region: its whole history, as finely as the page can carry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eia930.record.assembly import SeriesReport
from eia930.reference.routes import ROUTES
from eia930.reference.runs import gaps
from eia930.report.drawing.packing import pack_counts, pack_rising, pack_values
from eia930.report.reading.frame import Frame
from eia930.report.reading.hourly import Hourly

BUDGET = 800_000
"""Points that all histories together may have: about 2 MB of page."""
_COARSE = (24, 168)
_RANK = {kind: rank for rank, kind in enumerate(("D", "NG", "TI", "DF"))}

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bins:
    """Mean, least and largest MW of each bin, NaN where a bin has none."""

    mean: Values
    low: Values
    high: Values


@dataclass(frozen=True, slots=True)
class History:
    """What is drawn of a region: unflagged values in bins, flagged hours and estimates one by one, gaps as runs.

    `step` is hours a bin; `scale` the range of MW to draw; places are hours on the frame.
    """

    series_id: str
    hours: int
    step: int
    value: Values
    flagged: NDArray[np.intp]
    kind: NDArray[np.int16]
    flags: tuple[str, ...]
    gap_first: NDArray[np.intp]
    gap_hours: NDArray[np.intp]
    estimated: NDArray[np.intp]
    """Places of the hours that have an estimate."""
    estimate: Values
    """Of each, MW."""
    scale: tuple[float, float]

    def packed(self, frame: Frame) -> dict[str, Any]:
        """As page.js reads it."""
        if self.step == 1:
            lines = {"value": pack_values(self.value)}
        else:
            bins = binned(self.trusted, self.step)
            lines = {name: pack_values(getattr(bins, name)) for name in ("mean", "low", "high")}
        return {
            "first": frame.first,
            "hours": self.hours,
            "step": self.step,
            "scale": list(self.scale),
            **lines,
            "flag_at": pack_rising(self.flagged),
            "flag_kind": pack_counts(self.kind),
            "flag_value": pack_values(self.value[self.flagged]),
            "flags": list(self.flags),
            "gap_at": pack_rising(self.gap_first),
            "gap_hours": pack_counts(self.gap_hours),
            "estimate_at": pack_rising(self.estimated),
            "estimate": pack_values(self.estimate),
            "provisional": frame.provisional,
        }

    @property
    def trusted(self) -> Values:
        """The values without those that carry a flag."""
        values = self.value.copy()
        values[self.flagged] = np.nan
        return values


def drawn(series: Iterable[SeriesReport]) -> list[str]:
    """Which series stands for each region: its demand, else the next of the types, else its fullest series.

    The region with the most flagged hours comes first.
    """
    best: dict[str, SeriesReport] = {}
    for one in series:
        if one.present:
            best[one.respondent] = min(one, best.get(one.respondent, one), key=_standing)
    return [one.series_id for one in sorted(best.values(), key=lambda one: (-one.flagged, one.respondent))]


def _standing(one: SeriesReport) -> tuple[int, int, int, str]:
    return _route_rank(one.route), _rank(one), -one.present, one.series_id


def steps(regions: Sequence[str], hours: int) -> dict[str, int]:
    """Hours a point for each region: by hour for as many as the page can carry, the first ones first."""
    coarse = next((step for step in _COARSE if _points(len(regions), hours, step) <= BUDGET / 2), _COARSE[-1])
    spare = BUDGET - _points(len(regions), hours, coarse)
    by_hour = max(0, int(spare // (hours - _points(1, hours, coarse))))
    return {name: 1 if place < by_hour else coarse for place, name in enumerate(regions)}


def _points(regions: int, hours: int, step: int) -> float:
    """Points of so many regions drawn as mean, least and largest of each `step` hours."""
    return 3 * regions * hours / step


def history(hourly: Hourly, *, step: int) -> History:
    """What is drawn of a series."""
    flagged = np.flatnonzero(hourly.code >= 0)
    first, length = gaps(hourly.present)
    estimated = np.flatnonzero(~np.isnan(hourly.estimate))
    return History(
        series_id=hourly.series_id,
        hours=len(hourly.value),
        step=step,
        value=hourly.value,
        flagged=flagged,
        kind=hourly.code[flagged],
        flags=hourly.flags,
        gap_first=first,
        gap_hours=length,
        estimated=estimated,
        estimate=hourly.estimate[estimated],
        scale=_scale(hourly),
    )


def binned(values: Values, step: int) -> Bins:
    """Reduce to bins of `step` hours; the last may be short."""
    padded = np.full(-(-len(values) // step) * step, np.nan)
    padded[: len(values)] = values
    by_bin = padded.reshape(-1, step)
    there = ~np.isnan(by_bin)
    some = there.any(axis=1)
    total = np.where(there, by_bin, 0.0).sum(axis=1)
    none = np.where(some, 0.0, np.nan)
    return Bins(
        mean=total / np.maximum(1, there.sum(axis=1)) + none,
        low=np.where(there, by_bin, np.inf).min(axis=1) + none,
        high=np.where(there, by_bin, -np.inf).max(axis=1) + none,
    )


def _scale(hourly: Hourly) -> tuple[float, float]:
    """The range of the unflagged values: one wrong unit must not flatten ten years."""
    values = hourly.trusted
    if np.all(np.isnan(values)):
        values = hourly.value
    return float(np.nanmin(values)), float(np.nanmax(values))


def _route_rank(route: str) -> int:
    names: Sequence[str] = list(ROUTES)
    return names.index(route) if route in names else len(names)


def _rank(one: SeriesReport) -> int:
    types = ROUTES[one.route].types if one.route in ROUTES else ()
    return _RANK.get(one.kind, len(_RANK)) if types else len(_RANK)
