# SPDX-License-Identifier: Apache-2.0
"""A load of EIA's six-month files, without a key, against an emulator that serves files and API of the same hours."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pytest

from eia930.emulator import Emulator, Faults, synthetic
from eia930.emulator.files.quirks import Quirks
from eia930.reference.hours import parse_hour
from pipelines.coverage import main as coverage
from pipelines.historical import main
from tests.eia930.few import FEW, few_files

NOW = parse_hour("2019-05-01T00")
SPRING = ("--start=2019-01-01", "--end=2019-04-20", "--regions=AVRN,CISO,LGEE")
ROUTES = ("region-data", "fuel-type-data", "interchange-data", "region-sub-ba-data")


def emulator(*, faults: Faults | None = None, quirks: Quirks | None = None) -> Emulator:
    return Emulator(synthetic(now=NOW), files=few_files(*FEW, now=NOW), faults=faults, quirks=quirks)


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EIA_API_KEY", raising=False)


@pytest.fixture(scope="module")
def plain() -> Iterator[Emulator]:
    with emulator() as server:
        yield server


def load(server: Emulator, out: Path, *words: str) -> int:
    usual = [f"--files_url={server.files_url}", f"--output={out}", "--source=files", "--formats=parquet"]
    return main([*usual, "--routes=all", *SPRING, *words])


def report(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "report.json").read_text())
    rows, hours = found["rows"], found["hours"]
    assert rows["received"] == rows["kept"] + rows["duplicate"] + rows["rejected"]
    assert hours["asked"] == hours["present"] + hours["null"] + hours["missing"]
    return found


def rows(out: Path, route: str) -> pa.Table:
    table = ds.dataset(out / "tidy" / route, format="parquet").to_table()
    kept = table.filter(pa.compute.is_valid(table["value"])).select(["series_id", "period", "value"])
    return kept.sort_by([("series_id", "ascending"), ("period", "ascending")])


def tidy(out: Path) -> dict[str, bytes]:
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted((out / "tidy").rglob("*.parquet"))}


def test_files_and_api_give_the_same_hours(plain: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(plain, tmp_path / "files") == 0
    monkeypatch.setenv("EIA_API_KEY", "any")
    fast = ("--requests_per_hour=1000000", "--burst_per_second=1000", "--formats=parquet", "--routes=all")
    assert main([f"--api_url={plain.url}", f"--output={tmp_path / 'api'}", *fast, *SPRING]) == 0
    for route in ROUTES:
        files, api = rows(tmp_path / "files", route), rows(tmp_path / "api", route)
        assert files.num_rows > 2000
        assert files.equals(api), route
    table = ds.dataset(tmp_path / "files" / "tidy" / "region-data", format="parquet").to_table()
    # What nobody reported is nobody's word.
    assert set(table.filter(table["retrieved_at"].is_valid())["source"].to_pylist()) == {"files"}
    reported, adjusted = (table[name].to_numpy() for name in ("value", "adjusted"))
    # EIA's own figure is there of demand, generation and interchange; of day-ahead forecasts there is none.
    assert (adjusted == reported).mean() > 0.7
    kinds = np.array(table["type"].to_pylist())
    assert np.isnan(adjusted[kinds == "DF"]).all()
    api = ds.dataset(tmp_path / "api" / "tidy" / "region-data", format="parquet").to_table()
    assert api.schema.remove_metadata().equals(table.schema.remove_metadata())
    assert api["adjusted"].null_count == api.num_rows
    report(tmp_path / "files")


def test_a_second_load_asks_for_nothing_settled_and_writes_the_same(plain: Emulator, tmp_path: Path) -> None:
    assert load(plain, tmp_path) == 0
    before, asked = tidy(tmp_path), len(plain.requests)
    assert load(plain, tmp_path) == 0
    assert tidy(tmp_path) == before
    again = plain.requests[asked:]
    # 2018_Jul_Dec closed more than 60 days before it was retrieved; 2019_Jan_Jun is open.
    assert {one.path.rpartition("/")[2]: one.status for one in again} == {
        "EIA930_File_List_Meta.csv": 200,
        "EIA930_BALANCE_2019_Jan_Jun.csv": 304,
        "EIA930_INTERCHANGE_2019_Jan_Jun.csv": 304,
        "EIA930_SUBREGION_2019_Jan_Jun.csv": 304,
    }


def test_a_settled_half_is_asked_for_again_where_it_is_named(plain: Emulator, tmp_path: Path) -> None:
    """And it alone: beside it, what is due is asked for as ever."""
    assert load(plain, tmp_path, "--routes=region-data") == 0
    before, asked = tidy(tmp_path), len(plain.requests)
    assert load(plain, tmp_path, "--routes=region-data", "--refresh=2018_Jul_Dec") == 0
    assert {one.path.rpartition("/")[2] for one in plain.requests[asked:]} == {
        "EIA930_File_List_Meta.csv",
        "EIA930_BALANCE_2018_Jul_Dec.csv",
        "EIA930_BALANCE_2019_Jan_Jun.csv",
    }
    assert tidy(tmp_path) == before


@pytest.mark.parametrize("half", ["2015_Jan_Jun", "2020_Jan_Jun"])
def test_a_half_that_is_not_asked_for_cannot_be_asked_for_again(
    plain: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str], half: str
) -> None:
    asked = len(plain.requests)
    assert load(plain, tmp_path, f"--refresh={half}") == 2
    said = f"error: --refresh={half}: none of its hours is asked for; see --start and --end\n"
    assert capsys.readouterr().err == said
    assert len(plain.requests) == asked


@pytest.mark.slow
def test_bad_days_and_quirks_change_nothing(plain: Emulator, tmp_path: Path) -> None:
    assert load(plain, tmp_path / "plain") == 0
    faults = Faults(p_503=0.2, p_429=0.05, p_cut=0.2, p_reset=0.1, p_html=0.1)
    quirks = Quirks(old_headers=True, thousands=True, bom=True, crlf=True, bare_codes=True, no_index=True)
    with emulator(faults=faults, quirks=quirks) as server:
        assert load(server, tmp_path / "bad", "--tries=40") == 0
    assert tidy(tmp_path / "bad") == tidy(tmp_path / "plain")
    assert report(tmp_path / "bad")["requests"]["retried"] > 0


def test_a_file_that_nobody_can_read_is_named_and_nothing_of_it_is_written(tmp_path: Path) -> None:
    with emulator(quirks=Quirks(new_reported=True)) as server:
        assert load(server, tmp_path, "--routes=region-data") == 1
    found = report(tmp_path)
    assert {one["request"] for one in found["failures"]} == {
        "EIA930_BALANCE_2018_Jul_Dec.csv",
        "EIA930_BALANCE_2019_Jan_Jun.csv",
    }
    assert "from Fusion" in found["failures"][0]["reason"]
    assert not (tmp_path / "_SUCCESS").exists()
    assert found["hours"]["present"] == 0


def test_a_dry_run_says_what_would_be_asked(
    plain: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = len(plain.requests)
    assert load(plain, tmp_path, "--dry_run") == 0
    said = capsys.readouterr().out
    assert len(plain.requests) == asked
    assert "MB" in said
    assert "minutes at 40 Mbit/s" in said


def test_the_record_begins_with_the_form(plain: Emulator, tmp_path: Path) -> None:
    words = ("--routes=region-data", "--start=2015-07-01T05", "--end=2015-07-03", "--regions=PJM,CISO")
    assert load(plain, tmp_path, *words) == 0
    firsts = {one["series_id"]: one["first"] for one in report(tmp_path)["series"]}
    assert firsts["EBA.PJM-ALL.D.H"] == "2015-07-01T05"
    assert firsts["EBA.CISO-ALL.D.H"] == "2015-07-01T08"


def test_silence_is_a_gap_only_between_the_first_and_the_last_value(plain: Emulator, tmp_path: Path) -> None:
    words = ("--start=2018-01-01", "--end=2018-09-01", "--regions=AVRN,CISO")
    assert load(plain, tmp_path, *words) == 0
    told = report(tmp_path)
    series = {one["series_id"]: one for one in told["series"] if one["present"]}
    for one in series.values():
        assert one["hours"] == parse_hour(one["last"]) - parse_hour(one["first"]) + 1, one["series_id"]
    # AVRN began on 2018-07-31; energy sources and sub-regions are on the form since 2018-07.
    assert series["EBA.AVRN-ALL.NG.H"]["first"] >= "2018-07-31"
    assert series["EBA.CISO-ALL.NG.WND.H"]["first"] >= "2018-07-01"
    spans = {(one["route"], one["respondent"]): one["first"] for one in told["spans"]}
    assert spans["fuel-type-data", "CISO"] == spans["region-sub-ba-data", "CISO"] == "2018-07-01T05"
    reasons = {one["reason"] for one in told["not_asked"] if one["respondent"] == "CISO"}
    assert reasons == {"the form has none before 2018-07-01T05"}
    assert sum(one["missing"] for one in series.values()) > 0


def test_what_a_file_that_cannot_be_had_would_hold_is_missing(tmp_path: Path) -> None:
    words = ("--start=2018-12-30", "--end=2019-01-03", "--regions=CISO", "--routes=region-data")
    with emulator(quirks=Quirks(new_reported=True)) as server:
        assert load(server, tmp_path, *words) == 1
    assert {one["missing"] for one in report(tmp_path)["series"]} == {96}


def test_what_is_odd_about_a_file_is_said_wherever_a_load_is_told_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with emulator(quirks=Quirks(new_imputed=True, unknown_authority=True)) as server:
        for _ in range(2):  # also where the files are stored already
            assert load(server, tmp_path, "--routes=region-data") == 0
            said = capsys.readouterr().out
            warnings = report(tmp_path)["warnings"]
            assert any("(Imputed)' is not known" in line for line in warnings)
            assert any("no authority of the tables" in line for line in warnings)
            assert f"WARNING   {warnings[0]}" in said
    page = (tmp_path / "report" / "index.html").read_text()
    assert "no authority of the tables" in page


def test_coverage_counts_the_files_exactly_and_a_plan_by_it_asks_for_no_more(plain: Emulator, tmp_path: Path) -> None:
    words = ["--routes=region-data,fuel-type-data", "--start=2018-05-01", "--end=2019-02-01", "--regions=AVRN,CISO"]
    where = [f"--files_url={plain.files_url}", "--source=files"]
    counts = tmp_path / "counted"
    assert coverage([*where, *words, f"--output={counts}"]) == 0
    assert load(plain, tmp_path / "loaded", *words) == 0
    told = {one["series_id"]: one for one in json.loads((counts / "report" / "coverage.json").read_text())["series"]}
    loaded = {one["series_id"]: one for one in report(tmp_path / "loaded")["series"] if one["present"]}
    assert {name: one["present"] for name, one in told.items()} == {n: one["present"] for n, one in loaded.items()}
    assert {name: one["first"] for name, one in told.items()} == {n: one["first"] for n, one in loaded.items()}
    by_counts = tmp_path / "by_counts"
    assert load(plain, by_counts, *words, f"--coverage={counts / 'coverage.parquet'}") == 0
    for route in ("region-data", "fuel-type-data"):
        assert rows(by_counts, route).equals(rows(tmp_path / "loaded", route))
