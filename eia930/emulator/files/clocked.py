# SPDX-License-Identifier: Apache-2.0
"""The texts of a half's hours by one clock: local date, hour of the day (up to 23, 24, 25), local and UTC stamps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import pyarrow as pa

from eia930.reference.clocks import Clock
from eia930.reference.halves import Half
from eia930.reference.hours import moment_of


@dataclass(frozen=True, slots=True)
class Texts:
    """Strings of the hours `first`..`last` (UTC, hour ending), each pa.string() [hours]."""

    first: int
    last: int
    date: pa.Array
    number: pa.Array
    local: pa.Array
    utc: pa.Array


@lru_cache(maxsize=64)
def texts(half: Half, clock: Clock, *, iso: bool) -> Texts:
    """All hours of the half by the clock."""
    date, number, local = [], [], []
    day = half.begins
    first = clock.midnight(day) + 1
    hour = first
    while day < half.next.begins:
        end = clock.midnight(day + timedelta(days=1))
        count = end - hour + 1
        walls = _walls(count)
        begins = datetime(day.year, day.month, day.day)
        for n, wall in enumerate(walls, 1):
            date.append(f"{day:%m/%d/%Y}")
            number.append(str(n))
            local.append(_stamp(begins + timedelta(hours=wall), iso=iso))
        hour, day = end + 1, day + timedelta(days=1)
    last = hour - 1
    utc = [_stamp(moment_of(one).replace(tzinfo=None), iso=iso) for one in range(first, last + 1)]
    return Texts(first, last, *(pa.array(some, pa.string()) for some in (date, number, local, utc)))


def _walls(count: int) -> list[int]:
    """The wall clock at the end of each hour of a day, counted from its midnight."""
    if count == 23:
        return [1, *range(3, 25)]
    if count == 25:
        return [1, 2, *range(2, 25)]
    return list(range(1, 25))


def _stamp(moment: datetime, *, iso: bool) -> str:
    if iso:
        return f"{moment:%Y-%m-%dT%H:%M:%S}"
    return f"{moment:%m/%d/%Y} {(moment.hour - 1) % 12 + 1}:00:00 {'PM' if moment.hour >= 12 else 'AM'}"
