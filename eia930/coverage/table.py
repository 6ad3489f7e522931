# SPDX-License-Identifier: Apache-2.0
"""`coverage.parquet`: of every series and month, how many hours there are, have a value, have a row without one.

Hours that are neither present nor null are absent: no row. A series without any row is not listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from eia930.errors import UsageError
from eia930.program.reading import from_json
from eia930.question.span import Span
from eia930.reference.hours import parse_hour, stamp
from eia930.reference.months import hours_in, month_of
from eia930.reference.routes import ROUTES
from eia930.reference.series import SeriesKey
from eia930.sources.matrix import Counted, Matrix
from eia930.store.storage import Storage

COVERAGE = "coverage.parquet"
SCHEMA = pa.schema(
    [
        pa.field("route", pa.string(), nullable=False),
        pa.field("respondent", pa.string(), nullable=False),
        pa.field("type", pa.string(), nullable=False),
        pa.field("series_id", pa.string(), nullable=False),
        pa.field("month", pa.date32(), nullable=False),
        pa.field("hours", pa.int32(), nullable=False),
        pa.field("present", pa.int32(), nullable=False),
        pa.field("null", pa.int32(), nullable=False),
    ]
)
"""One row a series and month (its first day); the month is that of the hour's end in UTC."""
_ASKED = b"eia930.coverage"


class _Asked(msgspec.Struct, frozen=True):
    """What the file speaks of: hours, and whom with which kinds (none named: all). Kept in the file's metadata."""

    first: str
    last: str
    spans: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Coverage:
    """A coverage file: hours `first`..`last` of `spans` (span id → kinds, empty for all), and the rows (SCHEMA)."""

    first: int
    last: int
    spans: Mapping[str, tuple[str, ...]]
    table: pa.Table


def coverage_of(matrices: Iterable[Matrix]) -> Coverage:
    """Counted spans of one question → their coverage, sorted by route, series and month."""
    ordered = sorted(matrices, key=lambda matrix: (list(ROUTES).index(matrix.span.route), matrix.span.respondent))
    if not ordered:
        raise ValueError("nothing was counted")
    spans = {matrix.span.id: matrix.span.kinds for matrix in ordered}
    parts = [_rows(matrix.span, series) for matrix in ordered for series in matrix.series]
    table = pa.concat_tables(parts) if parts else SCHEMA.empty_table()
    # Spans end with the life of their respondent.
    first, last = min(one.span.first for one in ordered), max(one.span.last for one in ordered)
    return Coverage(first, last, spans, table)


def encoded(coverage: Coverage) -> bytes:
    """The file's bytes: the same for the same counts, however they were had."""
    asked = _Asked(stamp(coverage.first), stamp(coverage.last), dict(coverage.spans))
    table = coverage.table.replace_schema_metadata({_ASKED: msgspec.json.encode(asked)})
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return bytes(sink.getvalue())


def read_coverage(place: str) -> Coverage:
    """A coverage file (or the folder or bucket that holds one) → coverage. UsageError says what it is instead."""
    try:
        return decoded(_bytes(place))
    except ValueError as error:
        remedy = "make one with python -m pipelines.coverage"
        raise UsageError(f"--coverage {place}: {error}; {remedy}") from None


def decoded(data: bytes) -> Coverage:
    """The file's bytes → coverage. ValueError where they are something else."""
    try:
        table = pq.read_table(pa.BufferReader(data), use_threads=False)
    except (pa.ArrowInvalid, OSError):
        raise ValueError("no Parquet file") from None
    if not table.schema.equals(SCHEMA):
        raise ValueError(f"its columns are {', '.join(table.schema.names)}, not those of a coverage file")
    try:
        asked = from_json((table.schema.metadata or {})[_ASKED], _Asked)
        first, last = parse_hour(asked.first), parse_hour(asked.last)
    except (KeyError, ValueError, msgspec.DecodeError):
        raise ValueError("it does not say which hours of whom were counted") from None
    if last < first:
        raise ValueError(f"it ends at {asked.last}, before it begins at {asked.first}")
    coverage = Coverage(first, last, asked.spans, table)
    _check_spans(coverage)
    _check_months(coverage)
    _check_sums(table)
    return coverage


def month_hours(first: int, last: int) -> dict[int, int]:
    """Month → how many of the hours `first`..`last` (inclusive) lie in it."""
    return {month: hours_in(month, first, last) for month in range(month_of(first), month_of(last) + 1)}


def _rows(span: Span, series: Counted) -> pa.Table:
    hours = month_hours(span.first, span.last)
    route = ROUTES[span.route]
    texts = (span.route, span.respondent, series.kind, SeriesKey(route, span.respondent, series.kind).id)
    columns = [
        *(pa.repeat(pa.scalar(text, pa.string()), len(hours)) for text in texts),
        pa.array(np.array(list(hours), "datetime64[M]").astype("datetime64[D]"), pa.date32()),
        pa.array(list(hours.values()), pa.int32()),
        pa.array(series.rows - series.null, pa.int32()),
        pa.array(series.null, pa.int32()),
    ]
    return pa.table(columns, schema=SCHEMA)


def _check_spans(coverage: Coverage) -> None:
    """Every row is of a span that was counted, and of a kind that was asked of it."""
    for route, respondent, kind in sorted(set(zip(*_columns(coverage, "route", "respondent", "type"), strict=True))):
        kinds = coverage.spans.get(f"{route}/{respondent}")
        if kinds is None or route not in ROUTES:
            raise ValueError(f"it has rows of {route}/{respondent}, but does not say that those were counted")
        if kinds and kind not in kinds:
            raise ValueError(f"it has rows of {route}/{respondent} {kind}, but says that only {','.join(kinds)} count")


def _check_months(coverage: Coverage) -> None:
    """Every row is of a month of the hours counted and no longer than it, and no series has a month twice."""
    length = month_hours(coverage.first, coverage.last)
    for month, hours in sorted(set(zip(_months(coverage.table), *_columns(coverage, "hours"), strict=True))):
        name = np.datetime64(month, "M")
        if month not in length:
            between = f"{stamp(coverage.first)} to {stamp(coverage.last)}"
            raise ValueError(f"it has rows of {name}, but says that {between} were counted")
        if hours > length[month]:
            raise ValueError(f"it gives {name} {hours} hours, but {length[month]} of those counted lie in it")
    counts = coverage.table.group_by(["route", "respondent", "type", "month"]).aggregate([([], "count_all")])
    if counts.num_rows < coverage.table.num_rows:
        raise ValueError("it counts a month of a series twice")


def _columns(coverage: Coverage, *names: str) -> list[list[Any]]:
    return [coverage.table[name].to_pylist() for name in names]


def _months(table: pa.Table) -> list[int]:
    days = table["month"].cast(pa.int32()).to_numpy().astype("datetime64[D]")
    months: list[int] = days.astype("datetime64[M]").astype(np.int64).tolist()
    return months


def _check_sums(table: pa.Table) -> None:
    hours, present, null = (table[name].to_numpy() for name in ("hours", "present", "null"))
    if np.any((present < 0) | (null < 0) | (present + null > hours)):
        raise ValueError("it counts more rows than a month has hours, or fewer than none")


def _bytes(place: str) -> bytes:
    """The bytes at a path or URL, or of the coverage file in it."""
    folder, _, name = place.rstrip("/").rpartition("/")
    for where, key in ((place, COVERAGE), (folder or ("/" if place.startswith("/") else "."), name)):
        storage = Storage.at(where, flag="--coverage")
        path = storage.path
        if path is not None and not (path / key).is_file():
            continue
        try:
            return storage.get(key)
        except KeyError:
            continue
    raise ValueError("there is no such file")


class Total(msgspec.Struct, frozen=True):
    """A series over all months: hours = present + null + absent."""

    series_id: str
    route: str
    respondent: str
    type: str
    hours: int
    present: int
    null: int
    absent: int


def totals(coverage: Coverage) -> Sequence[Total]:
    """One entry a series: hours, present, null and absent over all months."""
    table = coverage.table
    summed = table.group_by(["route", "respondent", "type", "series_id"], use_threads=False).aggregate(
        [(name, "sum") for name in ("hours", "present", "null")]
    )
    return [
        Total(
            series_id=row["series_id"],
            route=row["route"],
            respondent=row["respondent"],
            type=row["type"],
            hours=row["hours_sum"],
            present=row["present_sum"],
            null=row["null_sum"],
            absent=row["hours_sum"] - row["present_sum"] - row["null_sum"],
        )
        for row in summed.to_pylist()
    ]
