# SPDX-License-Identifier: Apache-2.0
"""Interchange that both neighbours report with the same sign, although what one sends the other receives."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from eia930.checks.outcome import Outcome, Series, Tolerance, Values, Worst
from eia930.checks.sums.equations import Equation, sides
from eia930.reference.routes import REGION
from eia930.reference.series import SeriesKey, parse_series

_FEWEST = 6  # hours: fewer are a coincidence of two small flows


def swapped_sign(
    pairs: Sequence[Equation], totals: Sequence[Equation], series: Series, *, first_hour: int, tolerance: Tolerance
) -> Iterator[Outcome]:
    """Yield one outcome per pair; the side whose own total interchange would add up again is named.

    `pairs`: A→B = −(B→A); `totals`: total interchange = sum over neighbours.
    """
    by_total = {equation.total: equation for equation in totals}
    for pair in pairs:
        ways = pair.total, pair.less[0]
        there, back = series[ways[0]], series[ways[1]]
        size = np.maximum(np.abs(there), np.abs(back))
        allowed = tolerance.of(size)
        swapped = (np.abs(there - back) <= allowed) & (np.minimum(np.abs(there), np.abs(back)) > 2 * allowed)
        checked = int((~np.isnan(size)).sum())
        if int(swapped.sum()) < _FEWEST:
            yield Outcome(hours_checked=checked)
            continue
        guilty = next((way for way in ways if _fits_turned(way, by_total, series, swapped, tolerance)), ways[0])
        yield _outcome(guilty, series[guilty], swapped, first_hour=first_hour, checked=checked)


def _fits_turned(
    way: str, totals: dict[str, Equation], series: Series, hours: NDArray[np.bool_], tolerance: Tolerance
) -> bool:
    """Tell whether turning this flow's sign would make its authority's total interchange add up."""
    flow = parse_series(way)
    total = totals.get(SeriesKey(REGION, flow.respondent, flow.type).id)
    if total is None:
        return False
    both = sides(total, series)
    off = np.abs(both.expected - both.found - 2 * series[way])[hours]
    return bool(np.mean(off <= tolerance.of(both.size[hours])) > 1 / 2)


def _outcome(name: str, flow: Values, hours: NDArray[np.bool_], *, first_hour: int, checked: int) -> Outcome:
    hour = int(np.argmax(np.where(hours, np.abs(flow), -1.0)))
    value, places = float(flow[hour]), np.flatnonzero(hours)
    worst = Worst(series_id=name, hour=first_hour + hour, expected=-value, found=value, hours=places.size)
    return Outcome(hours_checked=checked, worst=worst, weight=abs(value), places=places)
