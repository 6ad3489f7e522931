# SPDX-License-Identifier: Apache-2.0
"""The last lines of a load: what is wrong with it, the worst few by name, and the one thing to do next."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from eia930.account.model import Hours
from eia930.account.stored import read_account
from eia930.emulator import Emulator, Faults, synthetic
from eia930.reference.hours import parse_hour
from eia930.store.storage import Storage
from pipelines.historical import main
from pipelines.options.settings import settings
from pipelines.running.summary import summary

NOW = parse_hour("2024-03-01T00")
JANUARY = ("--start=2024-01-01", "--end=2024-02-01", "--formats=avro")
FAST = ("--requests_per_hour=1000000", "--burst_per_second=1000")

Load = Callable[..., str]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Load:
    """Load into `tmp_path` to the exit code expected; what stands on the terminal then."""
    monkeypatch.setenv("EIA_API_KEY", "0123456789abcdef")

    def run(*words: str, code: int, faults: Faults | None = None) -> str:
        with Emulator(synthetic(now=NOW), now=NOW, faults=faults or Faults()) as server:
            assert main([f"--api_url={server.url}", f"--output={tmp_path}", *FAST, *JANUARY, *words]) == code
        return capsys.readouterr().out

    return run


def test_a_failed_gate_names_a_few_series_and_says_what_to_do(load: Load, tmp_path: Path) -> None:
    fuels = ("--routes=fuel-type-data", "--regions=PACW,PACE,BPAT,AVA", "--types=WND,GEO,NUC", "--min_completeness=1")
    said = load(*fuels, code=1)
    short = json.loads((tmp_path / "report.json").read_text())["completeness"]["short"]
    assert f"GATE      failed, so there is no _SUCCESS: of 12 series {len(short)} have less than 100 % of the" in said
    assert re.findall(r"SHORT +(\S+): 0 % present", said) == [one["series_id"] for one in short[:5]]
    assert f"SHORT     and {len(short) - 5} more (report.json)" in said
    assert "read it" not in said
    (page, todo) = re.findall(r"^next +see in (\S+) which hours are missing; then run again with (.*)$", said, re.M)[0]
    assert Path(page).exists()
    assert "a smaller --min_completeness" in todo


def test_a_failed_gate_without_a_row_names_an_account_that_exists(load: Load) -> None:
    said = load("--routes=fuel-type-data", "--regions=PACW", "--types=GEO", "--min_completeness=0.5", code=1)
    (account,) = re.findall(r"^next +see in (\S+) which", said, re.M)
    assert Path(account).exists()


def test_one_hour_short_of_all_is_not_called_all(load: Load, tmp_path: Path) -> None:
    load("--regions=PACW", code=0)
    told = replace(read_account(Storage.at(str(tmp_path))), hours=Hours(1_000_000, 999_999, 0, 1))
    todo = settings([f"--output={tmp_path}"], now=datetime.now(UTC))
    assert "(99.99 % present)" in summary(todo, told, todo.storage)


def test_failed_requests_are_named_up_to_a_few_and_come_before_the_gate(load: Load) -> None:
    lost = Faults(fail_windows=tuple(f"PACW:2024-01-{day:02}T12" for day in range(3, 10)))
    words = ("--regions=PACW", "--hours_per_request=24", "--tries=1", "--min_completeness=0.99")
    said = load(*words, code=1, faults=lost)
    assert len(re.findall(r"FAILED +region-data/PACW/", said)) == 5
    assert "FAILED    and 2 more (report.json)" in said
    assert "GATE      failed" in said
    assert "next      run the same command again: it asks only for the hours that are not stored yet" in said
    said = load(*words, code=0)
    assert "next      read it" in said


def test_the_page_is_named_and_blocks_are_called_blocks(load: Load, tmp_path: Path) -> None:
    cuts = ("--validation_start=2024-01-20", "--test_start=2024-01-28", "--embargo_hours=0")
    said = load("--regions=PACW", "--formats=parquet", *cuts, code=0)
    assert f"report    {tmp_path}/report/index.html" in said
    assert Path(re.findall(r"^report +(.*)$", said, re.M)[0]).exists()
    assert re.findall(r"^blocks +panel: \d+ train, \d+ validation, \d+ test blocks$", said, re.M)


def test_a_source_that_stands_still_is_noticed(load: Load, tmp_path: Path) -> None:
    said = load("--regions=PACW", "--max_age_hours=6", code=1)
    assert re.findall(r"^newest +region-data 2024-01-31T23, [\d,]+ days old$", said, re.M)
    assert re.findall(r"^TOO OLD +region-data 2024-01-31T23, [\d,]+ days old \(--max_age_hours=6\)$", said, re.M)
    assert "next      look whether EIA publishes at all" in said
    (told,) = json.loads((tmp_path / "report.json").read_text())["newest"]
    assert (told["route"], told["hour"]) == ("region-data", "2024-01-31T23")
    assert not (tmp_path / "_SUCCESS").exists()
    said = load("--regions=PACW", f"--max_age_hours={told['age_hours'] + 1}", code=0)
    assert "TOO OLD" not in said


def test_sums_that_do_not_agree_are_no_reason_to_read_on(load: Load, tmp_path: Path) -> None:
    load("--regions=PACW", code=0)
    wrong = ("region-data/PACW: wrote 2 rows, but its series hold 1",)
    told = replace(read_account(Storage.at(str(tmp_path))), imbalances=wrong)
    todo = settings([f"--output={tmp_path}"], now=datetime.now(UTC))
    said = summary(todo, told, todo.storage)
    assert "UNBALANCED region-data/PACW: wrote 2 rows" in said
    assert "next      do not use these files" in said


def test_a_load_without_an_hour_says_why_and_has_its_page(load: Load, tmp_path: Path) -> None:
    said = load("--regions=PACW", "--start=2018-06-01", "--end=2018-06-03", code=0)
    assert "next      no hour is present, for the API has no hour before 2019-01-01T00: ask for other hours" in said
    page = (tmp_path / "report/index.html").read_text("utf-8")
    assert "192 hours asked is present: the API has no hour before 2019-01-01T00." in page


def test_a_load_whose_requests_all_failed_has_its_page(load: Load, tmp_path: Path) -> None:
    said = load("--regions=AVA", "--tries=1", code=1, faults=Faults(p_503=1.0))
    assert "next      nothing came: look at the reasons above" in said
    account = json.loads((tmp_path / "report.json").read_text())
    assert account["failures"]
    assert account["hours"]["present"] == 0
    assert account.items() <= json.loads((tmp_path / "report/report.json").read_text()).items()
    page = (tmp_path / "report/index.html").read_text("utf-8")
    assert account["failures"][0]["remedy"] in page
