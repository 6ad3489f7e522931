# SPDX-License-Identifier: Apache-2.0
"""Scales, ticks and SVG paths. Text of paths is built in one go: a page holds thousands of points."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eia930.reference.runs import runs

WIDTH, HEIGHT = 1000.0, 100.0

Values = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Tick:
    """A label at a place, in per cent of the axis."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Scale:
    """MW → height on the sheet; beyond its ends a value stays on the edge."""

    low: float
    high: float

    def of(self, values: Values) -> Values:
        """Heights from the top, NaN where there is none."""
        share = (values - self.low) / (self.high - self.low)
        heights: Values = HEIGHT * (1 - np.clip(share, 0.0, 1.0))
        return heights

    def ticks(self, most: int = 5) -> tuple[Tick, ...]:
        """Round figures within the scale, places from the bottom."""
        span = self.high - self.low
        return tuple(Tick(100 * (at - self.low) / span, _figure(at)) for at in nice_ticks(self.low, self.high, most))


def _figure(at: float) -> str:
    return (f"{at:,.6g}" if abs(at) < 100_000 else f"{at:,.0f}").replace("-", "−")


def nice_ticks(low: float, high: float, most: int) -> list[float]:
    """Multiples of 1, 2 or 5 × 10ⁿ in low … high: at most `most` + 1; up to five where that would leave one or none.

    One label alone says nothing of a scale.
    """
    rough = (high - low) / most
    power = 10.0 ** np.floor(np.log10(rough))
    steps = [s * power for s in (10, 5, 2, 1, 0.5, 0.2, 0.1)]
    coarse = max(place for place, step in enumerate(steps) if step >= rough)
    found = (_multiples(step, low, high) for step in steps[coarse:])
    return next(ticks for ticks in found if len(ticks) > 1)


def _multiples(step: float, low: float, high: float) -> list[float]:
    return [float(n * step) for n in range(int(np.ceil(low / step)), int(np.floor(high / step)) + 1)]


def line(x: Values, y: Values) -> str:
    """A line, interrupted where y is NaN; a lone point is a dot."""
    return "".join(
        f"M{points[0]}" + ("L" + " ".join(points[1:]) if len(points) > 1 else "h0")
        for points in (_points(x[run], y[run]) for run in _unbroken(y))
    )


def area(x: Values, low: Values, high: Values) -> str:
    """The band between two lines, interrupted where they are NaN."""
    return "".join(
        "M" + " ".join([*_points(x[run], high[run]), *reversed(_points(x[run], low[run]))]) + "z"
        for run in _unbroken(low)
    )


def spans(x: Values, width: Values, *, top: Values | None = None) -> str:
    """Bars from the bottom up to `top`, or over the whole height; at least a hairline wide."""
    tops = np.zeros(len(x)) if top is None else top
    marks = zip(x.tolist(), np.maximum(width, 0.7).tolist(), tops.tolist(), strict=True)
    return "".join(f"M{a:.1f} {HEIGHT:g}V{t:.1f}h{w:.1f}V{HEIGHT:g}z" for a, w, t in marks)


def dots(x: Values, y: Values) -> str:
    """Strokes without length, whose round ends no stretching distorts; one a place, however many fall there."""
    places = np.unique(np.column_stack((np.rint(x), np.rint(y))), axis=0) if len(x) else np.empty((0, 2))
    return "".join(f"M{a:g} {b:g}h0" for a, b in places.tolist())


def _points(x: Values, y: Values) -> list[str]:
    return [f"{a:.1f} {b:.1f}" for a, b in zip(x.tolist(), y.tolist(), strict=True)]


def _unbroken(y: Values) -> Iterator[slice]:
    starts, lengths = runs(~np.isnan(y))
    yield from (slice(a, a + n) for a, n in zip(starts.tolist(), lengths.tolist(), strict=True))
