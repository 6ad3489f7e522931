# SPDX-License-Identifier: Apache-2.0
"""How many rows a span's stored files have, month by month, exactly: every row of theirs is at hand."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from eia930.question.span import Span
from eia930.reference.months import month_of, months_of
from eia930.sources.columns import Stored
from eia930.sources.matrix import Counted, Matrix

Hours = NDArray[np.int64]


def counted(span: Span, answers: Iterable[Stored]) -> Matrix:
    """The hours that the answers have, each once; of one half the newest version alone is to be given."""
    found: dict[str, list[Hours]] = {}
    for columns in (stored.columns for stored in answers):
        inside = (columns.hour >= span.first) & (columns.hour <= span.last)
        for code, kind in enumerate(columns.kinds):
            if not span.kinds or kind in span.kinds:
                found.setdefault(kind, []).append(columns.hour[inside & (columns.kind == code)])
    unique = {kind: np.unique(np.concatenate(hours)) for kind, hours in sorted(found.items())}
    return Matrix(span, tuple(_counted(span, kind, hours) for kind, hours in unique.items() if len(hours)))


def _counted(span: Span, kind: str, hours: Hours) -> Counted:
    zero = month_of(span.first)
    length = month_of(span.last) - zero + 1
    rows = np.bincount(months_of(hours) - zero, minlength=length).astype(np.int64)
    # An empty cell is no row, so that none is null.
    return Counted(kind, int(hours[0]), int(hours[-1]), rows, np.zeros(length, np.int64))


def joined(span: Span, one: Matrix | None, other: Matrix | None) -> Matrix:
    """Of two sources' counts of a span's hours, month by month the larger: no hour is counted twice.

    `other` may be of the later hours of the span alone. One that is None has no rows.
    """
    months = month_of(span.last) - month_of(span.first) + 1
    found: dict[str, Counted] = {}
    for matrix in (one, other):
        for series in matrix.series if matrix else ():
            rows, null = (np.zeros(months, np.int64) for _ in range(2))
            rows[months - len(series.rows) :], null[months - len(series.null) :] = series.rows, series.null
            mine = Counted(series.kind, series.first, series.last, rows, null)
            found[series.kind] = _larger(found[series.kind], mine) if series.kind in found else mine
    return Matrix(span, tuple(found[kind] for kind in sorted(found)))


def _larger(one: Counted, other: Counted) -> Counted:
    more = other.rows - other.null >= one.rows - one.null
    return Counted(
        one.kind,
        min(one.first, other.first),
        max(one.last, other.last),
        np.where(more, other.rows, one.rows),
        np.where(more, other.null, one.null),
    )
