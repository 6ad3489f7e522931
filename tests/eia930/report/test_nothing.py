# SPDX-License-Identifier: Apache-2.0
"""The page of a load to which not a single hour came: why, what failed, what to do; and no empty drawing."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eia930.account.model import Failed, Hours, Rows, SpanAsked
from eia930.account.stored import INDEX
from eia930.report.build import write_page
from eia930.report.telling.nothing import nothing
from eia930.store.keys import ORIGIN
from eia930.store.origin import EMULATED
from eia930.store.storage import Storage
from tests.eia930.account.accounts import an_account
from tests.eia930.report.folder import HOURS, write_folder
from tests.eia930.report.reading import PageReader, at, says

NONE = {("region-data", "SEPA", "D"): np.full(HOURS, np.nan), ("fuel-type-data", "SEPA", "WAT"): np.full(HOURS, np.nan)}


def answered(report: dict[str, Any]) -> None:
    """Every request was answered, with no row at all."""
    report["failures"] = []
    report["rows"] = dict.fromkeys(report["rows"], 0)


def unknown(report: dict[str, Any]) -> None:
    """Nothing was answered, and no table knows the series."""
    report["series"] = []
    report["hours"] = dict.fromkeys(report["hours"], 0)
    report["rate"] = dict.fromkeys(report["rate"]) | {
        "seconds": 0.0,
        "faults": {"Unavailable": 9},
        "per_minute": {"0": 10},
    }


def page_of(folder: Path, change: Any) -> tuple[str, dict[str, Any]]:
    """The page as text, and its account; every figure is held against the account."""
    write_folder(folder, NONE, change=change)
    write_page(Storage.at(str(folder)))
    html, report = (folder / INDEX).read_text("utf-8"), json.loads((folder / "report/report.json").read_text("utf-8"))
    reader = PageReader(html)
    assert [(path, text) for path, text in reader.figures if not says(text, at(report, path), path)] == []
    assert re.findall(r"\d[\d,.]*", " ".join(reader.loose).replace("EIA-930", "").replace("SHA-256", "")) == []
    assert "None" not in "".join(reader.loose)
    return html, report


def test_nothing_is_drawn_of_nothing(tmp_path: Path) -> None:
    html, report = page_of(tmp_path, answered)
    body = html.split("<body")[1].split("<script>")[0]
    for drawing in ("history-chart", "event-chart", 'class="map"', 'class="legend"', "k-mean"):
        assert drawing not in body
    for said in ("no month has a share to draw", "No region has an hour to draw", "There is no hour to screen"):
        assert said in body
    assert "No hour carries a flag" not in body
    assert "No series has a gap" not in body
    (why,) = (one for one in report["quality"]["verdict"] if "hours asked" in one and "None" in one)
    assert why == "None of the 19,200 hours asked is present: the server has no row of these series in these hours."
    assert [step["what"].split(":")[0] for step in report["quality"]["next"]] == ["There is nothing to read"]


@pytest.mark.parametrize("change", [unknown, lambda report: None])
def test_failures_stand_there_with_their_remedy(change: Any, tmp_path: Path) -> None:
    html, report = page_of(tmp_path, change)
    figures = dict(PageReader(html).figures)
    assert figures["failures.0.remedy"] == "run the same command again"
    assert figures["failures.0.reason"] == "500 ten times"
    (step,) = report["quality"]["next"]
    assert step["what"].startswith("Run the same load again")


def test_rows_of_the_emulator_that_did_not_come_are_called_synthetic_too(tmp_path: Path) -> None:
    Storage.at(str(tmp_path)).put(ORIGIN, EMULATED.encode())
    html, report = page_of(tmp_path, answered)
    assert "<title>SYNTHETIC DATA" in html
    assert [step["what"].split(":")[0] for step in report["quality"]["next"]] == [
        "There is nothing to read",
        "These data are synthetic. Get a free key at https",
    ]


def asked(route: str = "region-data", last: str = "2018-12-31T23") -> SpanAsked:
    return SpanAsked(route, "PACW", (), "2018-01-01T00", last)


REASONS: list[tuple[dict[str, Any], str]] = [
    ({}, "the API has no hour before 2019-01-01T00"),
    ({"spans": (asked(), asked(last="2019-01-01T00"))}, "the server has no row of these series in these hours"),
    ({"spans": (asked("weather"),)}, "the server has no row of these series in these hours"),
    ({"spans": (asked(last="2020-01-01T00"),), "rows": Rows(3, 3, 0, 0)}, "the rows that came hold no"),
    ({"rows": Rows(3, 1, 0, 2)}, "2 of 3 rows received were refused"),
]


@pytest.mark.parametrize(("change", "why"), REASONS)
def test_the_reason_is_the_one_that_the_account_tells(change: dict[str, Any], why: str) -> None:
    change = {"spans": (asked(),), **change}
    found = nothing(an_account(**change))
    assert found is not None
    assert found.why.startswith(why)
    assert ("rejects/" in found.remedy) == ("refused" in why)
    assert nothing(an_account(**change, failures=(Failed("a", "b", "c"),))) is None
    assert nothing(an_account(**change, hours=Hours(1, 1, 0, 0))) is None
