# SPDX-License-Identifier: Apache-2.0
"""Hours that a cross-check found wrong, from checks.parquet, on the frame."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from eia930.record.tidy_file import held, hours_of
from eia930.report.reading.frame import Frame
from eia930.store.manifest import CHECKS, read_manifest
from eia930.store.storage import Storage


class Doubts:
    """Series → bool[hours] of the frame: whether any check found the hour wrong. Empty where no checks were written."""

    def __init__(self, storage: Storage, frame: Frame) -> None:
        """UsageError where checks.parquet is not as it was written."""
        self._frame = frame
        self._of: dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]] = {}
        for file in read_manifest(storage):
            if file.path == CHECKS:
                self._take(pq.read_table(pa.BufferReader(held(storage, file)), use_threads=False))

    def _take(self, table: pa.Table) -> None:
        table = table.sort_by([("series_id", "ascending"), ("first_hour", "ascending")])
        names = table["series_id"].combine_chunks().dictionary_encode()
        first, hours = hours_of(table["first_hour"]), table["hours"].to_numpy()
        ends = np.searchsorted(names.indices.to_numpy(), np.arange(len(names.dictionary) + 1))
        for number, name in enumerate(names.dictionary.to_pylist()):
            mine = slice(ends[number], ends[number + 1])
            self._of[name] = (first[mine], first[mine] + hours[mine])

    def of(self, series_id: str) -> NDArray[np.bool_]:
        """The hours of a series."""
        edges = np.zeros(self._frame.hours + 1, np.int64)
        for sign, bounds in zip((1, -1), self._of.get(series_id, ()), strict=False):
            np.add.at(edges, np.clip(bounds - self._frame.first, 0, self._frame.hours), sign)
        inside: NDArray[np.bool_] = np.cumsum(edges)[:-1] > 0
        return inside
