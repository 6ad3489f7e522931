# SPDX-License-Identifier: Apache-2.0
"""A plan narrowed by a coverage file: only hours of months that have rows, cut so that no answer is empty."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from eia.errors import UsageError
from eia.hours import stamp
from eia.lanes import Span
from eia.months import first_hour
from eia.pieces import Piece
from eia.plan import lived
from quality.coverage import Coverage, month_hours

_ALIVE = 2
"""A respondent with rows in one of so many last months goes on after the coverage ends."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a coverage file says of one span, by month of the file: int64[months] hours, most rows of one kind, rows."""

    hours: NDArray[np.int64]
    fullest: NDArray[np.int64]
    rows: NDArray[np.int64]


def narrowed(spans: Sequence[Span], coverage: Coverage, *, place: str) -> tuple[Span, ...]:
    """The spans with the pieces of hours that have rows. UsageError where the file does not speak of one."""
    for span in spans:
        _check(span, coverage, place)
    found = by_span(coverage, spans)
    return tuple(span if _later(span, coverage) else _narrowed(span, coverage, found[span.id]) for span in spans)


def _later(span: Span, coverage: Coverage) -> bool:
    """Whether the respondent's life lies outside of the hours counted: nobody could count it then."""
    return span.id not in coverage.spans and lived(span.respondent, coverage.first, coverage.last) is None


def by_span(coverage: Coverage, spans: Sequence[Span]) -> dict[str, Known]:
    """What is known of every span, of the kinds that it asks for."""
    months = month_hours(coverage.first, coverage.last)
    table = coverage.table
    ids = pa.compute.binary_join_element_wise(table["route"], table["respondent"], "/").to_numpy(zero_copy_only=False)
    kinds = table["type"].to_numpy(zero_copy_only=False)
    month = table["month"].cast(pa.int32()).to_numpy().astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    place = month - min(months)
    rows = (table["present"].to_numpy() + table["null"].to_numpy()).astype(np.int64)
    known = {}
    for span in spans:
        mine = ids == span.id
        if span.kinds:
            mine &= np.isin(kinds, list(span.kinds))
        fullest = np.zeros(len(months), np.int64)
        np.maximum.at(fullest, place[mine], rows[mine])
        summed = np.bincount(place[mine], rows[mine], minlength=len(months)).astype(np.int64)
        known[span.id] = Known(np.array(list(months.values()), np.int64), fullest, summed)
    return known


def _narrowed(span: Span, coverage: Coverage, known: Known) -> Span:
    pieces = tuple(_pieces(span, coverage, known))
    wanted = sum(piece.last - piece.first + 1 for piece in pieces)
    density = float(known.rows.sum()) / wanted if wanted and known.rows.any() else span.density
    return replace(span, pieces=pieces, density=max(density, 0.1))


def _pieces(span: Span, coverage: Coverage, known: Known) -> Iterator[Piece]:
    """The months with rows; after the coverage's end, what may have come since, together with the last of them."""
    months = list(month_hours(coverage.first, coverage.last))
    there = np.flatnonzero(known.rows)
    beyond = len(there) and there[-1] >= len(months) - _ALIVE and span.last > coverage.last
    for place in there.tolist():
        first = max(first_hour(months[place]), coverage.first)
        last = min(first_hour(months[place] + 1) - 1, coverage.last)
        sure = int(known.hours[place] - known.fullest[place]) + 1
        if beyond and place == there[-1]:
            # Nothing is known of the hours after the coverage: one window reaches from here to the end of them.
            sure, last = span.last - first + 1, span.last
        yield Piece(first, last, sure)


def _check(span: Span, coverage: Coverage, place: str) -> None:
    what = f"--coverage {place}"
    if _later(span, coverage):
        return
    if span.id not in coverage.spans:
        raise UsageError(f"{what}: it says nothing of {span.id}; count that too: python -m pipelines.coverage")
    if span.first < coverage.first:
        raise UsageError(f"{what}: it begins at {stamp(coverage.first)}, but the load at {stamp(span.first)}")
    kinds = coverage.spans[span.id]
    if kinds and not (span.kinds and set(span.kinds) <= set(kinds)):
        raise UsageError(f"{what}: of {span.id} it counts only --types {','.join(kinds)}")
