# SPDX-License-Identifier: Apache-2.0
"""The stamps of the UTC column, each the end of its hour: `07/01/2020 6:00:00 AM` → hours since 1970."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from eia930.errors import Garbled
from eia930.reference.hours import hour_of
from eia930.sources.files.names import FileName

_AMERICAN = re.compile(r"(\d\d)/(\d\d)/(\d{4}) (\d{1,2}):00:00 (AM|PM)", re.ASCII)
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):00:00Z?", re.ASCII)
_LIVES_ON = 26
"""Hours past its half that a file may hold: forecasts of the next day."""


class Stamps:
    """Reads stamps of one file, each text once."""

    def __init__(self, file: FileName) -> None:
        self._file = file
        self._first, self._last = file.half.hours()
        self._texts = pa.array([], pa.string())
        self._hours = np.zeros(0, np.int32)

    def hours(self, texts: pa.StringArray) -> NDArray[np.int32]:
        """Texts, each of them once → int32 hours. Garbled for no full hour, or one outside the file's half."""
        places = pc.index_in(texts, value_set=self._texts)
        if places.null_count:
            new = texts.filter(places.is_null())
            self._hours = np.append(self._hours, np.array([self.hour(text) for text in new.to_pylist()], np.int32))
            self._texts = pa.concat_arrays([self._texts, new])
            places = pc.index_in(texts, value_set=self._texts)
        return np.asarray(self._hours[places.to_numpy()], np.int32)

    def hour(self, text: str) -> int:
        """One of them."""
        hour = _parsed(text)
        if hour is None:
            raise Garbled(f"{self._file.name}: {text[:40]!r} is no stamp like 07/01/2020 6:00:00 AM")
        if not self._first <= hour <= self._last + _LIVES_ON:
            raise Garbled(f"{self._file.name}: {text} UTC lies outside {self._file.half.name}")
        return hour


def _parsed(text: str) -> int | None:
    try:
        if found := _AMERICAN.fullmatch(text):
            month, day, year, hour = (int(found[place]) for place in range(1, 5))
            if not 1 <= hour <= 12:
                return None
            return hour_of(datetime(year, month, day, hour % 12 + 12 * (found[5] == "PM"), tzinfo=UTC))
        if found := _ISO.fullmatch(text):
            return hour_of(datetime(*(int(found[place]) for place in range(1, 5)), tzinfo=UTC))  # type: ignore[arg-type,misc]
    except ValueError:
        return None
    return None
