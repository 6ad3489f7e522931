# SPDX-License-Identifier: Apache-2.0
"""Hours of a series as training blocks want them: values of the tidy file, and which of them are trusted."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from eia.assembly import Screening
from quality.tidy_series import TidySeries
from quality.trust import Range, trusted

_KEPT_BYTES = 512 * 2**20


class TrustedHours:
    """`(series id, first hour, hours)` → value float64[hours] in MW, observed bool[hours]."""

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
        self._kept: OrderedDict[str, tuple[NDArray[np.float64], NDArray[np.bool_]]] = OrderedDict()

    def __call__(self, series_id: str, first: int, hours: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Hours from `first` (since 1970 UTC) on; all of them lie on the frame."""
        value, observed = self._whole(series_id)
        here = slice(first - self._first, first - self._first + hours)
        return value[here], observed[here]

    def _whole(self, series_id: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        if series_id not in self._kept:
            value = self._series[series_id]
            observed = trusted(series_id, value, self._splits, screening=self._screening, against=self._against)
            self._kept[series_id] = value, observed
        self._kept.move_to_end(series_id)
        size = 9 * len(self._kept[series_id][0])
        while len(self._kept) > max(1, _KEPT_BYTES // max(1, size)):
            self._kept.popitem(last=False)
        return self._kept[series_id]
