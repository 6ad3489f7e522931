# SPDX-License-Identifier: Apache-2.0
"""The exact coverage of an output that is already loaded, from its tidy files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from eia930.account.model import SpanAsked
from eia930.account.published import unfinished
from eia930.account.stored import read_account
from eia930.errors import UsageError
from eia930.question.span import Span
from eia930.record.tidy import tidy_path
from eia930.record.tidy_file import listed, read_tidy
from eia930.reference.hours import parse_hour, stamp
from eia930.reference.months import month_of, months_of
from eia930.reference.routes import ROUTES
from eia930.sources.matrix import Counted, Matrix
from eia930.store.manifest import File
from eia930.store.storage import Storage


def loaded_spans(storage: Storage) -> tuple[Span, ...]:
    """What the finished load of an output asked for. UsageError where there is none, or it is not whole."""
    place = storage.place
    if not any(entry.key.endswith(".parquet") for entry in storage.list("tidy")):
        raise UsageError(f"--from_tidy {place}: no tidy files there; load some with python -m pipelines.historical")
    if why := unfinished(storage):
        raise UsageError(f"--from_tidy {place}: {why}")
    return tuple(_span(one) for one in read_account(storage).spans)


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


def files_of(storage: Storage, spans: Sequence[Span]) -> dict[str, File]:
    """What the manifest says of the tidy files of some spans. UsageError where it does not know one."""
    return listed(storage, (tidy_path(span.route, span.respondent) for span in spans))


def count_tidy(storage: Storage, span: Span, files: Mapping[str, File]) -> Matrix:
    """Count a span's rows in its tidy file. UsageError where that is not as it was written."""
    kind, series = ROUTES[span.route].kind, []
    for rows in read_tidy(storage, files[tidy_path(span.route, span.respondent)], (kind,)):
        name, inside = rows.more[kind][0].as_py(), (rows.hour >= span.first) & (rows.hour <= span.last)
        if inside.any() and (not span.kinds or name in span.kinds):
            series.append(_counted(span, name, rows.hour[inside], np.isnan(rows.value[inside])))
    return Matrix(span, tuple(sorted(series, key=lambda one: one.kind)))


def _counted(span: Span, kind: str, hours: np.ndarray, empty: np.ndarray) -> Counted:
    zero = month_of(span.first)
    length = month_of(span.last) - zero + 1
    months = months_of(hours) - zero
    rows, null = np.bincount(months, minlength=length), np.bincount(months[empty], minlength=length)
    return Counted(kind, int(hours.min()), int(hours.max()), rows.astype(np.int64), null.astype(np.int64))


def _span(one: SpanAsked) -> Span:
    return Span(one.route, one.respondent, parse_hour(one.first), parse_hour(one.last), one.kinds)
