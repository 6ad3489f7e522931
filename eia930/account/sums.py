# SPDX-License-Identifier: Apache-2.0
"""The account of a run: every row received and every hour asked, added up, and whether the sums agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import msgspec

from eia930.record.assembly import GroupReport
from eia930.record.rejects import DUPLICATE, FAILURES, REJECTED
from eia930.reference.routes import PAGE
from eia930.sources.fetched import Fetched


def account(groups: Sequence[GroupReport], fetched: Fetched) -> dict[str, Any]:
    """`report.json`: rows, hours, requests, rate, failures and series of one run, as plain data."""
    series = sorted((one for group in groups for one in group.series), key=lambda one: one.series_id)
    passed = sorted((one for group in groups for one in group.passed_over), key=lambda one: one.series_id)
    return {
        "rows": {
            "received": sum(group.received for group in groups),
            "kept": sum(group.kept for group in groups),
            "duplicate": sum(group.duplicate for group in groups),
            "rejected": sum(group.rejected for group in groups),
        },
        "rejects": _rejects(groups),
        "hours": {
            "asked": sum(one.hours for one in series),
            "present": sum(one.present for one in series),
            "null": sum(one.null for one in series),
            "missing": sum(one.missing for one in series),
        },
        "requests": requests(fetched),
        "rate": _rate(fetched),
        "failures": [{"request": one.request, "reason": one.reason, "remedy": one.remedy} for one in fetched.failures],
        "stopped": fetched.stopped,
        "stopped_by": fetched.stopped_by,
        "spans": [
            {name: getattr(group, name) for name in ("route", "respondent", "kinds", "first", "last")}
            for group in groups
        ],
        "series": [msgspec.to_builtins(one) for one in series],
        "passed_over": [msgspec.to_builtins(one) for one in passed],
    }


def _rejects(groups: Sequence[GroupReport]) -> dict[str, dict[str, int]]:
    """Lines of all rejects files, by the count that they belong to and by reason."""
    told = {name: Counter[str]() for name in (REJECTED, DUPLICATE, FAILURES)}
    for group in groups:
        for counter, reasons in group.rejects.items():
            told[counter].update(reasons)
    return {counter: dict(sorted(reasons.items())) for counter, reasons in told.items()}


def imbalances(report: dict[str, Any], groups: Sequence[GroupReport]) -> list[str]:
    """Sums that do not agree, in words; none is the only acceptable answer."""
    found = [
        f"{group.route}/{group.respondent}: received {group.received} rows, but kept {group.kept}, "
        f"duplicate {group.duplicate} and rejected {group.rejected}"
        for group in groups
        if group.received != group.kept + group.duplicate + group.rejected
    ]
    found += [
        f"{group.route}/{group.respondent}: wrote {group.kept} rows, but its series hold {held}"
        for group in groups
        if group.kept != (held := sum(one.present + one.null for one in group.series))
    ]
    found += [
        f"{group.route}/{group.respondent}: rejected {group.rejected} rows, but named {named} in rejects/"
        for group in groups
        if group.rejected != (named := sum(group.rejects.get(REJECTED, {}).values()))
    ]
    found += [
        f"{one['series_id']}: asked {one['hours']} hours, but present {one['present']}, null {one['null']} "
        f"and missing {one['missing']}"
        for one in report["series"]
        if one["hours"] != one["present"] + one["null"] + one["missing"]
    ]
    return found


def stop_code(stopped_by: str) -> int:
    """Exit code by the kind of error that stopped a run: 130 asked to, 2 wrong usage, 3 cannot go on."""
    return {"Interrupted": 130, "UsageError": 2}.get(stopped_by, 3)


def requests(fetched: Fetched) -> dict[str, int]:
    """Requests planned, reused, sent, retried, failed; stored responses that were damaged."""
    tally = fetched.tally
    return {
        "planned": fetched.reused + tally.answered + tally.failed,
        "reused": fetched.reused,
        "sent": tally.sent,
        "retried": tally.retried,
        "failed": tally.failed,
        "damaged": fetched.damaged,
    }


def _rate(fetched: Fetched) -> dict[str, Any]:
    """Records and requests a second from the first start to the last answer; fill of the answered pages."""
    tally = fetched.tally
    seconds = (tally.last_answer or 0.0) - (tally.first_start or 0.0)
    starts = (tally.last_start or 0.0) - (tally.first_start or 0.0)
    return {
        "records_per_second": round(tally.rows / seconds, 1) if seconds > 0 else None,
        "requests_per_second": round((tally.sent - 1) / starts, 4) if starts > 0 else None,
        "page_fill": round(tally.rows / (tally.answered * PAGE), 4) if tally.answered else None,
        "success_rate": round(tally.answered / tally.sent, 4) if tally.sent else None,
        "seconds": round(seconds, 1) if seconds > 0 else 0.0,
        "limit_per_hour": fetched.limit_per_hour,
        "faults": dict(sorted(tally.faults.items())),
        "per_minute": {key: asdict(tally)["per_minute"][key] for key in sorted(tally.per_minute, key=int)},
    }
