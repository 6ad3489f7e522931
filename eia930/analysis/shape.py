# SPDX-License-Identifier: Apache-2.0
"""Series on one frame of hours → a table: long, a row an hour and series, or wide, a row an hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from eia930.analysis.clock import LOCAL, zone
from eia930.analysis.kinds import title_of, word_of
from eia930.analysis.reading import Bounds, Found
from eia930.analysis.trust import doubted
from eia930.errors import UsageError
from eia930.reference.respondents import respondents
from eia930.reference.series import SeriesKey


@dataclass(frozen=True, slots=True)
class Line:
    """A series that was asked for, and its rows; None where it has none in the hours asked for."""

    key: SeriesKey
    found: Found | None


@dataclass(frozen=True, slots=True)
class Frame:
    """Every hour of each region: hours ending `first`..`last` (inclusive) by region, told in the zone `tz`."""

    hours: Mapping[str, tuple[int, int]]
    tz: str
    local: bool

    @classmethod
    def over(cls, lines: Sequence[Line], bounds: Mapping[str, Bounds], *, tz: str, local: bool) -> Frame:
        """As far as was asked for; where no bound was given, as far as any of the series goes."""
        ends = [(int(one.found.period[0]), int(one.found.period[-1])) for one in lines if one.found]
        if not ends and any(None in pair for pair in bounds.values()):
            raise UsageError("none of the series has an hour in the time asked for")
        low, high = (min(first for first, _ in ends), max(last for _, last in ends)) if ends else (0, 0)
        spans = {
            code: (low if first is None else first, high if last is None else last)
            for code, (first, last) in bounds.items()
        }
        return cls(spans, tz, local)

    def of(self, region: str) -> NDArray[np.int64]:
        """A region's hours, ending."""
        first, last = self.hours[region]
        return np.arange(first, last + 1)

    @property
    def whole(self) -> NDArray[np.int64]:
        """The hours of all regions together."""
        return np.arange(
            min(first for first, _ in self.hours.values()), max(last for _, last in self.hours.values()) + 1
        )

    def times(self, hours: NDArray[np.int64]) -> dict[str, pa.Array]:
        """Where the hours begin and end."""
        return {"start": _moments(hours - 1, self.tz), "end": _moments(hours, self.tz)}

    def wall(self, hours: NDArray[np.int64], region: str) -> pa.Array:
        """The wall clock of a region where the hours begin, timestamp[s] without a zone."""
        return pc.local_timestamp(_moments(hours - 1, zone(LOCAL, region)))


def long_table(frame: Frame, lines: Sequence[Line], *, trusted: bool, filled: bool) -> pa.Table:
    """A row an hour and series, in the order in which series were asked for."""
    return pa.concat_tables(_long(frame, one, trusted=trusted, filled=filled) for one in lines)


def wide_table(frame: Frame, lines: Sequence[Line], *, trusted: bool, filled: bool) -> pa.Table:
    """A row an hour, a column a series; a field's metadata says the names. Hours of another region's day are null."""
    hours = frame.whole
    columns = frame.times(hours)
    if frame.local:
        columns |= {f"{code}.local": frame.wall(hours, code) for code in frame.hours}
    fields = [pa.field(name, column.type) for name, column in columns.items()]
    for one in lines:
        first, last = frame.hours[one.key.respondent]
        value, _ = _on(hours, one.found, trusted=trusted, filled=filled)
        outside = (hours < first) | (hours > last)
        name = f"{one.key.respondent}.{word_of(one.key)}"
        columns[name] = pa.array(value, mask=outside | np.isnan(value))
        fields.append(pa.field(name, pa.float64(), metadata=_about(one.key)))
    return pa.table(list(columns.values()), schema=pa.schema(fields))


def _long(frame: Frame, one: Line, *, trusted: bool, filled: bool) -> pa.Table:
    region, hours = one.key.respondent, frame.of(one.key.respondent)
    value, flag = _on(hours, one.found, trusted=trusted, filled=filled)
    about = _about(one.key)
    columns = frame.times(hours)
    if frame.local:
        columns["local"] = frame.wall(hours, region)
    words = {"region": region, "region_name": about["region_name"], "kind": word_of(one.key)}
    words |= {"kind_name": about["kind_name"], "series_id": one.key.id}
    columns |= {name: _repeated(word, len(hours)) for name, word in words.items()}
    return pa.table(columns | {"value": pa.array(value, mask=np.isnan(value)), "flag": flag})


def _on(
    hours: NDArray[np.int64], found: Found | None, *, trusted: bool, filled: bool
) -> tuple[NDArray[np.float64], pa.Array]:
    """Values (NaN: none) and flags of a series on the frame."""
    value = np.full(len(hours), np.nan)
    if found is None:
        return value, pa.nulls(len(hours), pa.string())
    place = found.period - hours[0]
    inside = (place >= 0) & (place < len(hours))
    read = np.where(doubted(found), np.nan, found.value) if trusted else found.value
    if filled and found.estimate is not None:
        read = np.where(np.isnan(read), found.estimate, read)
    value[place[inside]] = read[inside]
    at = np.full(len(hours), -1)
    at[place[inside]] = np.flatnonzero(inside)
    return value, found.flag.take(pa.array(at, mask=at < 0))


def _about(key: SeriesKey) -> dict[str, str]:
    known = respondents().get(key.respondent)
    name = known.name if known else key.respondent
    return {"region_name": name, "kind_name": title_of(key), "unit": key.route.energy}


def _moments(hours: NDArray[np.int64], tz: str) -> pa.Array:
    return pa.array(hours * 3600, pa.timestamp("s", tz=tz))


def _repeated(text: str, rows: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([text]))
