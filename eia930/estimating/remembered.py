# SPDX-License-Identifier: Apache-2.0
"""What was told of a window before, where all that bears on it is as it was: an hour more makes few windows anew.

    raw/estimated/years/<year-month>      a year's estimates, by the month that it begins with
    raw/filled/quarters/<year-month>      a quarter's fills, likewise (a month's in a record's first half-year)

Each under the name of the very numbers that it was made of. May be deleted at any time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import zstandard

from eia930.estimating.learning.exact import Mask, Real
from eia930.estimating.windows import Window
from eia930.record.unchanged.inputs import named
from eia930.record.unchanged.kept import keep, kept
from eia930.reference.hours import moment_of
from eia930.store.storage import Storage

YEARS, QUARTERS = "raw/estimated/years", "raw/filled/quarters"
Recall = Callable[[Window, Mask, Callable[[], Real]], Real]
"""`recall(window, wanted, make)`: what `make()` gives, of hours `wanted`: both [series, hours of `window.give`]."""


class Known(Protocol):
    """What both methods are told of demand: a row a series, on the frame that begins at hour `first`."""

    @property
    def first(self) -> int:
        """Hours since 1970 UTC."""

    @property
    def demand(self) -> Real:
        """float64[series, hours]; NaN where nothing stands."""

    @property
    def forecast(self) -> Real:
        """float64[series, hours], of the same rows."""

    @property
    def barred(self) -> Mask:
        """bool[series, series]."""


def anew(window: Window, wanted: Mask, make: Callable[[], Real]) -> Real:
    """Remembers nothing."""
    return make()


@dataclass(frozen=True, slots=True)
class Remembered:
    """A recall that keeps what it made under `root`; what is damaged is made anew."""

    storage: Storage
    root: str
    known: Known

    def __call__(self, window: Window, wanted: Mask, make: Callable[[], Real]) -> Real:
        """NaN where it is not wanted."""
        path = f"{self.root}/{moment_of(self.known.first + window.give.start):%Y-%m}"
        inputs = self._inputs(window, wanted)
        found = _unpacked(kept(self.storage, path, inputs, bytes), wanted)
        if found is None:
            found = make()
            keep(self.storage, path, inputs, zstandard.compress(found[wanted].astype("<f8").tobytes()))
        return found

    def _inputs(self, window: Window, wanted: Mask) -> str:
        """Names all that bears on a window: its numbers, which hours are wanted, where it lies."""
        told = hashlib.sha256(np.packbits(wanted).tobytes())
        told.update(np.packbits(self.known.barred).tobytes())
        for rows in (self.known.demand, self.known.forecast):
            for row in rows:
                told.update(np.ascontiguousarray(row[window.of], "<f8").data)
        begin = window.of.start
        places = [(part.start - begin, part.stop - begin) for part in (window.of, window.learn, window.give)]
        return named("window", self.root, self.known.first + begin, places, wanted.shape, told.hexdigest())


def _unpacked(data: bytes | None, wanted: Mask) -> Real | None:
    if data is None:
        return None
    try:
        values = np.frombuffer(zstandard.decompress(data), "<f8")
    except (zstandard.ZstdError, ValueError):
        return None
    if values.size != np.count_nonzero(wanted):
        return None
    found = np.full(wanted.shape, np.nan)
    found[wanted] = values
    return found
