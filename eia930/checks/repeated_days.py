# SPDX-License-Identifier: Apache-2.0
"""Days that repeat earlier ones hour by hour: a copy stood in for hours that were not measured."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from eia930.checks.outcome import Outcome, Series, Values, Worst
from eia930.reference.runs import runs

DAY = 24
_LAGS = (DAY, 7 * DAY)  # the day before, and the same day a week before
_DISTINCT = 10  # distinct non-zero values a day; fewer repeat by themselves (schedules, small plants, nights)


def repeated_days(names: Iterable[str], series: Series, *, first_hour: int) -> Iterator[Outcome]:
    """Yield one outcome per series: hours in runs of 24 and more that equal those a day or a week before."""
    for name in names:
        values = series[name]
        again = repeats(values)
        checked = values.size - int(np.count_nonzero(np.isnan(values)))
        if not again.any():
            yield Outcome(hours_checked=checked)
            continue
        starts, lengths = runs(again)
        start, hours = int(starts[np.argmax(lengths)]), int(again.sum())
        value = float(values[start])
        worst = Worst(series_id=name, hour=first_hour + start, expected=float("nan"), found=value, hours=hours)
        yield Outcome(hours_checked=checked, worst=worst, weight=float(hours), places=np.flatnonzero(again))


def repeats(values: Values) -> NDArray[np.bool_]:
    """Tell which hours belong to a copy of the day, or of the day a week, before."""
    found = np.zeros(values.size, dtype=bool)
    for lag in _LAGS:
        same = values[lag:] == values[:-lag]
        if np.count_nonzero(same) < DAY:
            continue
        starts, lengths = runs(same)
        for start, length in zip(starts[lengths >= DAY] + lag, lengths[lengths >= DAY], strict=True):
            if _is_rich(values[start : start + length]):
                found[start : start + length] = True
    return found


def _is_rich(run: Values) -> bool:
    """Tell whether a day of the run has too many distinct values to repeat by chance."""
    day = run[:DAY]
    return bool(np.unique(day[day != 0]).size >= _DISTINCT)
