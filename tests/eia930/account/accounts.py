# SPDX-License-Identifier: Apache-2.0
"""Accounts for tests: a small whole one, to be changed member by member."""

from typing import Any

from eia930.account.model import Account, Hours, Program, Rate, Requests, Rows, SpanAsked
from eia930.record.assembly import SeriesReport

RATE = Rate(None, None, None, None, 0.0)
SPAN = SpanAsked("region-data", "PACW", (), "2024-01-01T00", "2024-02-29T23")


def a_series(**changes: Any) -> SeriesReport:
    """Demand of PACW for two months of 2024, whole."""
    members: dict[str, Any] = {
        "series_id": "EBA.PACW-ALL.D.H",
        "route": "region-data",
        "respondent": "PACW",
        "kind": "D",
        "hours": 1440,
        "present": 1440,
        "null": 0,
        "missing": 0,
        "flagged": 0,
        "flags": {},
        "first": "2024-01-01T00",
        "last": "2024-02-29T23",
        "longest_gap": 0,
        "longest_gap_from": None,
    }
    return SeriesReport(**members | changes)


def an_account(**changes: Any) -> Account:
    """Of a load to which nothing came, without a failure."""
    members: dict[str, Any] = {
        "rows": Rows(0, 0, 0, 0),
        "hours": Hours(0, 0, 0, 0),
        "requests": Requests(1, 0, 1, 0, 0, 0),
        "rate": RATE,
        "failures": (),
        "stopped": "",
        "spans": (SPAN,),
        "series": (),
        "imbalances": (),
        "exit": 0,
        "program": Program("0.1.0", "1a2b3c4d5e6f"),
        "run": "a run",
    }
    return Account(**members | changes)
