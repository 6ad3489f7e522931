# SPDX-License-Identifier: Apache-2.0
"""What a load of six-month files says before it asks, while it asks, and of whom the files hold nothing."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from eia930.emulator import Emulator, synthetic
from eia930.reference.hours import parse_hour
from pipelines.coverage import main as coverage
from pipelines.historical import main
from tests.eia930.few import FEW, few_files

NOW = parse_hour("2019-05-01T00")
HOURS = ("--start=2018-11-01", "--end=2019-02-01", "--formats=parquet")


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EIA_API_KEY", raising=False)


@pytest.fixture(scope="module")
def server() -> Iterator[Emulator]:
    with Emulator(synthetic(now=NOW), files=few_files(*FEW, now=NOW)) as one:
        yield one


def load(server: Emulator, out: Path, *words: str) -> int:
    return main([f"--files_url={server.files_url}", f"--output={out}", "--source=files", *HOURS, *words])


def test_regions_are_left_out_in_one_line_for_the_files_hold_authorities_alone(
    server: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert load(server, tmp_path / "some", "--regions=CAL,CISO,US48") == 0
    said = capsys.readouterr()
    assert "skipped: --regions CAL: the six-month files hold authorities alone" in said.err
    assert "skipped: --regions US48" in said.err
    assert "SILENT" not in said.out
    told = json.loads((tmp_path / "some" / "report.json").read_text())
    assert {one["respondent"] for one in told["spans"]} == {"CISO"}
    assert told["hours"]["missing"] < 100
    assert {one["respondent"] for one in told["not_asked"]} >= {"CAL", "US48"}
    assert load(server, tmp_path / "none", "--regions=CAL,US48") == 2
    error = capsys.readouterr().err
    assert error.startswith("error: --regions CAL: the six-month files hold authorities alone")
    assert error.count("\n") == 1
    assert load(server, tmp_path / "none", "--regions=CALL") == 2
    assert "CALL" in capsys.readouterr().err


@pytest.mark.parametrize("program", [main, coverage])
def test_flags_that_mean_nothing_to_a_source_are_named(
    server: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str], program: Callable[[Sequence[str]], int]
) -> None:
    words = [f"--files_url={server.files_url}", f"--output={tmp_path}", "--regions=CISO", "--dry_run", *HOURS[:2]]
    assert program([*words, "--source=files", "--settle_hours=5", "--max_in_flight", "2", "--min_delay=1"]) == 0
    said = "passed over: --max_in_flight, --settle_hours: --source=files does not ask the API\n"
    assert capsys.readouterr().err == said
    assert program([*words, "--source=emulator"]) == 0
    assert capsys.readouterr().err == "passed over: --files_url: --source=emulator does not ask six-month files\n"
    assert program([*words, "--source=files"]) == 0
    assert capsys.readouterr().err == ""


def test_all_are_the_authorities_where_the_files_are_asked(
    server: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert load(server, tmp_path, "--regions=all", "--dry_run") == 0
    authorities = capsys.readouterr().out
    assert load(server, tmp_path, "--regions=all", "--dry_run", "--source=emulator") == 0
    assert authorities.partition(" respondents")[0] != capsys.readouterr().out.partition(" respondents")[0]
    assert "CAL" not in authorities
    assert "skipped   region-data/BHBA, SWPW 2018-11-01T00_2019-01-31T23: active since 2026-04-01\n" in authorities
    assert load(server, tmp_path, "--regions=all", "--dry_run", "--start=2015-07-01", "--routes=fuel-type-data") == 0
    assert "more 2015-07-01T00_2018-07-01T04: the form has none before 2018-07-01T05\n" in capsys.readouterr().out


def test_a_dry_run_tells_files_and_what_is_left_of_them(
    server: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--regions=CISO", "--end=2018-12-01")
    assert load(server, tmp_path, "--dry_run", *words) == 0
    assert "about 2 for the index and 1 six-month file; about 2 still to ask: about 48 MB" in capsys.readouterr().out
    assert load(server, tmp_path, *words) == 0
    said = capsys.readouterr()
    # Files are no pages, and what has just come was not stored before.
    assert "page fill" not in said.out
    assert "all is stored" not in said.err
    assert "fetch 100 %  2 windows" in said.err
    assert json.loads((tmp_path / "report.json").read_text())["rate"]["page_fill"] is None
    sent = len(server.requests)
    assert load(server, tmp_path, "--dry_run", *words) == 0
    assert "about 0 still to ask: nothing is left to ask" in capsys.readouterr().out
    assert load(server, tmp_path, *words) == 0
    assert "nothing to ask: all is stored" in capsys.readouterr().err
    assert len(server.requests) == sent


@pytest.mark.parametrize(
    ("source", "says"), [("files", "six-month file"), ("hybrid", "months in which both have holes")]
)
def test_a_dry_run_of_a_count_says_what_its_source_takes(
    source: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EIA_API_KEY", "any")
    words = ("--start=2018-11-01", "--end=2019-02-01", "--regions=CISO", f"--output={tmp_path}", "--dry_run")
    assert coverage([f"--source={source}", *words]) == 0
    said = capsys.readouterr().out
    assert says in said
    assert ("short ones" in said) is (source == "hybrid")
