# SPDX-License-Identifier: Apache-2.0
"""The one reader of tidy files, beside their writer: the rows of each series, of a file that is as it was written.

Every byte that is read is held against the sha256 of the manifest, or of the account that will become it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from eia930.errors import UsageError
from eia930.record.tidy import REPORTED
from eia930.store.manifest import MANIFEST, File, read_manifest
from eia930.store.objects import read_file
from eia930.store.storage import Storage

AGAIN = "run python -m pipelines.historical on this folder again"
_A_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_ROWS = ("period", "value")


@dataclass(frozen=True, slots=True)
class SeriesRows:
    """The rows of one series in the order of their hours.

    `hour` int64: since 1970 UTC, hour ending. `value` float64: MW, NaN for a null. `more`: the other columns asked for.
    """

    series_id: str
    hour: NDArray[np.int64]
    value: NDArray[np.float64]
    more: pa.Table


def read_tidy(storage: Storage, file: File, columns: Sequence[str] = (), *, all_rows: bool = False) -> list[SeriesRows]:
    """Every series of a tidy file, the rows that were reported; `all_rows`: also what nobody reported.

    UsageError names the file where it is not as it was written.
    """
    with _opened(storage, file) as parquet:
        # No row group that has only reported rows, as most have, is read for that.
        mixed = not all_rows and _has_null(parquet.metadata, REPORTED)
        table = _read(parquet, file, (*_ROWS, *columns, *([REPORTED] if mixed else [])))
        names = _names(parquet.metadata)
    found = ((name, reported(rows) if mixed else rows) for name, rows in _parts(table, names))
    return [
        SeriesRows(name, hours_of(rows["period"]), rows["value"].to_numpy(), rows.select(columns))
        for name, rows in found
    ]


def tidy_rows(storage: Storage, file: File) -> list[tuple[str, pa.Table]]:
    """Every series of a tidy file by its id, with all rows and columns. UsageError as for `read_tidy`."""
    with _opened(storage, file) as parquet:
        return list(_parts(_read(parquet, file, parquet.schema_arrow.names), _names(parquet.metadata)))


def reported(rows: pa.Table) -> pa.Table:
    """The rows that somebody reported."""
    return rows.filter(rows[REPORTED].is_valid()) if rows[REPORTED].null_count else rows


@contextmanager
def _opened(storage: Storage, file: File) -> Iterator[pq.ParquetFile]:
    data = held(storage, file)
    try:
        with pq.ParquetFile(pa.BufferReader(data)) as parquet:
            yield parquet
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UsageError(f"{file.path} is no tidy file: {error}", remedy=AGAIN) from None


def _read(parquet: pq.ParquetFile, file: File, columns: Sequence[str]) -> pa.Table:
    table = parquet.read(columns=list(dict.fromkeys(columns)), use_threads=False)
    if absent := [name for name in columns if name not in table.column_names]:
        raise UsageError(f"{file.path} is no tidy file: it has no column {', '.join(absent)}", remedy=AGAIN)
    return table


def _has_null(footer: pq.FileMetaData, column: str) -> bool:
    """Whether a column has a null anywhere, by the footer alone; one that is not there has none."""
    groups = (footer.row_group(number) for number in range(footer.num_row_groups))
    columns = (group.column(number) for group in groups for number in range(group.num_columns))
    told = (one.statistics for one in columns if one.path_in_schema == column)
    return any(one is None or not one.has_null_count or one.null_count > 0 for one in told)


def held(storage: Storage, file: File) -> bytes:
    """The bytes of a file. UsageError names it where it is missing or not what was written."""
    data = read_file(storage, file)
    if data is not None:
        return data
    if not storage.exists(file.path):
        raise UsageError(f"{file.path} is missing, though {MANIFEST} lists it", remedy=AGAIN)
    raise UsageError(f"{file.path} is damaged or of another load: its sha256 is not that of {MANIFEST}", AGAIN)


def hours_of(period: pa.ChunkedArray) -> NDArray[np.int64]:
    """Timestamps of any unit as hours since 1970 UTC."""
    ticks: NDArray[np.int64] = period.to_numpy().view(np.int64)
    return ticks // (3600 * _A_SECOND[period.type.unit])


def listed(storage: Storage, paths: Iterable[str]) -> dict[str, File]:
    """What the manifest says of some files. UsageError where there is no manifest, or it does not know one."""
    files: Mapping[str, File] = {file.path: file for file in read_manifest(storage)}
    if not files:
        raise UsageError(f"{storage.place}/{MANIFEST} is missing or damaged", remedy=AGAIN)
    wanted = sorted(set(paths))
    if unknown := [path for path in wanted if path not in files]:
        raise UsageError(f"{unknown[0]} is not in {storage.place}/{MANIFEST}", remedy=AGAIN)
    return {path: files[path] for path in wanted}


def _names(footer: pq.FileMetaData) -> list[tuple[str, int]]:
    """Series and rows of each row group, by the footer alone. ValueError where one holds several series."""
    groups = [footer.row_group(number) for number in range(footer.num_row_groups)]
    return [(_only_name(group), group.num_rows) for group in groups if group.num_rows]


def _only_name(group: pq.RowGroupMetaData) -> str:
    """The series whose rows alone a row group holds."""
    columns = (group.column(number) for number in range(group.num_columns))
    told = next((one.statistics for one in columns if one.path_in_schema == "series_id"), None)
    if told is None or not told.has_min_max or told.min != told.max:
        raise ValueError("a row group of it is not of one series")
    return str(told.min)


def _parts(table: pa.Table, names: Sequence[tuple[str, int]]) -> Iterator[tuple[str, pa.Table]]:
    return ((name, table.slice(rows.start, rows.stop - rows.start)) for name, rows in _places(names))


def _places(names: Sequence[tuple[str, int]]) -> Iterator[tuple[str, slice]]:
    """Each series and its rows: a long one has several row groups, one after the other."""
    start = 0
    for name, groups in groupby(names, key=lambda pair: pair[0]):
        rows = slice(start, start := start + sum(count for _, count in groups))
        yield name, rows
