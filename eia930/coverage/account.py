# SPDX-License-Identifier: Apache-2.0
"""What a coverage run leaves: coverage.parquet, report/coverage.html, and last report/coverage.json, its account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import msgspec

from eia930.account.sums import requests, stop_code
from eia930.coverage.page import matrix_page
from eia930.coverage.table import COVERAGE, Coverage, coverage_of, encoded, totals
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
) -> dict[str, Any]:
    """Write the three; without coverage.parquet where nothing could be counted, or the run was stopped."""
    report = _account(matrices, fetched, method)
    if matrices and not report["stopped"]:
        coverage = coverage_of(matrices)
        report |= _counts(coverage, matrices)
        storage.put(COVERAGE, encoded(coverage))
        storage.put(PAGE_AT, matrix_page(coverage, report).encode())
    storage.put(ACCOUNT, msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")
    return report


def _account(matrices: Sequence[Matrix], fetched: Fetched | None, method: Method) -> dict[str, Any]:
    report: dict[str, Any] = {
        "source": method.source,
        "synthetic": method.synthetic,
        "requests_per_hour": method.requests_per_hour,
        "counted": len(matrices),
        "requests": requests(fetched) if fetched else None,
        "failures": [
            {"request": one.request, "reason": one.reason, "remedy": one.remedy}
            for one in (fetched.failures if fetched else ())
        ],
        "stopped": fetched.stopped if fetched else "",
        "stopped_by": fetched.stopped_by if fetched else "",
    }
    return report | {"exit": _exit(report)}


def _exit(report: dict[str, Any]) -> int:
    """0 done; 1 some could not be counted; else why the run was stopped."""
    if report["stopped"]:
        return stop_code(report["stopped_by"])
    return 1 if report["failures"] else 0


def _counts(coverage: Coverage, matrices: Sequence[Matrix]) -> dict[str, Any]:
    """Hours, every series with its first and last hour, and the order in which to load them."""
    ends = {
        SeriesKey(ROUTES[matrix.span.route], matrix.span.respondent, one.kind).id: (stamp(one.first), stamp(one.last))
        for matrix in matrices
        for one in matrix.series
    }
    series = [one | dict(zip(("first", "last"), ends[one["series_id"]], strict=True)) for one in totals(coverage)]
    listed = {(one["route"], one["respondent"]) for one in series}
    return {
        "first": stamp(coverage.first),
        "last": stamp(coverage.last),
        "hours": {name: sum(one[name] for one in series) for name in ("hours", "present", "null", "absent")},
        "series": series,
        "order": load_order(series),
        "without": sorted(m.span.id for m in matrices if (m.span.route, m.span.respondent) not in listed),
        "without_types": without_types(matrices),
    }


def without_types(matrices: Sequence[Matrix]) -> list[dict[str, Any]]:
    """Of every span the types that were asked for by name, or that the tables expect, and that have no row."""
    places = list(ROUTES)
    spans = sorted(matrices, key=lambda one: (places.index(one.span.route), one.span.respondent))
    entries = [{"route": one.span.route, "respondent": one.span.respondent, "types": _rowless(one)} for one in spans]
    return [entry for entry in entries if entry["types"]]


def _rowless(matrix: Matrix) -> list[str]:
    found = {series.kind for series in matrix.series}
    span = matrix.span
    asked = span.kinds or ROUTES[span.route].expected(span.respondent, (span.first, span.last))
    return [kind for kind in asked if kind not in found]


def load_order(series: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Respondents of each route, the most complete first: the sooner a load is stopped, the more of it is whole."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for one in series:
        groups.setdefault((one["route"], one["respondent"]), []).append(one)
    entries = [_entry(key, members) for key, members in groups.items()]
    places = list(ROUTES)
    return sorted(entries, key=lambda one: (places.index(one["route"]), -one["share"], one["respondent"]))


def _entry(key: tuple[str, str], series: Sequence[dict[str, Any]]) -> dict[str, Any]:
    hours, present, null = (sum(one[name] for one in series) for name in ("hours", "present", "null"))
    return {
        "route": key[0],
        "respondent": key[1],
        "series": len(series),
        "first": min(one["first"] for one in series),
        "last": max(one["last"] for one in series),
        "share": round(present / hours, 6),
        "rows": present + null,
        "pages": ceil((present + null) / PAGE),
    }
