# SPDX-License-Identifier: Apache-2.0
"""Figures that must add up: one series against the sum of others, hour by hour."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eia930.checks.outcome import Outcome, Places, Series, Tolerance, Values, Worst
from eia930.checks.sums.culprit import Usual, culprits, with_rest

_MOSTLY, _RARELY = 0.5, 0.1  # shares of hours by which a missing part is told from a wrong total
_LOOKED_AT = 1000  # hours of a broken sum, the worst of them, in which a single part is looked for


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

    @property
    def terms(self) -> Iterator[tuple[int, str]]:
        """Sign and name of each series of the sum."""
        yield from ((1, part) for part in self.parts)
        yield from ((-1, name) for name in self.less)


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
    count = np.zeros(found.size, dtype=np.int16)
    present: dict[str, NDArray[np.bool_]] = {}
    for sign, name in equation.terms:
        if name not in series:
            continue
        value = series[name]
        present[name] = there = ~np.isnan(value)
        if there.all():
            count += 1
        else:
            count += there
            value = np.where(there, value, 0.0)
        (np.add if sign > 0 else np.subtract)(sums, value, out=sums)
        size += np.abs(value)
    needed = len(equation.parts) + len(equation.less) if equation.complete else 1
    known = (count >= needed) & ~np.isnan(found)
    return Sides(found=found, expected=np.where(known, sums, np.nan), size=size, present=present)


def compare(
    equation: Equation, both: Sides, series: Series, *, first_hour: int, tolerance: Tolerance
) -> Iterator[Outcome]:
    """Yield the outcome of an equation, and one more for each single part that is to blame for hours of it.

    A part is to blame where it is missing or alone far from usual; what is left is named after the total.
    """
    off = np.abs(both.found - both.expected)
    broken = off > tolerance.of(np.maximum(np.abs(both.found), both.size))
    checked = off.size - int(np.count_nonzero(np.isnan(off)))
    for find in (_wrong, _missing) if broken.any() else ():
        for name, hours in find(equation, both, series, broken=broken, tolerance=tolerance).items():
            broken[hours] = False
            worst = _part(name, equation, both, series, hours=hours, first_hour=first_hour)
            yield Outcome(hours_checked=0, worst=worst, weight=float(off[hours].max()), places=hours)
    if not broken.any():
        yield Outcome(hours_checked=checked)
        return
    hour = int(np.argmax(np.where(broken, off, -1.0)))
    worst = Worst(
        series_id=equation.total,
        hour=first_hour + hour,
        expected=float(both.expected[hour]),
        found=float(both.found[hour]),
        hours=int(broken.sum()),
    )
    yield Outcome(hours_checked=checked, worst=worst, weight=float(off[hour]), places=np.flatnonzero(broken))


def _wrong(
    equation: Equation, both: Sides, series: Series, *, broken: NDArray[np.bool_], tolerance: Tolerance
) -> dict[str, Places]:
    """Part → the hours, among the worst, in which the sum fails by its fault alone."""
    places = np.flatnonzero(broken)
    if places.size > _LOOKED_AT:
        off = np.abs(both.found[places] - both.expected[places])
        places = np.sort(places[np.argsort(-off, kind="stable")[:_LOOKED_AT]])
    parts = [(name, sign, series[name]) for sign, name in equation.terms if name in both.present]
    # The smaller side: one that is out of all proportion must not stretch what is allowed.
    allowed = tolerance.of(np.minimum(np.abs(both.found), both.size)[places])
    return culprits(both.found, both.expected, parts, places, allowed=allowed)


def _missing(
    equation: Equation, both: Sides, series: Series, *, broken: NDArray[np.bool_], tolerance: Tolerance
) -> dict[str, Places]:
    """Part → the hours in which it alone is missing, and may well be what the others leave for it.

    Only if the sum mostly fails where it is missing, and holds elsewhere.
    """
    known = ~np.isnan(both.expected)
    absent = {
        part: broken & ~both.present.get(part, np.zeros_like(broken))
        for part in (() if equation.complete else equation.parts)
        if _explains(both.present.get(part), known=known, broken=broken)
    }
    if not absent:
        return {}
    alone = np.sum(list(absent.values()), axis=0) == 1
    found = {part: np.flatnonzero(hours & alone) for part, hours in absent.items()}
    fitting = {part: _fitting(series.get(part), both, hours, tolerance) for part, hours in found.items() if hours.size}
    return {part: hours for part, hours in fitting.items() if hours.size}


def _fitting(values: Values | None, both: Sides, hours: Places, tolerance: Tolerance) -> Places:
    """The hours in which what is left for a missing part is nothing strange for it; all where it has no series."""
    if values is None:
        return hours
    left = (both.found - both.expected)[hours]
    allowed = with_rest(tolerance.of(np.minimum(np.abs(both.found), both.size)[hours]), left)
    fitting: Places = hours[~Usual([values], hours).far(left, allowed)[0]]
    return fitting


def _part(name: str, equation: Equation, both: Sides, series: Series, *, hours: Places, first_hour: int) -> Worst:
    """The worst hour of a single wrong or missing part: what the others leave for it, and what it is."""
    off = both.found - both.expected
    hour = int(hours[np.argmax(np.abs(off[hours]))])
    sign = next(sign for sign, part in equation.terms if part == name)
    value = float(series[name][hour]) if name in both.present else float("nan")
    left = (0.0 if np.isnan(value) else value) + sign * float(off[hour])
    return Worst(series_id=name, hour=first_hour + hour, expected=left, found=value, hours=hours.size)


def _explains(present: NDArray[np.bool_] | None, *, known: NDArray[np.bool_], broken: NDArray[np.bool_]) -> bool:
    """Tell whether the sum mostly fails without this part (None = it has no series) and holds with it."""
    there = known & present if present is not None else np.zeros_like(known)
    bad, bad_there = np.count_nonzero(broken), np.count_nonzero(broken & there)
    if bad == bad_there:
        return False
    hours, hours_there = np.count_nonzero(known), np.count_nonzero(there)
    with_it = bad_there / hours_there if hours_there else 0.0
    return bool((bad - bad_there) / (hours - hours_there) >= _MOSTLY and with_it < _RARELY)
