# SPDX-License-Identifier: Apache-2.0
"""The stamps of the UTC column, each the end of its hour: `07/01/2020 6:00:00 AM` → hours since 1970."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from eia930.errors import Garbled
from eia930.reference.hours import hour_of, moment_of
from eia930.sources.files.contents.runs import of_each, run_starts
from eia930.sources.files.names import FileName

_AMERICAN = re.compile(r"(\d\d)/(\d\d)/(\d{4})", re.ASCII)
_CLOCK: Mapping[str, int] = MappingProxyType(
    {
        f"{text}:00:00 {half}": hour % 12 + 12 * (half == "PM")
        for hour in range(1, 13)
        for text in {str(hour), f"{hour:02}"}
        for half in ("AM", "PM")
    }
)
"""`6:00:00 AM`, its hour padded or not → hours since midnight."""
_CLOCKS = tuple(f"{hour % 12 or 12}:00:00 {half}" for half in ("AM", "PM") for hour in range(12))
"""The hours of a day as EIA writes them, from midnight on."""
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):00:00Z?", re.ASCII)
_LIVES_ON = 26
"""Hours past its half that a file may hold: forecasts of the next day."""
_TURNS = 32
"""Authorities that a block may hold, if lines lie as EIA's; others are looked up one by one."""


class Stamps:
    """Reads stamps of one file, each text once; those that are written as usual are known beforehand."""

    def __init__(self, file: FileName) -> None:
        self._file = file
        self._first, self._last = file.half.hours()
        self._usual = pa.array(_usual(self._first, self._last + _LIVES_ON), pa.string())
        self._known = self._usual
        self._hours = np.arange(self._first, self._first + len(self._usual), dtype=np.int32)

    def hours(self, texts: pa.StringArray) -> NDArray[np.int32]:
        """Texts → int32 hours. Garbled for one that is no full hour, or lies outside the file's half."""
        starts = run_starts(texts)
        firsts = texts if len(starts) == len(texts) else texts.take(pa.array(starts))
        return of_each(self._each(firsts), starts, len(texts))

    def _each(self, texts: pa.StringArray) -> NDArray[np.int32]:
        """An authority's lines go hour by hour: what follows a text is held against what is to, which is soon done."""
        found = np.empty(len(texts), np.int32)
        at = 0
        for _ in range(_TURNS):
            place = pc.index(self._usual, texts[at]).as_py() if at < len(texts) else -1
            if place < 0:
                break
            here, due = texts[at : at + len(self._usual) - place], self._usual[place : place + len(texts) - at]
            same = _length(pc.equal(here, due))
            found[at : at + same] = self._hours[place : place + same]
            at += same
        if at < len(texts):
            found[at:] = self._looked_up(texts[at:])
        return found

    def _looked_up(self, texts: pa.StringArray) -> NDArray[np.int32]:
        places = pc.index_in(texts, self._known)
        if places.null_count:
            self._learn(pc.unique(texts.filter(pc.is_null(places))))
            places = pc.index_in(texts, self._known)
        return np.asarray(self._hours[places.to_numpy()])

    def _learn(self, texts: pa.StringArray) -> None:
        hours = np.array([self._hour(text) for text in texts.to_pylist()], np.int32)
        self._known = pa.concat_arrays([self._known, texts])
        self._hours = np.concatenate([self._hours, hours])

    def _hour(self, text: str) -> int:
        hour = _parsed(text)
        if hour is None:
            raise Garbled(f"{self._file.name}: {text[:40]!r} is no stamp like 07/01/2020 6:00:00 AM")
        if not self._first <= hour <= self._last + _LIVES_ON:
            raise Garbled(f"{self._file.name}: {text} UTC lies outside {self._file.half.name}")
        return hour


def _usual(first: int, last: int) -> list[str]:
    """The stamps of hours `first`..`last` as EIA writes them."""
    begins, ends = first // 24, last // 24
    days = (f"{moment_of(day * 24):%m/%d/%Y} " for day in range(begins, ends + 1))
    texts = [day + clock for day in days for clock in _CLOCKS]
    return texts[first - begins * 24 : last + 1 - begins * 24]


def _length(same: pa.BooleanArray) -> int:
    """How many are true before the first that is not."""
    differs = pc.index(same, pa.scalar(value=False)).as_py()
    return len(same) if differs < 0 else int(differs)


def _parsed(text: str) -> int | None:
    day, _, clock = text.partition(" ")
    begins, hour = _day(day), _CLOCK.get(clock)
    if begins is not None and hour is not None:
        return begins + hour
    try:
        if found := _ISO.fullmatch(text):
            return hour_of(datetime(*(int(found[place]) for place in range(1, 5)), tzinfo=UTC))  # type: ignore[arg-type,misc]
    except ValueError:
        return None
    return None


@lru_cache(maxsize=1024)
def _day(text: str) -> int | None:
    """`07/01/2020` → its first hour, 00."""
    found = _AMERICAN.fullmatch(text)
    try:
        return hour_of(datetime(int(found[3]), int(found[1]), int(found[2]), tzinfo=UTC)) if found else None
    except ValueError:
        return None
