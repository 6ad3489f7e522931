# SPDX-License-Identifier: Apache-2.0
"""Series of an output's tidy files, in a folder or a bucket.

Of a region's file, held against the manifest, only the row groups and columns that are asked for are unpacked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pyarrow.fs import FileSystem

from eia930.analysis.held import Held
from eia930.errors import UsageError
from eia930.reference.routes import Route
from eia930.reference.series import find_series

ESTIMATE = "estimate"
_SECRET = re.compile(r"\w+://[^/]*:[^/]*@|\w+://.*\?.*(key|secret|token|password)", re.IGNORECASE)
_PART = "/part-00000.parquet"
Bounds = tuple[int | None, int | None]
"""First and last hour (inclusive, hour ending) since 1970 UTC; None: no bound."""


@dataclass(frozen=True, slots=True)
class Found:
    """The rows of one series: `period` int64 (hours since 1970 UTC, hour ending), `value` and `estimate` float64 (MWh;
    NaN where there is none), `flag` (why a value is suspect; null: nothing found)."""

    period: NDArray[np.int64]
    value: NDArray[np.float64]
    estimate: NDArray[np.float64] | None
    flag: pa.Array


class Output:
    """What a load wrote, at a folder's path or a bucket's URL. Credentials come from the environment."""

    def __init__(self, place: str) -> None:
        self.place = place
        if _SECRET.match(place):
            raise UsageError("a URL holds no name and key: credentials come from the environment")
        try:
            uri = place if "://" in place else Path(place).expanduser().absolute().as_uri()
            self._files, root = FileSystem.from_uri(uri)
        except (pa.ArrowException, OSError, RuntimeError, ValueError) as error:
            raise UsageError(f"{place}: {error}") from None
        self._held = Held.at(self._files, root.rstrip("/"), place)
        self._last: tuple[str, pa.BufferReader] | None = None

    def regions(self, route: Route) -> tuple[str, ...]:
        """Whose hours of a route there are, sorted."""
        parts = (path.removesuffix(_PART).split("/respondent=") for path in self._held.sums if path.endswith(_PART))
        return tuple(sorted(part[1] for part in parts if part[0] == f"tidy/{route.id}"))

    def kinds(self, route: Route, region: str) -> tuple[str, ...]:
        """Which series of a region there are, by the footer alone."""
        with self._file(route, region) as file:
            keys = (find_series(name) for group in _groups(file) for name in {group.first, group.last})
            return tuple(sorted({key.kind for key in keys if key is not None and key.route is route}))

    def read(self, route: Route, region: str, ids: Sequence[str], hours: Bounds) -> dict[str, Found]:
        """Series by id, of the hours (inclusive, hour ending; None: no bound); one without a row is left out."""
        with self._file(route, region) as file:
            groups = [one.number for one in _groups(file) if one.has(ids) and one.meets(hours)]
            names = set(file.schema_arrow.names)
            columns = ["series_id", "period", "value", "flag", *({ESTIMATE} & names)]
            table = file.read_row_groups(groups, columns=columns)
        return {name: _found(rows) for name in ids if len(rows := _of(table, name, hours))}

    def _file(self, route: Route, region: str) -> pq.ParquetFile:
        path = f"tidy/{route.id}/respondent={region}{_PART}"
        if self._last is None or self._last[0] != path:
            self._last = (path, self._held.read(path))
        try:
            return pq.ParquetFile(self._last[1])
        except (pa.ArrowException, OSError) as error:
            raise UsageError(f"{self.place}: {path} cannot be read: {str(error).splitlines()[0]}") from None


@dataclass(frozen=True, slots=True)
class _Group:
    """What the footer says of a row group: its first and last series and hour."""

    number: int
    first: str
    last: str
    hours: tuple[int, int]

    def has(self, ids: Sequence[str]) -> bool:
        return any(self.first <= name <= self.last for name in ids)

    def meets(self, hours: Bounds) -> bool:
        first, last = hours
        return (first is None or self.hours[1] >= first) and (last is None or self.hours[0] <= last)


def _groups(file: pq.ParquetFile) -> Iterator[_Group]:
    """The row groups that hold rows."""
    for number in range(file.num_row_groups):
        group = file.metadata.row_group(number)
        columns = {c.path_in_schema: c.statistics for c in map(group.column, range(group.num_columns))}
        names, periods = columns["series_id"], columns["period"]
        if group.num_rows:
            yield _Group(number, names.min, names.max, (_hour(periods.min), _hour(periods.max)))


def _hour(moment: Any) -> int:
    return int(moment.timestamp()) // 3600


def _of(table: pa.Table, name: str, hours: Bounds) -> pa.Table:
    rows = table.filter(pc.equal(table["series_id"], name))
    period = _periods(rows)
    first, last = (len(period) and int(period[end]) for end in (0, -1))
    low, high = (bound if bound is not None else inside for bound, inside in zip(hours, (first, last), strict=True))
    return rows.filter(pa.array((period >= low) & (period <= high)))


def _found(rows: pa.Table) -> Found:
    estimate = _floats(rows[ESTIMATE]) if ESTIMATE in rows.column_names else None
    flag = rows["flag"].cast(pa.string()).combine_chunks()
    return Found(_periods(rows), _floats(rows["value"]), estimate, flag)


def _periods(rows: pa.Table) -> NDArray[np.int64]:
    hours: NDArray[np.int64] = rows["period"].cast(pa.timestamp("s", "UTC")).cast(pa.int64()).to_numpy() // 3600
    return hours


def _floats(column: pa.ChunkedArray) -> NDArray[np.float64]:
    numbers: NDArray[np.float64] = column.to_numpy()
    return numbers
