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
from eia930.reference.hours import hour_of
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
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):00:00Z?", re.ASCII)
_LIVES_ON = 26
"""Hours past its half that a file may hold: forecasts of the next day."""


class Stamps:
    """Reads stamps of one file, each text once."""

    def __init__(self, file: FileName) -> None:
        self._file = file
        self._first, self._last = file.half.hours()
        self._known = pa.array([], pa.string())
        self._hours = np.zeros(0, np.int32)

    def hours(self, texts: pa.StringArray) -> NDArray[np.int32]:
        """Texts → int32 hours. Garbled for one that is no full hour, or lies outside the file's half."""
        # The lines of an hour lie together: a text is looked up once a run, and in bulk.
        change = pc.not_equal(texts[1:], texts[:-1]).to_numpy(zero_copy_only=False)
        starts = np.concatenate([np.zeros(min(1, len(texts)), np.int64), np.flatnonzero(change) + 1])
        firsts = texts if len(starts) == len(texts) else texts.take(pa.array(starts))
        places = pc.index_in(firsts, self._known)
        if places.null_count:
            self._learn(pc.unique(firsts.filter(pc.is_null(places))))
            places = pc.index_in(firsts, self._known)
        found = self._hours[places.to_numpy()]
        return found if len(starts) == len(texts) else np.repeat(found, np.diff(starts, append=len(texts)))

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
