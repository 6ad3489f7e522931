# SPDX-License-Identifier: Apache-2.0
"""A plan narrowed by a coverage file: only hours of months that have rows, cut so that no answer is empty."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from eia930.coverage.table import Coverage, month_hours
from eia930.errors import UsageError
from eia930.question.pieces import Existing, Piece
from eia930.question.plan import lived
from eia930.question.span import Span
from eia930.record.asked_hours import passed_over
from eia930.reference.hours import stamp
from eia930.reference.months import first_hour, month_of
from eia930.reference.respondents import respondents
from eia930.reference.routes import ROUTES
from eia930.reference.runs import runs

_ALIVE = 2
"""A respondent with rows in one of so many last months goes on after the coverage ends."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a coverage file says of one span, by month of the file: int64[months] hours, most rows of one kind, rows.

    `kinds` has the rows of each kind.
    """

    hours: NDArray[np.int64]
    fullest: NDArray[np.int64]
    rows: NDArray[np.int64]
    kinds: Mapping[str, NDArray[np.int64]]


def narrowed(spans: Sequence[Span], coverage: Coverage, *, place: str) -> tuple[Span, ...]:
    """The spans with the pieces of hours that have rows. UsageError where the file does not speak of one."""
    for span in spans:
        _check(span, coverage, place)
    found = by_span(coverage, spans)
    return tuple(span if _later(span, coverage) else _narrowed(span, coverage, found[span.id]) for span in spans)


def _later(span: Span, coverage: Coverage) -> bool:
    """Whether nobody could count it: its life lies outside of the hours counted, or the tables know none of it."""
    if span.id in coverage.spans:
        return False
    return span.respondent not in respondents() or lived(span.respondent, coverage.first, coverage.last) is None


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
        at = np.flatnonzero(mine)
        by_kind = {
            kind: _by_month(place[here], rows[here], len(months))
            for kind in sorted(set(kinds[at].tolist()))
            for here in (at[kinds[at] == kind],)
        }
        counts = np.array([*by_kind.values(), np.zeros(len(months), np.int64)])
        hours = np.array(list(months.values()), np.int64)
        known[span.id] = Known(hours, counts.max(axis=0), counts.sum(axis=0), by_kind)
    return known


def without_rows(spans: Sequence[Span]) -> list[str]:
    """Series of narrowed spans that were asked for, or are expected, and that have no row by the coverage file."""
    there = [dict.fromkeys([one.kind for one in span.existing or ()], span.hours) for span in spans]
    return sorted(one.series_id for span, has in zip(spans, there, strict=True) for one in passed_over(span, has))


def _narrowed(span: Span, coverage: Coverage, known: Known) -> Span:
    pieces = tuple(_pieces(span, coverage, known))
    wanted = sum(piece.last - piece.first + 1 for piece in pieces)
    density = float(known.rows.sum()) / wanted if wanted and known.rows.any() else span.density
    existing = tuple(
        Existing(kind, tuple(_existing(span, coverage, rows))) for kind, rows in known.kinds.items() if rows.any()
    )
    return replace(span, pieces=pieces, existing=existing, density=max(density, 0.1))


def _existing(span: Span, coverage: Coverage, rows: NDArray[np.int64]) -> Iterator[Piece]:
    """The runs of months in which one kind has rows; and what may have come since, where it goes on."""
    first_month = month_of(coverage.first)
    starts, lengths = runs(rows > 0)
    for start, length in zip((starts + first_month).tolist(), lengths.tolist(), strict=True):
        last = min(first_hour(start + length) - 1, coverage.last)
        yield Piece(max(first_hour(start), coverage.first), last)
    if np.any(rows[-_ALIVE:]) and span.last > coverage.last:
        yield Piece(coverage.last + 1, span.last)


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
        # A count begins its file anew: of the missing one alone, it would say nothing of the others.
        remedy = "count again: python -m pipelines.coverage with all --routes and --regions of this load"
        raise UsageError(f"{what}: it says nothing of {span.id}", remedy)
    if span.first < coverage.first:
        raise UsageError(f"{what}: it begins at {stamp(coverage.first)}, but the load at {stamp(span.first)}")
    kinds = coverage.spans[span.id]
    # A question that names no types asks for those that the tables know.
    wants = span.kinds or ROUTES[span.route].types
    if kinds and not (wants and set(wants) <= set(kinds)):
        raise UsageError(f"{what}: of {span.id} it counts only --types {','.join(kinds)}")


def _by_month(place: NDArray[np.int64], rows: NDArray[np.int64], months: int) -> NDArray[np.int64]:
    return np.bincount(place, rows, minlength=months).astype(np.int64)
