# SPDX-License-Identifier: Apache-2.0
"""The series of an output's tidy files as arrays on one frame of hours, read when needed, few files at a time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from eia930.record.assembly import GroupReport, SeriesReport
from eia930.record.tidy import tidy_path
from eia930.reference.hours import parse_hour
from eia930.reference.respondents import respondents
from eia930.store.storage import Storage

Values = NDArray[np.float64]
READ = ("series_id", "period", "value")
"""The columns that are read of a tidy file."""
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
        with pq.ParquetFile(pa.BufferReader(self._storage.get(path))) as file:
            found: dict[str, Values] = {}
            for name, period, value in _pieces(file):
                whole = found.setdefault(name, np.full(self._hours, np.nan))
                self._put(whole, period, value)
        return found

    def _put(self, whole: Values, period: NDArray[np.int64], value: Values) -> None:
        """Values by their hours, as far as those lie on the frame."""
        first, last = (int(period[end]) - self._first for end in (0, -1))
        if first >= 0 and last < self._hours and last - first + 1 == len(period):
            # Sorted, and none missing between: most series are.
            whole[first : last + 1] = value
            return
        place = period - self._first
        inside = (place >= 0) & (place < self._hours)
        whole[place[inside]] = value[inside]


def _pieces(file: pq.ParquetFile) -> Iterator[tuple[str, NDArray[np.int64], Values]]:
    """(series id, hours since 1970, values) of each row group: one series by its footer, so that no name is read."""
    names = [_only_name(file.metadata.row_group(number)) for number in range(file.num_row_groups)]
    columns = ["period", "value", *([] if all(names) else ["series_id"])]
    table, start = file.read(columns, use_threads=False), 0
    hours, value = _hours(table["period"]), table["value"].to_numpy()
    if not all(names):
        yield from _by_name(table["series_id"], hours, value)
        return
    for number, name in enumerate(names):
        rows = slice(start, start := start + file.metadata.row_group(number).num_rows)
        if rows.start < rows.stop:
            yield str(name), hours[rows], value[rows]


def _only_name(group: pq.RowGroupMetaData) -> str | None:
    """The series whose rows alone a row group holds; None where the footer does not tell."""
    found = next(c for c in map(group.column, range(group.num_columns)) if c.path_in_schema == "series_id").statistics
    return str(found.min) if found is not None and found.has_min_max and found.min == found.max else None


def _by_name(
    ids: pa.ChunkedArray, hours: NDArray[np.int64], value: Values
) -> Iterator[tuple[str, NDArray[np.int64], Values]]:
    """The same from the names of the rows, in a file of another writer."""
    codes = ids.combine_chunks().dictionary_encode()
    code = codes.indices.to_numpy(zero_copy_only=False)
    for index, name in enumerate(codes.dictionary.to_pylist()):
        yield name, hours[code == index], value[code == index]


def _hours(period: pa.ChunkedArray) -> NDArray[np.int64]:
    """Timestamps of any unit as hours since 1970."""
    units = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
    hours: NDArray[np.int64] = period.cast(pa.int64()).to_numpy() // (3600 * units[period.type.unit])
    return hours
