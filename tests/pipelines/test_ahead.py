# SPDX-License-Identifier: Apache-2.0
"""Forecasts reach beyond now: they can be asked for, and nothing is missing before its time."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from eia930.emulator import Emulator
from eia930.reference.hours import hour_of, stamp
from pipelines.historical import main
from tests.eia930.having import Having

KEY = "0123456789abcdef"
PACE = ("--requests_per_hour=1000000", "--burst_per_second=1000", "--formats=parquet")


def test_hours_ahead_count_where_they_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EIA_API_KEY", KEY)
    now = hour_of(datetime.now(UTC))
    first = now - 47
    rows = {
        ("region-data", "PACW", "D"): range(first, now + 1),
        ("region-data", "PACW", "DF"): range(first, now + 25),
        ("region-data", "PACW", "NG"): range(first, now),
    }
    with Emulator(Having(rows, now), key=KEY) as server:
        where = (f"--api_url={server.url}", f"--output={tmp_path}", "--regions=PACW")
        assert main([*where, *PACE, f"--start={stamp(first)}", f"--end={stamp(now + 49)}"]) == 0
    told = {one["kind"]: one for one in json.loads((tmp_path / "report.json").read_text())["series"]}
    assert {kind: (one["hours"], one["missing"]) for kind, one in told.items()} == {
        "D": (48, 0),
        "DF": (72, 0),
        "NG": (48, 1),
        "TI": (48, 48),
    }


def test_no_further_than_two_days(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EIA_API_KEY", KEY)
    assert main([f"--end={stamp(hour_of(datetime.now(UTC)) + 60)}"]) == 2
    assert "is in the future" in capsys.readouterr().err


def test_an_authority_after_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EIA_API_KEY", KEY)
    now = hour_of(datetime(2023, 1, 1, tzinfo=UTC))
    rows = {("region-data", "OVEC", "D"): range(now - 24, now)}
    words = ("--regions=OVEC", f"--start={stamp(now - 24)}", f"--end={stamp(now)}")
    with Emulator(Having(rows, now + 999), key=KEY) as server:
        where = (f"--api_url={server.url}", f"--output={tmp_path}")
        assert main([*where, *PACE, *words]) == 2
        assert main([*where, *PACE, *words, "--ask_anyway"]) == 0
    told = json.loads((tmp_path / "report.json").read_text())
    assert told["hours"] == {"asked": 24, "present": 24, "null": 0, "missing": 0}
