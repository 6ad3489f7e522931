# SPDX-License-Identifier: Apache-2.0
"""The account is written and read in one way: the members that outside readers know, and one line for what is none."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eia930.account.model import (
    Account,
    CheckResult,
    Completeness,
    Failed,
    Hours,
    NotAsked,
    Rate,
    Requests,
    Rows,
    Short,
    WorstHour,
)
from eia930.account.stored import REPORT, encoded, read_account, write_account
from eia930.errors import UsageError
from eia930.record.asked_hours import PassedOver
from eia930.store.storage import Storage
from tests.eia930.account.accounts import a_series, an_account

OUTSIDE = {
    "rows": {"received", "kept", "duplicate", "rejected"},
    "rejects": set(),
    "hours": {"asked", "present", "null", "missing"},
    "requests": {"planned", "reused", "sent", "retried", "failed", "damaged", "lists"},
    "rate": {
        *("records_per_second", "requests_per_second", "page_fill", "success_rate", "seconds", "limit_per_hour"),
        *("faults", "per_minute"),
    },
    "failures": {"request", "reason", "remedy"},
    "stopped": None,
    "stopped_by": None,
    "spans": {"route", "respondent", "kinds", "first", "last"},
    "series": {
        *("series_id", "route", "respondent", "kind", "hours", "present", "null", "missing", "flagged", "flags"),
        *("first", "last", "longest_gap", "longest_gap_from", "g", "iqr_r", "expected_by", "known"),
        *("estimated", "estimates"),
    },
    "passed_over": {"series_id", "hours"},
    "not_asked": {"route", "respondent", "first", "last", "reason"},
    "checks": {"name", "what", "tolerance", "hours_checked", "hours_broken", "worst", "columns", "left_out"},
    "imbalances": None,
    "completeness": {"minimum", "short"},
    "exit": None,
}
"""Members of report.json, and of what stands in each, as they were before the account had a type."""


def full() -> Account:
    """Something in every member."""
    worst = WorstHour("EBA.PACW-ALL.D.H", "2024-01-01T05", 1.5, None, 3)
    return an_account(
        rows=Rows(4, 2, 1, 1),
        rejects={"rejected": {"unit": 1}},
        hours=Hours(1440, 1440, 0, 0),
        requests=Requests(2, 1, 3, 1, 1, 0),
        rate=Rate(100.5, 1.75, 0.99, 0.5, 12.3, 6300, {"Throttled": 1}, {"0": 3}),
        failures=(Failed("a", "b", "c"),),
        series=(a_series(flags={"double_delta": 2}, g=1.0, iqr_r=0.5),),
        passed_over=(PassedOver("EBA.PACW-ALL.TI.H", 3),),
        not_asked=(NotAsked("region-data", "NSB", "2024-01-01T00", "2024-01-02T00", "retired"),),
        checks=(CheckResult("a", "b", "3 MW", 5, 1, (worst,), ("x", "y"), 1),),
        imbalances=("a sum",),
        completeness=Completeness(0.9, (Short("EBA.PACW-ALL.D.H", 0.5),)),
        exit=1,
    )


def test_members_are_those_that_outside_readers_know() -> None:
    told = json.loads(encoded(full()))
    assert list(told)[: len(OUTSIDE)] == list(OUTSIDE)
    newer = {"program", "run", "newest", "max_age_hours", "too_old", "revised", "silent", "warnings", "comparison"}
    assert set(told) - set(OUTSIDE) == newer
    for name, members in OUTSIDE.items():
        one = told[name][0] if isinstance(told[name], list) and members else told[name]
        assert not members or set(one) == members, name
    assert told["checks"][0]["worst"] == [
        {"series_id": "EBA.PACW-ALL.D.H", "hour": "2024-01-01T05", "expected": 1.5, "found": None, "hours": 3}
    ]
    assert told["program"] == {"version": "0.1.0", "code": "1a2b3c4d5e6f"}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    storage = Storage.at(str(tmp_path))
    for account in (full(), an_account()):
        write_account(storage, account)
        assert read_account(storage) == account


def test_what_a_newer_version_adds_is_passed_over(tmp_path: Path) -> None:
    newer = json.loads(encoded(full()))
    newer["ages"] = {"region-data": 2}
    newer["series"][0]["known"] = True
    newer["checks"][0]["worst"][0]["why"] = "x"
    (tmp_path / REPORT).write_text(json.dumps(newer))
    assert read_account(Storage.at(str(tmp_path))) == full()


def test_what_an_older_version_left_out_has_a_value_for_its_absence(tmp_path: Path) -> None:
    older: dict[str, Any] = json.loads(encoded(an_account()))
    for name in ("rejects", "passed_over", "not_asked", "checks", "completeness", "program", "run", "stopped_by"):
        del older[name]
    (tmp_path / REPORT).write_text(json.dumps(older))
    assert read_account(Storage.at(str(tmp_path))) == an_account(program=None, run="")


def refused(folder: Path, content: bytes) -> str:
    (folder / REPORT).write_bytes(content)
    with pytest.raises(UsageError) as caught:
        read_account(Storage.at(str(folder)))
    said = str(caught.value)
    assert f"{folder}/{REPORT}" in said
    assert "\n" not in said
    assert said.endswith("(run python -m pipelines.historical with this --output first)")
    return said


@pytest.mark.parametrize(
    "content",
    [b"", b"7", b"[]", b"{}", b'{"files": []}', b"\xff\xfe", b"\x00" * 9, b'"' + b"\xe9" + b'"', b"nothing like it"],
)
def test_what_is_no_account_is_one_line(content: bytes, tmp_path: Path) -> None:
    refused(tmp_path, content)


def test_no_account_at_all_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"has no report\.json: no load has finished there \(run"):
        read_account(Storage.at(str(tmp_path)))


def test_an_hour_that_is_none_is_told(tmp_path: Path) -> None:
    told = json.loads(encoded(full()))
    told["spans"][0]["last"] = "yesterday"
    assert "'yesterday' is no hour" in refused(tmp_path, json.dumps(told).encode())


@given(st.integers(0, len(encoded(full())) - 2))
def test_cut_anywhere_it_is_one_line(tmp_path_factory: pytest.TempPathFactory, length: int) -> None:
    refused(tmp_path_factory.mktemp("cut"), encoded(full())[:length])


@given(st.sampled_from(msgspec.structs.fields(Account)))
def test_with_a_member_of_another_shape_it_is_one_line(
    tmp_path_factory: pytest.TempPathFactory, field: msgspec.structs.FieldInfo
) -> None:
    told = json.loads(encoded(full()))
    told[field.name] = "seven" if field.type in (int, int | None) else 7
    refused(tmp_path_factory.mktemp("other"), json.dumps(told).encode())
