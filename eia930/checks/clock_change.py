# SPDX-License-Identifier: Apache-2.0
"""Holes and doubled hours on the days on which U.S. clocks change.

In UTC these days are like all others; a hole or a double hour there comes from local stamps on the way.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from eia930.checks.outcome import Outcome, Series, Values, Worst
from eia930.reference.hours import hour_of, moment_of

_FIRST, _END = 5, 13  # the change falls in these UTC hours of the Sunday, from Eastern to Pacific time
_AROUND = 24
_DOUBLED = 1.6, 2.4  # × both neighbours: two hours added into one


def change_days(first: date, last: date) -> list[date]:
    """Return the second Sundays of March and first Sundays of November (U.S. rule since 2007) in the span."""
    days = [_sunday(year, month, nth) for year in range(first.year, last.year + 1) for month, nth in ((3, 2), (11, 1))]
    return [day for day in days if first <= day <= last]


def _sunday(year: int, month: int, nth: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(6 - first.weekday()) % 7 + 7 * (nth - 1))


def clock_change(names: Iterable[str], series: Series, *, first_hour: int) -> Iterator[Outcome]:
    """Yield one outcome per series: hours of clock-change nights missing between full days, or doubled."""
    for name in names:
        values = series[name]
        last = moment_of(first_hour + max(values.size - 1, 0)).date()
        days = change_days(moment_of(first_hour).date(), last)
        starts = [hour_of(datetime(d.year, d.month, d.day, _FIRST, tzinfo=UTC)) - first_hour for d in days]
        found = [(start, _broken(values, start)) for start in starts if _is_inside(start, values.size)]
        checked = len(found) * (_END - _FIRST)
        hours = [start + int(at) for start, broken in found for at in np.flatnonzero(broken)]
        if not hours:
            yield Outcome(hours_checked=checked)
            continue
        expected = float(values[hours[0] - _AROUND])
        worst = Worst(
            series_id=name,
            hour=first_hour + hours[0],
            expected=expected,
            found=float(values[hours[0]]),
            hours=len(hours),
        )
        places = np.array(hours, np.intp)
        yield Outcome(hours_checked=checked, worst=worst, weight=float(len(hours)), places=places)


def _is_inside(start: int, hours: int) -> bool:
    """Tell whether the night and a day to each side lie within the frame."""
    return start >= _AROUND and start + _END - _FIRST + _AROUND <= hours


def _broken(values: Values, start: int) -> NDArray[np.bool_]:
    """Tell which hours of the night are missing or doubled; a hole counts only between two full days."""
    end = start + _END - _FIRST
    missing = np.isnan(values)
    beside = np.concatenate((missing[start - _AROUND : start], missing[end : end + _AROUND]))
    night = values[start:end]
    before, after = values[start - 1 : end - 1], values[start + 1 : end + 1]
    doubled = (night > _DOUBLED[0] * np.maximum(before, after)) & (night < _DOUBLED[1] * np.minimum(before, after))
    holes = missing[start:end] & ~beside.any()
    result: NDArray[np.bool_] = holes | doubled
    return result
