# SPDX-License-Identifier: Apache-2.0
"""Series of an output's tidy files, in a folder or a bucket: only the row groups and columns that are asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pyarrow.fs import FileSelector, FileSystem, FileType

from eia930.errors import UsageError
from eia930.reference.routes import Route
from eia930.reference.series import find_series
from eia930.store.keys import object_key

ESTIMATE = "estimate"
_MANIFEST = "manifest.json"
_LOOKS = 3
"""A look finds neither place only where a whole publication came between its two steps."""
_Taken = TypeVar("_Taken")
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


@dataclass(frozen=True, slots=True)
class _Listed:
    """What the manifest says of a file."""

    bytes: int
    sha256: str


class Output:
    """What a load wrote, at a folder's path or a bucket's URL. Credentials come from the environment.

    Files are read by the manifest as it is now: one that is superseded meanwhile is found among the objects. A folder
    of tidy files without a manifest is read as it lies.
    """

    def __init__(self, place: str) -> None:
        self.place = place
        uri = place if "://" in place else Path(place).expanduser().absolute().as_uri()
        try:
            self._files, root = FileSystem.from_uri(uri)
        except (pa.ArrowException, OSError) as error:
            raise UsageError(f"{place}: {error}") from None
        self._root = root.rstrip("/")
        self._listed = self._manifest()

    def regions(self, route: Route) -> tuple[str, ...]:
        """Whose hours of a route there are, sorted."""
        if self._listed:
            ways = (tuple(path.split("/")) for path in self._listed)
            folders = [way[2] for way in ways if way[:2] == ("tidy", route.id) and len(way) == 4]
        else:
            try:
                selector = FileSelector(f"{self._root}/tidy/{route.id}", allow_not_found=True)
                found = self._files.get_file_info(selector)
            except OSError as error:
                raise UsageError(f"{self.place}: {error}") from None
            folders = [info.base_name for info in found if info.type == FileType.Directory]
        names = (name.partition("=") for name in folders)
        return tuple(sorted(code for key, _, code in names if key == "respondent"))

    def kinds(self, route: Route, region: str) -> tuple[str, ...]:
        """Which series of a region there are, by the footer alone."""
        groups = self._taken(route, region, lambda file: list(_groups(file)))
        keys = (find_series(name) for group in groups for name in {group.first, group.last})
        return tuple(sorted({key.kind for key in keys if key is not None and key.route is route}))

    def read(self, route: Route, region: str, ids: Sequence[str], hours: Bounds) -> dict[str, Found]:
        """Series by id, of the hours (inclusive, hour ending; None: no bound); one without a row is left out."""
        table = self._taken(route, region, lambda file: _rows(file, ids, hours))
        return {name: _found(rows) for name in ids if len(rows := _of(table, name, hours))}

    def _taken(self, route: Route, region: str, take: Callable[[pq.ParquetFile], _Taken]) -> _Taken:
        """What `take` makes of a tidy file that is as the manifest has it.

        A superseded file is among the objects before its path gets other bytes: where it is not, once all is read,
        what was read is what the manifest names.
        """
        path = f"tidy/{route.id}/respondent={region}/part-00000.parquet"
        listed, said = self._listed.get(path), ""
        for key in [path, object_key(path, listed.sha256)] * _LOOKS if listed else [path]:
            try:
                with pq.ParquetFile(f"{self._root}/{key}", filesystem=self._files) as file:
                    taken = take(file)
                if listed is None or key != path or self._stands(path, listed):
                    return taken
                said = said or f"its size is not that of {_MANIFEST}; run python -m pipelines.historical on it again"
            except (pa.ArrowException, OSError) as error:
                said = said or str(error).splitlines()[0]
        raise UsageError(f"{self.place}: {self._root}/{path} cannot be read: {said}")

    def _stands(self, path: str, listed: _Listed) -> bool:
        """Whether the path has had the bytes that the manifest names until now."""
        key = object_key(path, listed.sha256)
        own, kept = self._files.get_file_info([f"{self._root}/{path}", f"{self._root}/{key}"])
        return bool(kept.type == FileType.NotFound and own.size == listed.bytes)

    def _manifest(self) -> dict[str, _Listed]:
        try:
            with self._files.open_input_file(f"{self._root}/{_MANIFEST}") as file:
                listed = json.loads(file.read())["files"]
            return {one["path"]: _Listed(one["bytes"], one["sha256"]) for one in listed}
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return {}
        except (pa.ArrowException, OSError) as error:
            raise UsageError(f"{self.place}: {str(error).splitlines()[0]}") from None


def _rows(file: pq.ParquetFile, ids: Sequence[str], hours: Bounds) -> pa.Table:
    groups = [one.number for one in _groups(file) if one.has(ids) and one.meets(hours)]
    names = set(file.schema_arrow.names)
    return file.read_row_groups(groups, columns=["series_id", "period", "value", "flag", *({ESTIMATE} & names)])


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
