# SPDX-License-Identifier: Apache-2.0
"""The exact coverage of an output that is already loaded, from its tidy files."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from eia930.account.publication import REPORT, unfinished
from eia930.errors import UsageError
from eia930.question.span import Span
from eia930.record.tidy import tidy_path
from eia930.reference.hours import parse_hour, stamp
from eia930.reference.months import month_of, months_of
from eia930.reference.routes import ROUTES
from eia930.sources.matrix import Counted, Matrix
from eia930.store.storage import Storage


class _Loaded(msgspec.Struct, frozen=True):
    route: str
    respondent: str
    kinds: tuple[str, ...]
    first: str
    last: str


class _Report(msgspec.Struct, frozen=True):
    spans: tuple[_Loaded, ...]


def loaded_spans(storage: Storage) -> tuple[Span, ...]:
    """What the finished load of an output asked for. UsageError where there is none, or it is not whole."""
    place = storage.place
    if not any(entry.key.endswith(".parquet") for entry in storage.list("tidy")):
        raise UsageError(f"--from_tidy {place}: no tidy files there; load some with python -m pipelines.historical")
    if why := unfinished(storage):
        raise UsageError(f"--from_tidy {place}: {why}")
    try:
        report = msgspec.json.decode(storage.get(REPORT), type=_Report)
        return tuple(_span(one) for one in report.spans)
    except (KeyError, ValueError, msgspec.DecodeError, msgspec.ValidationError):
        raise UsageError(f"--from_tidy {place}: {REPORT} does not say what was loaded; run the load again") from None


def chosen(loaded: Sequence[Span], asked: Sequence[Span]) -> tuple[Span, ...]:
    """The spans asked for, as far as they were loaded. UsageError names the first hour or span that was not."""
    by_id = {span.id: span for span in loaded}
    for span in asked:
        have = by_id.get(span.id)
        if have is None:
            raise UsageError(f"--from_tidy: {span.id} is not among what was loaded there ({', '.join(sorted(by_id))})")
        if span.first < have.first or span.last > have.last:
            raise UsageError(
                f"--from_tidy: of {span.id} the hours {stamp(have.first)} to {stamp(have.last)} were loaded, "
                f"not {stamp(span.first)} to {stamp(span.last)}"
            )
        if have.kinds and not (span.kinds and set(span.kinds) <= set(have.kinds)):
            raise UsageError(f"--from_tidy: of {span.id} only --types {','.join(have.kinds)} were loaded")
    return tuple(asked)


def count_tidy(storage: Storage, span: Span) -> Matrix:
    """Count a span's rows in its tidy file."""
    route = ROUTES[span.route]
    try:
        source = pa.BufferReader(storage.get(tidy_path(span.route, span.respondent)))
        table = pq.read_table(source, columns=["period", route.kind, "value"])
    except (KeyError, pa.ArrowInvalid, OSError):
        raise UsageError(
            f"--from_tidy: {tidy_path(span.route, span.respondent)} is missing or damaged; run the load again"
        ) from None
    hours = table["period"].cast(pa.timestamp("s", tz="UTC")).cast(pa.int64()).to_numpy() // 3600
    empty = table["value"].is_null().to_numpy()
    coded = table[route.kind].combine_chunks().dictionary_encode()
    codes = coded.indices.to_numpy()
    inside = (hours >= span.first) & (hours <= span.last)
    kinds = {kind: code for code, kind in enumerate(coded.dictionary.to_pylist())}
    series = [
        _counted(span, kind, hours[mine], empty[mine])
        for kind, code in sorted(kinds.items())
        if (not span.kinds or kind in span.kinds) and (mine := inside & (codes == code)).any()
    ]
    return Matrix(span, tuple(series))


def _counted(span: Span, kind: str, hours: np.ndarray, empty: np.ndarray) -> Counted:
    zero = month_of(span.first)
    length = month_of(span.last) - zero + 1
    months = months_of(hours) - zero
    rows, null = np.bincount(months, minlength=length), np.bincount(months[empty], minlength=length)
    return Counted(kind, int(hours.min()), int(hours.max()), rows.astype(np.int64), null.astype(np.int64))


def _span(one: _Loaded) -> Span:
    return Span(one.route, one.respondent, parse_hour(one.first), parse_hour(one.last), one.kinds)
