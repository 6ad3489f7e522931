# SPDX-License-Identifier: Apache-2.0
"""The series of an output's tidy files as arrays on one frame of hours, each file read once, when needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eia930.record.assembly import GroupReport, SeriesReport
from eia930.record.spool import Spool
from eia930.record.tidy import tidy_path
from eia930.record.tidy_file import SeriesRows, read_tidy
from eia930.reference.hours import parse_hour
from eia930.reference.respondents import respondents
from eia930.store.manifest import File
from eia930.store.storage import Storage

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SeriesRef:
    """Where a series stands: its tidy file, its first and last hour with a value (since 1970 UTC), its time zone."""

    series_id: str
    file: File
    first: int
    last: int
    time_zone: str


def catalogue(groups: Iterable[GroupReport]) -> list[SeriesRef]:
    """The series of some accounts that hold a value at all, sorted by id."""
    groups = tuple(groups)
    files = {file.path: file for group in groups for file in group.files}
    return series_refs((one for group in groups for one in group.series), files)


def series_refs(accounts: Iterable[SeriesReport], files: Mapping[str, File]) -> list[SeriesRef]:
    """Where the series of some accounts stand, sorted by id, without those that hold no value."""
    found = (_series_ref(one, files) for one in accounts)
    return sorted((ref for ref in found if ref is not None), key=lambda ref: ref.series_id)


def _series_ref(account: SeriesReport, files: Mapping[str, File]) -> SeriesRef | None:
    if not account.first or not account.last:
        return None
    zone = respondents()[account.respondent].time_zone if account.respondent in respondents() else "UTC"
    file = files[tidy_path(account.route, account.respondent)]
    return SeriesRef(account.series_id, file, parse_hour(account.first), parse_hour(account.last), zone)


class TidySeries(Mapping[str, Values]):
    """series id → float64[hours] in MW (NaN: absent or null) for hours `first`..`last` (inclusive, hour ending).

    A file is read once, when first asked for; its series then wait in a temporary file, 8 bytes an hour, and are
    handed out as read-only copies. StorageError where there is no room for that.
    """

    def __init__(self, storage: Storage, refs: Sequence[SeriesRef], *, first: int, last: int) -> None:
        self._storage = storage
        self._first = first
        self._hours = last - first + 1
        self._file = {ref.series_id: ref.file for ref in refs}
        self._place = {series_id: place for place, series_id in enumerate(sorted(self._file))}
        self._spool = Spool(len(self._file), self._hours)
        self._read: set[str] = set()

    def __getitem__(self, series_id: str) -> Values:
        if series_id not in self._read:
            for rows in read_tidy(self._storage, self._file[series_id]):
                if rows.series_id in self._place:
                    self._spool.put(self._place[rows.series_id], self._on_frame(rows))
                    self._read.add(rows.series_id)
        if series_id not in self._read:
            raise KeyError(series_id)
        return self._spool.get(self._place[series_id])

    def __contains__(self, series_id: object) -> bool:
        return series_id in self._file

    def __iter__(self) -> Iterator[str]:
        return iter(self._place)

    def __len__(self) -> int:
        return len(self._file)

    def _on_frame(self, rows: SeriesRows) -> Values:
        """Values by their hours, as far as those lie on the frame."""
        first, last = int(rows.hour[0]) - self._first, int(rows.hour[-1]) - self._first
        if first >= 0 and last < self._hours and last - first + 1 == len(rows.hour):
            # Sorted, and none missing between: most series are.
            around = np.full(first, np.nan), np.full(self._hours - 1 - last, np.nan)
            return np.concatenate((around[0], rows.value, around[1])) if len(rows.value) < self._hours else rows.value
        whole, place = np.full(self._hours, np.nan), rows.hour - self._first
        inside = (place >= 0) & (place < self._hours)
        whole[place[inside]] = rows.value[inside]
        return whole
