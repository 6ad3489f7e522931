# SPDX-License-Identifier: Apache-2.0
"""Hours of a series as training blocks want them: values of the tidy file, and which of them are trusted."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from eia930.record.assembly import Screening
from eia930.record.tidy_series import TidySeries
from eia930.screening.trust import Range, trusted

_KEPT_BYTES = 512 * 2**20


class TrustedHours:
    """`(series id, first hour, hours)` → value float32[hours] in MW, observed bool[hours].

    A series is read and screened once for all shards of all configs; threads may share it.
    """

    def __init__(
        self,
        series: TidySeries,
        *,
        first: int,
        splits: tuple[Range, ...],
        screening: Screening,
        against: frozenset[str],
    ) -> None:
        self._series = series
        self._first = first
        self._splits = tuple((begin - first, end - first) for begin, end in splits)
        self._screening = screening
        self._against = against
        self._kept: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._told: dict[tuple[str, int], str] = {}
        self._lock = Lock()

    def __call__(self, series_id: str, first: int, hours: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Hours from `first` (since 1970 UTC) on; all of them lie on the frame."""
        with self._lock:
            whole = self._whole(series_id)
        value = whole[first - self._first : first - self._first + hours]
        return value, ~np.isnan(value)

    def told(self, series_id: str, split: int) -> str:
        """Names all hours of a series in one of the splits: of equal names, all that is loaded of it is equal."""
        with self._lock:
            if (series_id, split) not in self._told:
                first, end = (max(0, place) for place in self._splits[split])
                data = np.ascontiguousarray(self._series[series_id][first:end]).data
                self._told[series_id, split] = f"{first + self._first} {hashlib.sha256(data).hexdigest()}"
            return self._told[series_id, split]

    def _whole(self, series_id: str) -> NDArray[np.float32]:
        """The series as blocks hold it, NaN where not observed: half the size, so that a whole history stays."""
        if series_id not in self._kept:
            value = self._series[series_id]
            observed = trusted(
                series_id,
                value,
                self._splits,
                screening=self._screening,
                against=self._against,
                hour=self._first,
            )
            with np.errstate(over="ignore"):  # what no float32 holds becomes infinite, and is refused by name
                self._kept[series_id] = np.where(observed, value, np.nan).astype(np.float32)
        self._kept.move_to_end(series_id)
        while len(self._kept) > max(1, _KEPT_BYTES // max(1, self._kept[series_id].nbytes)):
            self._kept.popitem(last=False)
        return self._kept[series_id]
