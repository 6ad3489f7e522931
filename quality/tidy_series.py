# SPDX-License-Identifier: Apache-2.0
"""The series of an output's tidy files as arrays on one frame of hours, read when needed, few files at a time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from eia.assembly import GroupReport
from eia.storage import Storage

Values = NDArray[np.float64]
_FILES = 24
"""Files kept in memory: a file holds one respondent's history in one route, a few megabytes."""


class TidySeries(Mapping[str, Values]):
    """series id → float64[hours] in MW (NaN: absent or null) for hours `first`..`last` (inclusive, hour ending)."""

    def __init__(self, storage: Storage, groups: Iterable[GroupReport], *, first: int, last: int) -> None:
        self._storage = storage
        self._first = first
        self._hours = last - first + 1
        self._path = {
            series.series_id: file.path
            for group in groups
            for file in group.files
            if file.path.endswith(".parquet")
            for series in group.series
        }
        self._files: OrderedDict[str, dict[str, Values]] = OrderedDict()

    def __getitem__(self, series_id: str) -> Values:
        path = self._path[series_id]
        if path not in self._files:
            self._files[path] = self._read(path)
        self._files.move_to_end(path)
        while len(self._files) > _FILES:
            self._files.popitem(last=False)
        found = self._files[path].get(series_id)
        return np.full(self._hours, np.nan) if found is None else found

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._path))

    def __len__(self) -> int:
        return len(self._path)

    def _read(self, path: str) -> dict[str, Values]:
        """All series of one file."""
        columns = ["series_id", "period", "value"]
        table = pq.read_table(pa.BufferReader(self._storage.get(path)), columns=columns)
        codes = table["series_id"].combine_chunks().dictionary_encode()
        place = table["period"].cast(pa.timestamp("s", tz=str(UTC))).cast(pa.int64()).to_numpy() // 3600 - self._first
        value = table["value"].to_numpy()
        names, code = codes.dictionary.to_pylist(), codes.indices.to_numpy(zero_copy_only=False)
        inside = (place >= 0) & (place < self._hours)
        found = {}
        for index, name in enumerate(names):
            mine = inside & (code == index)
            found[name] = np.full(self._hours, np.nan)
            found[name][place[mine]] = value[mine]
        return found
