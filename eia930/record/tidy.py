# SPDX-License-Identifier: Apache-2.0
"""A respondent's series → tidy Parquet: one row a (series, hour), sorted, the same bytes every time.

Every row that was served; and for an hour that nobody reported a row where EIA or we say what it most likely was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from eia930.question.span import Span
from eia930.record.grid import Series
from eia930.reference.routes import ROUTES, Route
from eia930.reference.series import SeriesKey

_ROW_GROUP = 131_072
ESTIMATE, ESTIMATE_BY, REPORTED = "estimate", "estimate_by", "retrieved_at"
"""Two columns, and the one that is null where nobody reported the hour."""


@dataclass(frozen=True, slots=True)
class Flagged:
    """A series with its flags: `code` uint8[hours], an index into `names` (0: nothing found)."""

    series: Series
    code: NDArray[np.uint8]
    names: tuple[str, ...]
    g: float | None = None
    iqr_r: float | None = None


def tidy_path(route: str, respondent: str) -> str:
    """`tidy/region-data/respondent=PACW/part-00000.parquet`."""
    return f"tidy/{route}/respondent={respondent}/part-00000.parquet"


def tidy_schema(route: Route) -> pa.Schema:
    """The columns of `tidy/`; `period` is the hour's end in UTC, `value` MW as reported (null: reported empty).

    `adjusted` is what EIA puts in its place, MW (null: the source has none); `source` is whose word the row is.
    `estimate` is what a missing or doubtful value most likely was, MW (null: the value stands), `estimate_by` whose
    figure that is. `retrieved_at` and `source` are null where nobody reported the hour: it is there for those two.
    """
    moment = pa.timestamp("s", tz="UTC")
    return pa.schema(
        [
            pa.field("series_id", pa.string(), nullable=False),
            pa.field("period", moment, nullable=False),
            # A dictionary, as the folder's name is to pyarrow and pandas: they refuse a column that differs from it.
            pa.field(route.respondent, pa.dictionary(pa.int32(), pa.string()), nullable=False),
            pa.field(route.kind, pa.string(), nullable=False),
            pa.field("value", pa.float64()),
            pa.field("flag", pa.dictionary(pa.int32(), pa.string())),
            pa.field("adjusted", pa.float64()),
            pa.field(ESTIMATE, pa.float64()),
            pa.field(ESTIMATE_BY, pa.dictionary(pa.int32(), pa.string())),
            pa.field(REPORTED, moment),
            pa.field("source", pa.dictionary(pa.int32(), pa.string())),
        ]
    )


def tidy_tables(span: Span, flagged: Sequence[Flagged], source: str) -> Iterator[pa.Table]:
    """One table a series that has rows, in the order of series ids, each sorted by period."""
    route = ROUTES[span.route]
    # Who else was expected is in the account: the file is the same, whoever expects what.
    there = [one for one in flagged if one.series.at.any()]
    named = [(SeriesKey(route, span.respondent, one.series.kind).id, one) for one in there]
    for series_id, one in sorted(named, key=lambda pair: pair[0]):
        yield _table(route, span, series_id, one, source)


def tidy_parquet(span: Span, tables: Iterator[pa.Table]) -> tuple[pa.Buffer, int]:
    """Tables → the file's bytes, and its rows, reported or not."""
    schema, rows, sink = tidy_schema(ROUTES[span.route]), 0, pa.BufferOutputStream()
    with pq.ParquetWriter(
        sink,
        schema,
        compression="zstd",
        use_dictionary=[name for name in schema.names if name not in _PLAINLY],
        column_encoding=_ENCODINGS,
        write_page_index=True,
    ) as writer:
        for table in tables:
            rows += table.num_rows
            writer.write_table(table, row_group_size=_ROW_GROUP)
    return sink.getvalue(), rows


# What Spark 3.5 and fastparquet read too: splitting the bytes of `value` would be a fifth smaller, and closed to them.
_ENCODINGS = {"period": "DELTA_BINARY_PACKED", "retrieved_at": "DELTA_BINARY_PACKED"}
_PLAINLY = ("value", "adjusted", ESTIMATE, *_ENCODINGS)


def _table(route: Route, span: Span, series_id: str, one: Flagged, source: str) -> pa.Table:
    at, adjusted = one.series.at, one.series.adjusted
    places = np.flatnonzero(at if adjusted is None else (at != 0) | ~np.isnan(adjusted))
    value = one.series.value[places]
    columns = [
        _repeated(series_id, len(places)),
        _moments((places + span.first) * 3600),
        _one_word(span.respondent, len(places)),
        _repeated(one.series.kind, len(places)),
        pa.array(value, mask=np.isnan(value)),
        _flags(one, places),
        _adjusted(one, places),
        *no_estimates(len(places)),
        _moments(at[places].astype(np.int64), mask=at[places] == 0),
        _origins(one.series, places, source),
    ]
    return pa.table(columns, schema=tidy_schema(route))


def no_estimates(rows: int) -> tuple[pa.Array, pa.Array]:
    """The columns `estimate` and `estimate_by` of rows whose values stand."""
    return pa.nulls(rows, pa.float64()), pa.nulls(rows, pa.dictionary(pa.int32(), pa.string()))


def _flags(one: Flagged, places: NDArray[np.intp]) -> pa.Array:
    code = one.code[places].astype(np.int32) - 1
    return pa.DictionaryArray.from_arrays(pa.array(code, mask=code < 0), pa.array(one.names[1:] or ["none"]))


def _adjusted(one: Flagged, places: NDArray[np.intp]) -> pa.Array:
    if one.series.adjusted is None:
        return pa.nulls(len(places), pa.float64())
    found = one.series.adjusted[places]
    return pa.array(found, mask=np.isnan(found))


def _origins(series: Series, places: NDArray[np.intp], source: str) -> pa.Array:
    one = series.origin
    code, names = (np.zeros(len(places)), (source,)) if one is None else (one.code[places], one.names)
    return pa.DictionaryArray.from_arrays(pa.array(code.astype(np.int32), mask=series.at[places] == 0), names)


def _repeated(text: str, rows: int) -> pa.Array:
    return pa.repeat(pa.scalar(text, pa.string()), rows)


def _one_word(text: str, rows: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([text]))


def _moments(seconds: NDArray[np.int64], *, mask: NDArray[np.bool_] | None = None) -> pa.Array:
    return pa.array(seconds, pa.timestamp("s", tz="UTC"), mask=mask)
