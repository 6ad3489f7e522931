# SPDX-License-Identifier: Apache-2.0
"""Real rows, served again: Parquet or CSV files with a route's columns, each number exactly as it was stored."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from eia930.emulator.series import RowSource, Series
from eia930.reference.respondents import respondents
from eia930.reference.routes import ROUTES, Route

_MONTH = 30 * 24


def replay(paths: Sequence[Path]) -> RowSource:
    """Rows of Parquet or CSV files, the route of each known by its columns.

    `period` is a timestamp or `YYYY-MM-DDTHH`; an empty value is a row without one. Raises ValueError for a file
    that is no route's.
    """
    found: dict[str, dict[str, list[Series]]] = {}
    for path in paths:
        if not path.is_file():
            raise ValueError(f"--replay {path}: there is no such file")
        route, table = _read(path)
        for series in _series(route, table):
            found.setdefault(route.id, {}).setdefault(series.respondent, []).append(series)
    if not found:
        raise ValueError("no rows to serve; name at least one file that holds some")
    return _Replay({route: {code: _merged(held) for code, held in by.items()} for route, by in found.items()})


@dataclass(frozen=True, slots=True)
class _Replay:
    held: dict[str, dict[str, tuple[Series, ...]]]

    @property
    def now(self) -> int:
        return max(self.span(ROUTES[name])[1] for name in self.held) + _MONTH

    def respondents(self, route: Route) -> Sequence[str]:
        return sorted(self.held.get(route.id, {}))

    def kinds(self, route: Route) -> Sequence[str]:
        return sorted({s.kind for s in self._all(route)})

    def names(self, route: Route) -> tuple[dict[str, str], dict[str, str]]:
        ours = {s.respondent: s.respondent_name for s in self._all(route)}
        return ours, {s.kind: s.kind_name for s in self._all(route)}

    def span(self, route: Route) -> tuple[int, int]:
        ends = [(int(s.hours[0]), int(s.hours[-1])) for s in self._all(route)]
        return min((a for a, _ in ends), default=route.first), max((b for _, b in ends), default=route.first)

    def series(self, route: Route, respondent: str) -> tuple[Series, ...]:
        return self.held.get(route.id, {}).get(respondent, ())

    def _all(self, route: Route) -> Iterator[Series]:
        for series in self.held.get(route.id, {}).values():
            yield from series


def _read(path: Path) -> tuple[Route, pa.Table]:
    texts = [name for r in ROUTES.values() for name in (*r.keys, r.respondent_name, r.kind_name)]
    if path.suffix == ".parquet":
        table = pq.read_table(path)
    else:
        # Codes stay text (`0001`), and NA is no missing value but a code.
        types = {name: pa.string() for name in (*texts, "period")}
        table = pyarrow.csv.read_csv(
            path,
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=types, null_values=["", "null"], strings_can_be_null=True
            ),
        )
    for route in ROUTES.values():
        if {"period", "value", *route.keys} <= set(table.column_names):
            return route, table
    raise ValueError(f"{path}: no route has the columns {', '.join(table.column_names)}")


def _series(route: Route, table: pa.Table) -> Iterator[Series]:
    hours = _hours(table["period"])
    for name in ("period", *route.keys):
        if table[name].null_count:
            raise ValueError(f"{table[name].null_count} rows have no {name}; every row needs one")
    ours, our_codes = _coded(table[route.respondent])
    theirs, their_codes = _coded(table[route.kind])
    values, empty = _values(table["value"])
    # One integer to sort by: series, then hour. Rows of one hour keep the file's order.
    ids = ours.astype(np.int64) * len(their_codes) + theirs
    order = np.argsort((ids << 32) + hours, kind="stable")
    ids = ids[order]
    starts = np.flatnonzero(np.diff(ids, prepend=-1)).tolist()
    names = _Names(route, table)
    for low, high in zip(starts, [*starts[1:], len(ids)], strict=True):
        rows = order[low:high]
        respondent, kind = divmod(int(ids[low]), len(their_codes))
        yield Series(
            respondent=our_codes[respondent],
            respondent_name=names.respondent(our_codes[respondent], int(rows[0])),
            kind=their_codes[kind],
            kind_name=names.kind(their_codes[kind], int(rows[0])),
            hours=hours[rows],
            values=values[rows],
            empty=empty[rows],
        )


@dataclass(frozen=True, slots=True)
class _Names:
    route: Route
    table: pa.Table

    def respondent(self, code: str, row: int) -> str:
        known = respondents()[code].name if code in respondents() else code
        return self._named(self.route.respondent_name, row) or known

    def kind(self, code: str, row: int) -> str:
        known = respondents()[code].name if code in respondents() else code
        return self._named(self.route.kind_name, row) or self.route.names().get(code, known)

    def _named(self, column: str, row: int) -> str | None:
        return self.table[column][row].as_py() if column in self.table.column_names else None


def _hours(column: pa.ChunkedArray) -> NDArray[np.int32]:
    if pa.types.is_timestamp(column.type):
        seconds = column.cast(pa.timestamp("s", tz=column.type.tz), safe=False)
        return np.asarray(seconds.cast(pa.int64()).to_numpy() // 3600, np.int32)
    stamps = pc.unique(column)
    hours = np.array(stamps.to_pylist(), "datetime64[h]").astype(np.int64).astype(np.int32)
    return np.asarray(hours[pc.index_in(column, stamps).to_numpy()], np.int32)


def _coded(column: pa.ChunkedArray) -> tuple[NDArray[np.int32], list[str]]:
    """Indices into the sorted codes of the column, and those codes."""
    plain = column.cast(pa.string())
    codes = sorted(pc.unique(plain).to_pylist())
    return pc.index_in(plain, pa.array(codes)).to_numpy().astype(np.int32), codes


def _values(column: pa.ChunkedArray) -> tuple[NDArray[np.int64] | NDArray[np.float64], NDArray[np.bool_]]:
    empty = column.is_null(nan_is_null=True).to_numpy()
    filled = column.cast(pa.int64()) if pa.types.is_integer(column.type) else column.cast(pa.float64())
    values = pc.fill_null(filled, 0).to_numpy()
    return np.where(empty, 0, values), empty


def _merged(held: list[Series]) -> tuple[Series, ...]:
    """Series of several files put together, sorted by kind; an hour that two files hold is served twice."""
    by_kind: dict[str, list[Series]] = {}
    for series in held:
        by_kind.setdefault(series.kind, []).append(series)
    return tuple(_joined(by_kind[kind]) for kind in sorted(by_kind))


def _joined(parts: list[Series]) -> Series:
    if len(parts) == 1:
        return parts[0]
    hours = np.concatenate([p.hours for p in parts])
    order = np.argsort(hours, kind="stable")
    return replace(
        parts[0],
        hours=hours[order],
        values=np.concatenate([p.values for p in parts])[order],
        empty=np.concatenate([p.empty for p in parts])[order],
    )
