# SPDX-License-Identifier: Apache-2.0
"""What reporting does to the truth: holes, nulls, spikes, frozen runs, zeros, wrong signs, days of the clock change."""

from dataclasses import replace
from random import Random

import numpy as np

from eia930.emulator.series import Series
from eia930.emulator.world.weather import clock_changes, winter_offset
from eia930.reference.hours import moment_of, parse_hour
from eia930.reference.respondents import respondents
from eia930.reference.routes import Route

_KINDS = ("absent", "absent", "null", "spike", "frozen", "zero", "negative")
_LONGEST = {"absent": 30, "null": 12, "spike": 1, "frozen": 36, "zero": 3, "negative": 2}
_INT32_MAX = 2147480000


def reported(route: Route, series: Series) -> Series:
    """`series` as its respondent would report it: about one defect a year, decided by respondent, kind and year."""
    if len(series.hours) == 0:
        return series
    values, empty = series.values.copy(), series.empty.copy()
    kept = np.ones(len(series.hours), np.bool_)
    first, last = int(series.hours[0]), int(series.hours[-1])
    for year in range(moment_of(first).year, moment_of(last).year + 1):
        draw = Random(f"{route.id}|{series.respondent}|{series.kind}|{year}")  # noqa: S311
        for _ in range(draw.choice((0, 1, 1, 2))):
            kind = draw.choice(_KINDS)
            begin = parse_hour(f"{year}-01-01") + draw.randrange(8760)
            length = draw.randint(1, _LONGEST[kind])
            low, high = np.searchsorted(series.hours, np.array([begin, begin + length], np.int32)).tolist()
            _spoil(kind, draw, values[low:high], empty[low:high], kept[low:high])
        _skip_clock_change(series, year, kept)
    return replace(series, hours=series.hours[kept], values=values[kept], empty=empty[kept])


def _spoil(kind: str, draw: Random, values: np.ndarray, empty: np.ndarray, kept: np.ndarray) -> None:
    factor = draw.choice((10, 120, 1000))
    huge = draw.random() < 0.05
    if len(values) == 0:
        return
    if kind == "absent":
        kept[:] = False
    elif kind == "null":
        empty[:] = True
    elif kind == "spike":
        values[:] = _INT32_MAX if huge else values * factor
    elif kind == "frozen":
        values[:] = values[0]
    elif kind == "zero":
        values[:] = 0
    else:
        values[:] = -np.abs(values)


def _skip_clock_change(series: Series, year: int, kept: np.ndarray) -> None:
    """One respondent in eight loses the hour of each clock change, in all of its series at once."""
    draw = Random(f"{series.respondent}|clock|{year}")  # noqa: S311
    zone = respondents()[series.respondent].time_zone
    for change in clock_changes(year):
        if draw.random() < 0.125:
            kept &= series.hours != change - winter_offset(zone) + 1
