# SPDX-License-Identifier: Apache-2.0
"""Figures that must add up: one series against the sum of others, hour by hour."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quality.check import Outcome, Series, Tolerance, Values, Worst

_MOSTLY, _RARELY = 0.5, 0.1  # shares of hours by which a missing part is told from a wrong total


@dataclass(frozen=True, slots=True, kw_only=True)
class Equation:
    """`total` = sum of `parts` − sum of `less`.

    `complete`: an hour counts only where every part is present; else a missing part counts as 0 and an hour
    counts where any part is present. `parts` may name series that are not there at all.
    """

    total: str
    parts: tuple[str, ...]
    less: tuple[str, ...] = ()
    complete: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Both sides of an equation: float64[hours], NaN where they cannot be compared; `size` = sum of |parts|."""

    found: Values
    expected: Values
    size: Values
    present: dict[str, NDArray[np.bool_]]


def sides(equation: Equation, series: Series) -> Sides:
    """Evaluate both sides, taking each series once."""
    found = series[equation.total]
    sums, size = np.zeros(found.size), np.zeros(found.size)
    count = np.zeros(found.size, dtype=np.int32)
    present: dict[str, NDArray[np.bool_]] = {}
    for sign, name in [(1, part) for part in equation.parts] + [(-1, part) for part in equation.less]:
        if name not in series:
            continue
        value = series[name]
        present[name] = ~np.isnan(value)
        value = np.where(present[name], value, 0.0)
        sums += sign * value
        size += np.abs(value)
        count += present[name]
    needed = len(equation.parts) + len(equation.less) if equation.complete else 1
    known = (count >= needed) & ~np.isnan(found)
    return Sides(found=found, expected=np.where(known, sums, np.nan), size=size, present=present)


def compare(
    equations: Sequence[Equation], series: Series, *, first_hour: int, tolerance: Tolerance
) -> Iterator[Outcome]:
    """Yield one outcome for each equation, named after its total or after the one part that is missing."""
    for equation in equations:
        both = sides(equation, series)
        off = np.abs(both.found - both.expected)
        known = ~np.isnan(off)
        broken = off > tolerance.of(np.maximum(np.abs(both.found), both.size))
        if not broken.any():
            yield Outcome(hours_checked=int(known.sum()))
            continue
        hour = int(np.argmax(np.where(broken, off, -1.0)))
        worst = _name(equation, both, known=known, broken=broken, hour=hour, first_hour=first_hour)
        yield Outcome(hours_checked=int(known.sum()), worst=worst, weight=float(off[hour]))


def _name(
    equation: Equation,
    both: Sides,
    *,
    known: NDArray[np.bool_],
    broken: NDArray[np.bool_],
    hour: int,
    first_hour: int,
) -> Worst:
    """Blame a part if the sum fails where just that part is missing and holds elsewhere, else the total."""
    found, expected = float(both.found[hour]), float(both.expected[hour])
    name = equation.total
    absent = [part for part in equation.parts if part not in both.present or not both.present[part][hour]]
    blamed = [part for part in absent if _explains(both.present.get(part), known=known, broken=broken)]
    if not equation.complete and len(blamed) == 1:
        name, found, expected = blamed[0], float("nan"), found - expected
    return Worst(series_id=name, hour=first_hour + hour, expected=expected, found=found, hours=int(broken.sum()))


def _explains(present: NDArray[np.bool_] | None, *, known: NDArray[np.bool_], broken: NDArray[np.bool_]) -> bool:
    """Tell whether the sum mostly fails without this part (None = it has no series) and holds with it."""
    there = known & present if present is not None else np.zeros_like(known)
    without = known & ~there
    with_it = float(broken[there].mean()) if there.any() else 0.0
    return bool(broken[without].mean() >= _MOSTLY and with_it < _RARELY)
