# SPDX-License-Identifier: Apache-2.0
"""What a coverage run leaves: coverage.parquet, report/coverage.html, and last report/coverage.json, its account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import msgspec
from msgspec import structs

from eia930.account.stored import encoded as account_bytes
from eia930.account.sums import failures, requests, stop_code
from eia930.coverage.model import CountedHours, CountedSeries, CoverageAccount, InOrder, WithoutTypes
from eia930.coverage.page import matrix_page
from eia930.coverage.table import COVERAGE, Coverage, coverage_of, encoded, totals
from eia930.program.reading import from_json
from eia930.reference.hours import stamp
from eia930.reference.routes import PAGE, ROUTES
from eia930.reference.series import SeriesKey
from eia930.sources.fetched import Fetched
from eia930.sources.matrix import Matrix
from eia930.store.storage import Storage

ACCOUNT = "report/coverage.json"
PAGE_AT = "report/coverage.html"


@dataclass(frozen=True, slots=True)
class Method:
    """How hours were counted: `source` is `api`, `emulator` or `tidy`."""

    source: str
    requests_per_hour: int | None
    synthetic: bool


def publish_coverage(
    storage: Storage, matrices: Sequence[Matrix], fetched: Fetched | None, method: Method
) -> CoverageAccount:
    """Write the three; without coverage.parquet where nothing could be counted, or the run was stopped."""
    told = _account(matrices, fetched, method)
    if matrices and not told.stopped:
        coverage = coverage_of(matrices)
        told = _with_counts(told, coverage, matrices)
        storage.put(COVERAGE, encoded(coverage))
        storage.put(PAGE_AT, matrix_page(coverage, told).encode())
    storage.put(ACCOUNT, account_bytes(told))
    return told


def read_coverage_account(storage: Storage) -> CoverageAccount | None:
    """What the last count said of itself; None where there is no such account."""
    try:
        return from_json(storage.get(ACCOUNT), CoverageAccount)
    except (KeyError, msgspec.DecodeError):
        return None


def _account(matrices: Sequence[Matrix], fetched: Fetched | None, method: Method) -> CoverageAccount:
    stopped, stopped_by = (fetched.stopped, fetched.stopped_by) if fetched else ("", "")
    failed = failures(fetched) if fetched else ()
    return CoverageAccount(
        source=method.source,
        synthetic=method.synthetic,
        requests_per_hour=method.requests_per_hour,
        counted=len(matrices),
        requests=requests(fetched) if fetched else None,
        failures=failed,
        stopped=stopped,
        stopped_by=stopped_by,
        exit=stop_code(stopped_by) if stopped else int(bool(failed)),
    )


def _with_counts(told: CoverageAccount, coverage: Coverage, matrices: Sequence[Matrix]) -> CoverageAccount:
    """Hours, every series with its first and last hour, and the order in which to load them."""
    ends = {
        SeriesKey(ROUTES[matrix.span.route], matrix.span.respondent, one.kind).id: (stamp(one.first), stamp(one.last))
        for matrix in matrices
        for one in matrix.series
    }
    found = [(one, *ends[one.series_id]) for one in totals(coverage)]
    series = tuple(CountedSeries(**structs.asdict(one), first=first, last=last) for one, first, last in found)
    listed = {(one.route, one.respondent) for one in series}
    return structs.replace(
        told,
        first=stamp(coverage.first),
        last=stamp(coverage.last),
        hours=CountedHours(
            hours=sum(one.hours for one in series),
            present=sum(one.present for one in series),
            null=sum(one.null for one in series),
            absent=sum(one.absent for one in series),
        ),
        series=series,
        order=load_order(series),
        without=tuple(sorted(m.span.id for m in matrices if (m.span.route, m.span.respondent) not in listed)),
        without_types=without_types(matrices),
    )


def without_types(matrices: Sequence[Matrix]) -> tuple[WithoutTypes, ...]:
    """Of every span the types that were asked for by name, or that the tables expect, and that have no row."""
    places = list(ROUTES)
    spans = sorted(matrices, key=lambda one: (places.index(one.span.route), one.span.respondent))
    entries = (WithoutTypes(one.span.route, one.span.respondent, _rowless(one)) for one in spans)
    return tuple(entry for entry in entries if entry.types)


def _rowless(matrix: Matrix) -> tuple[str, ...]:
    found = {series.kind for series in matrix.series}
    span = matrix.span
    named = span.kinds if span.typed else ()
    asked = named or ROUTES[span.route].expected(span.respondent, (span.first, span.last))
    return tuple(kind for kind in asked if kind not in found)


def load_order(series: Sequence[CountedSeries]) -> tuple[InOrder, ...]:
    """Respondents of each route, the most complete first: the sooner a load is stopped, the more of it is whole."""
    groups: dict[tuple[str, str], list[CountedSeries]] = {}
    for one in series:
        groups.setdefault((one.route, one.respondent), []).append(one)
    entries = [_entry(key, members) for key, members in groups.items()]
    places = list(ROUTES)
    return tuple(sorted(entries, key=lambda one: (places.index(one.route), -one.share, one.respondent)))


def _entry(key: tuple[str, str], series: Sequence[CountedSeries]) -> InOrder:
    rows = sum(one.present + one.null for one in series)
    share = sum(one.present for one in series) / sum(one.hours for one in series)
    return InOrder(
        route=key[0],
        respondent=key[1],
        series=len(series),
        first=min(one.first for one in series),
        last=max(one.last for one in series),
        share=round(share, 6),
        rows=rows,
        pages=ceil(rows / PAGE),
    )
