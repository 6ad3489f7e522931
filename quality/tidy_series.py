# SPDX-License-Identifier: Apache-2.0
"""The series of an output's tidy files as arrays on one frame of hours, read when needed, few files at a time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from eia.assembly import GroupReport, SeriesReport
from eia.hours import parse_hour
from eia.respondents import respondents
from eia.storage import Storage
from eia.tidy import tidy_path

Values = NDArray[np.float64]
_FILES = 24
"""Files kept in memory: a file holds one respondent's history in one route, a few megabytes."""


@dataclass(frozen=True, slots=True)
class SeriesRef:
    """Where a series stands: its tidy file, its first and last hour with a value (since 1970 UTC), its time zone."""

    series_id: str
    path: str
    first: int
    last: int
    time_zone: str


def catalogue(groups: Iterable[GroupReport]) -> list[SeriesRef]:
    """The series of some accounts that hold a value at all, sorted by id."""
    found = (series_ref(one) for group in groups for one in group.series)
    return sorted((ref for ref in found if ref is not None), key=lambda ref: ref.series_id)


def series_ref(account: SeriesReport) -> SeriesRef | None:
    """Where a series of an account stands; None if it holds no value."""
    if not account.first or not account.last:
        return None
    zone = respondents()[account.respondent].time_zone if account.respondent in respondents() else "UTC"
    path = tidy_path(account.route, account.respondent)
    return SeriesRef(account.series_id, path, parse_hour(account.first), parse_hour(account.last), zone)


class TidySeries(Mapping[str, Values]):
    """series id → float64[hours] in MW (NaN: absent or null) for hours `first`..`last` (inclusive, hour ending)."""

    def __init__(self, storage: Storage, refs: Iterable[SeriesRef], *, first: int, last: int) -> None:
        self._storage = storage
        self._first = first
        self._hours = last - first + 1
        self._path = {ref.series_id: ref.path for ref in refs}
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
