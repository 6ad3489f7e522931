# SPDX-License-Identifier: Apache-2.0
"""Drawings as plain geometry on a 1000 × 100 sheet that stretches; text stands beside it, so it never shrinks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eia930.report.drawing.scales import WIDTH, Scale, Tick, area, dots, line, nice_ticks, spans
from eia930.report.reading.coverage import step_of
from eia930.report.reading.events import Event
from eia930.report.reading.frame import Frame
from eia930.report.reading.history import History, binned
from eia930.report.telling.words import figure, unit_of

_BINS = 500
_MARGIN = 0.05
_LAST_LABEL = 90.0  # a label further right would leave the sheet

Values = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Chart:
    """SVG paths by class, and the ticks of both axes (places in per cent). `note` labels what is off the scale."""

    paths: tuple[tuple[str, str], ...]
    x: tuple[Tick, ...]
    y: tuple[Tick, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Cells:
    """A row of the heatmap: one path a bin, runs of equal months merged; months without an hour are not drawn.

    `holes`: there are such months, so the ground is hatched.
    """

    paths: tuple[tuple[int, str], ...]
    holes: bool


def draw_history(one: History, frame: Frame) -> Chart:
    """A pale band from least to largest, a line for the mean, dots for flags and estimates, grey for gaps, a tint."""
    bins = binned(one.trusted, max(1, -(-one.hours // _BINS)))
    y = _scale(one.scale)
    at = (np.arange(len(bins.mean)) + 0.5) * (WIDTH / len(bins.mean))
    flags_x = one.flagged * (WIDTH / one.hours)
    newest = np.array([frame.provisional * (WIDTH / frame.hours)])
    paths = (
        ("newest", spans(newest, WIDTH - newest)),
        ("gap", spans(one.gap_first * (WIDTH / one.hours), one.gap_hours * (WIDTH / one.hours))),
        ("band", area(at, y.of(bins.low), y.of(bins.high))),
        ("mean", line(at, y.of(bins.mean))),
        ("tick", spans(one.gap_first * (WIDTH / one.hours), one.gap_hours * (WIDTH / one.hours), top=_edge(one))),
        ("flag", dots(flags_x, y.of(one.value[one.flagged]))),
        ("estimate", dots(one.estimated * (WIDTH / one.hours), y.of(one.estimate))),
    )
    return Chart(paths, _years(frame), y.ticks())


def draw_event(event: Event, frame: Frame) -> Chart:
    """Three days to each side: as reported, the usual value dashed, flagged hours marked; what is off is clipped."""
    usual = np.concatenate((event.course, event.seen[~event.marked]))
    low, high = float(np.nanmin(usual)), float(np.nanmax(usual))
    near = event.seen[np.abs(event.seen - (low + high) / 2) < 1.5 * (high - low)] if high > low else event.seen
    low, high = float(np.nanmin(near, initial=low)), float(np.nanmax(near, initial=high))
    y = _scale((low, high))
    at = (np.arange(len(event.seen)) + 0.5) * (WIDTH / len(event.seen))
    seen = y.of(event.seen)
    paths = (
        ("gap", spans((at - at[0])[np.isnan(seen)], np.full(int(np.isnan(seen).sum()), 2 * at[0]))),
        ("usual", line(at, y.of(event.course))),
        ("mean", line(at, seen)),
        ("flag", dots(at[event.marked], seen[event.marked])),
    )
    off = "" if y.low <= event.value <= y.high else f"off the scale: {figure(event.value)} {unit_of(event.series_id)}"
    return Chart(paths, _days(event, frame), y.ticks(3), off)


def draw_rate(per_minute: Mapping[str, int], limit_per_hour: float | None) -> Chart:
    """Requests started in each minute of the run, and the limit as a line."""
    counts = np.zeros(max(map(int, per_minute), default=0) + 1)
    for minute, number in per_minute.items():
        counts[int(minute)] = number
    width = -(-len(counts) // 240)
    mean = binned(counts, width).mean
    limit = limit_per_hour / 60 if limit_per_hour else 0.0
    y = Scale(0.0, max(float(mean.max()), limit, 1.0) * 1.08)
    at, wide = np.arange(len(mean)) * (WIDTH / len(mean)), WIDTH / len(mean)
    bars = spans(at + 0.05 * wide, np.full(len(mean), 0.9 * wide), top=y.of(mean))
    paths = [("bar", bars)]
    if limit:
        paths.append(("limit", f"M0 {y.of(np.array([limit]))[0]:.1f}H{WIDTH}"))
    whole = [at for at in nice_ticks(0, len(counts), 6) if at == int(at) < len(counts)]
    return Chart(tuple(paths), tuple(Tick(100 * t / len(counts), f"{t:g}") for t in whole), y.ticks(4))


def draw_months(present: Sequence[int], hours: Sequence[int], series: int) -> Cells:
    """One row of the heatmap: a cell a month."""
    steps = np.array([step_of(a, b * series) for a, b in zip(present, hours, strict=True)])
    edges = np.flatnonzero(np.diff(steps, prepend=-1))
    lengths = np.diff(edges, append=len(steps))
    paths: dict[int, str] = {}
    for start, length in zip(edges.tolist(), lengths.tolist(), strict=True):
        paths[int(steps[start])] = paths.get(int(steps[start]), "") + f"M{start} 0h{length}v1h-{length}z"
    holes = bool(paths.pop(0, ""))
    return Cells(tuple(sorted(paths.items())), holes)


def month_ticks(frame: Frame) -> tuple[Tick, ...]:
    """A tick at each January of the heatmap."""
    total = len(frame.months)
    starts = (place for place, month in enumerate(frame.months) if month.endswith("-01") or not place)
    ticks = [Tick(100 * place / total, frame.months[place][:4]) for place in starts]
    crowded = len(ticks) > 1 and ticks[1].at < 4
    return tuple(tick for tick in ticks[crowded:] if tick.at < 97)


def _edge(one: History) -> Values:
    """The top of the dark ticks that show where the gaps are, however short."""
    return np.full(len(one.gap_first), 97.0)


def _scale(limits: tuple[float, float]) -> Scale:
    low, high = limits
    margin = _MARGIN * (high - low) or max(1.0, _MARGIN * abs(high))
    return Scale(max(0.0, low - margin) if low >= 0 else low - margin, high + margin)


def _years(frame: Frame) -> tuple[Tick, ...]:
    starts = frame.year_starts().tolist()
    cut = starts[1] < 3000 if len(starts) > 1 else False
    ticks = (Tick(100 * at / frame.hours, frame.stamp(at)[:4]) for at in starts[1 if cut else 0 :])
    return tuple(tick for tick in ticks if tick.at < _LAST_LABEL)


def _days(event: Event, frame: Frame) -> tuple[Tick, ...]:
    hours = np.arange(event.start, event.start + len(event.seen))
    midnights = hours[(hours + frame.first) % 24 == 0]
    ticks = (Tick(100 * (at - event.start + 0.5) / len(hours), frame.stamp(at)[5:10]) for at in midnights[::2].tolist())
    return tuple(tick for tick in ticks if tick.at < _LAST_LABEL)
