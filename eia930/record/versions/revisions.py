# SPDX-License-Identifier: Apache-2.0
"""revisions/: a row for every value that was ever replaced, as columns; and how much of a record that is."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from eia930.question.span import Span
from eia930.record.versions.words import Replaced
from eia930.reference.routes import ROUTES
from eia930.reference.series import SeriesKey
from eia930.store.manifest import File, put_file
from eia930.store.storage import Storage

_MOMENT = pa.timestamp("s", tz="UTC")
_WORD = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        pa.field("series_id", pa.string(), nullable=False),
        pa.field("period", _MOMENT, nullable=False),
        pa.field("value_before", pa.float64()),
        pa.field("retrieved_before", _MOMENT, nullable=False),
        pa.field("value", pa.float64()),
        pa.field("retrieved_at", _MOMENT, nullable=False),
        pa.field("source_before", _WORD, nullable=False),
        pa.field("source", _WORD, nullable=False),
    ]
)
"""`period` is the hour's end; `value_before` and `value` are MW: null where withdrawn, or reported empty."""
WITHIN_HOURS = (24, 168, 720)
"""A day, a week, a month (30 days)."""
_PLAINLY = ("period", "retrieved_before", "retrieved_at")


class Revised(msgspec.Struct, frozen=True):
    """How much of a respondent's record in one route was revised. `replaced` values, in `hours` of its series.

    `day`, `week`, `month`: of these hours, those first revised within that time (24, 168, 720 h) of their end.
    `changed` is the sum of |after - before|, `of` that of |before|, both MWh, where both are numbers.
    """

    route: str
    respondent: str
    replaced: int
    withdrawn: int
    hours: int
    day: int
    week: int
    month: int
    changed: float
    of: float


def revisions_path(route: str, respondent: str) -> str:
    """`revisions/region-data/respondent=PACW/part-00000.parquet`."""
    return f"revisions/{route}/respondent={respondent}/part-00000.parquet"


def write_revisions(storage: Storage, span: Span, found: Sequence[Replaced], source: str) -> list[File]:
    """One row a value, sorted by series and hour, each as it went; no file where nothing was replaced."""
    named = [(SeriesKey(ROUTES[span.route], span.respondent, one.kind).id, one) for one in found if len(one.hour)]
    named.sort(key=lambda pair: (pair[0], pair[1].source))
    if not named:
        return []
    table = pa.concat_tables([_table(name, one, source) for name, one in named]).unify_dictionaries()
    if len({one.source for _, one in named}) > 1:
        table = table.sort_by([(name, "ascending") for name in ("series_id", "period", "retrieved_at")])
    sink = pa.BufferOutputStream()
    pq.write_table(
        table,
        sink,
        compression="zstd",
        use_dictionary=["series_id", "source_before", "source"],
        column_encoding=dict.fromkeys(_PLAINLY, "DELTA_BINARY_PACKED"),
        write_page_index=True,
    )
    return [put_file(storage, revisions_path(span.route, span.respondent), sink.getvalue(), rows=table.num_rows)]


def revised(span: Span, found: Sequence[Replaced]) -> Revised | None:
    """The account of what was replaced; None where nothing was."""
    some = [one for one in found if len(one.hour)]
    if not some:
        return None
    ages = np.concatenate([_ages(one) for one in some])
    day, week, month = (int(np.count_nonzero(ages <= 3600 * hours)) for hours in WITHIN_HOURS)
    before, after = (np.concatenate([getattr(one, name) for one in some]) for name in ("before", "value"))
    both = ~(np.isnan(before) | np.isnan(after))
    return Revised(
        route=span.route,
        respondent=span.respondent,
        replaced=len(before),
        withdrawn=sum(int(np.count_nonzero(one.withdrawn)) for one in some),
        hours=len(ages),
        day=day,
        week=week,
        month=month,
        changed=float(np.abs(after - before)[both].sum()),
        of=float(np.abs(before)[both].sum()),
    )


def _ages(one: Replaced) -> NDArray[np.int64]:
    """int64[hours revised], seconds: from each hour's end to when it was first seen to have changed."""
    first = np.append(True, np.diff(one.hour) != 0)
    ages: NDArray[np.int64] = (one.at - one.hour * 3600)[first]
    return ages


def _table(series_id: str, one: Replaced, source: str) -> pa.Table:
    rows = len(one.hour)
    word = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([one.source or source]))
    columns = [
        pa.repeat(pa.scalar(series_id, pa.string()), rows),
        pa.array(one.hour * 3600, _MOMENT),
        pa.array(one.before, mask=np.isnan(one.before)),
        pa.array(one.at_before, _MOMENT),
        pa.array(one.value, mask=np.isnan(one.value)),
        pa.array(one.at, _MOMENT),
        word,
        word,
    ]
    return pa.table(columns, schema=SCHEMA)
