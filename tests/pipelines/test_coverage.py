# SPDX-License-Identifier: Apache-2.0
"""The coverage program from its command line: against rows with holes, against the tidy folder, with bad input."""

import json
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from eia930.emulator import Emulator, replay
from eia930.reference.hours import parse_hour
from pipelines import coverage, historical
from tests.eia930.asked import hours_asked

REGIONS = "PACW,CAL"
FAST = ("--requests_per_hour", "1000000", "--burst_per_second", "1000")


BEGAN, ENDED = parse_hour("2017-12-01T00"), parse_hour("2020-07-01T23")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """Demand and forecasts up to July 2020, with what the real record has: gaps, months without a row, nulls."""
    file = tmp_path_factory.mktemp("rows") / "rows.parquet"
    began = {"PACW": BEGAN, "CAL": parse_hour("2018-07-01T05"), "GLHB": parse_hour("2020-02-29T07")}
    pq.write_table(
        pa.concat_tables(rows(code, kind, first) for code, first in began.items() for kind in ("D", "DF")), file
    )
    with Emulator(replay([file])) as emulator:
        yield emulator


def rows(code: str, kind: str, first: int) -> pa.Table:
    """The rows of one series: of PACW some are missing, and 36 hours of each forecast are null."""
    hours = np.arange(first, ENDED + 1)
    absent = np.zeros(len(hours), np.bool_)
    if code == "PACW":
        absent |= (hours >= parse_hour("2018-11-20T00")) & (hours <= parse_hour("2019-02-03T07"))
        absent |= hours == parse_hour("2020-03-08T10")
    null = (kind == "DF") & (hours >= parse_hour("2019-08-12T04")) & (hours < parse_hour("2019-08-13T16"))
    value = 2000 + 500 * np.sin(hours * np.pi / 12) + (hours * 7919 % 101)
    columns = {
        "period": pa.array(hours * 3600, pa.timestamp("s", "UTC")),
        "respondent": pa.array([code] * len(hours)),
        "type": pa.array([kind] * len(hours)),
        "value": pa.array(np.round(value), mask=null),
    }
    return pa.table(columns).filter(pa.array(~absent))


@pytest.fixture(scope="module")
def asked(server: Emulator) -> list[str]:
    """A question about more hours than there are: rows end in July 2020."""
    where = ["--source", "api", "--api_url", server.url, "--api_key", "env:KEY_OF_THIS_TEST"]
    return [*where, *FAST, "--regions", REGIONS, "--start", "2018-01-01", "--end", "2021-01-01"]


@pytest.fixture(scope="module", autouse=True)
def _key() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KEY_OF_THIS_TEST", "x")
        yield


@pytest.fixture(scope="module")
def counted(asked: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output whose hours were counted by asking."""
    folder = tmp_path_factory.mktemp("counted")
    assert coverage.main([*asked, "--output", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def loaded(counted: Path, asked: list[str], server: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output loaded by the plan that follows from the count."""
    folder = tmp_path_factory.mktemp("loaded")
    server.requests.clear()
    flags = [*asked, "--output", str(folder), "--formats", "avro"]
    assert historical.main([*flags, "--coverage", str(counted / "coverage.parquet")]) == 0
    (folder / "rows_by_request.json").write_text(json.dumps([one.rows for one in hours_asked(server)]))
    return folder


def test_counts_by_asking_are_the_exact_counts_of_the_tidy_folder(counted: Path, loaded: Path) -> None:
    assert coverage.main(["--from_tidy", str(loaded)]) == 0
    assert (loaded / "coverage.parquet").read_bytes() == (counted / "coverage.parquet").read_bytes()
    table = pq.read_table(counted / "coverage.parquet")
    assert sum(table["null"].to_pylist()) == 72
    assert (loaded / "_SUCCESS").exists()


def test_a_load_planned_by_the_counts_asks_nothing_in_vain_and_loses_no_row(
    loaded: Path, asked: list[str], server: Emulator, tmp_path: Path
) -> None:
    assert 0 not in json.loads((loaded / "rows_by_request.json").read_text())
    server.requests.clear()
    assert historical.main([*asked, "--output", str(tmp_path), "--formats", "avro"]) == 0
    assert 0 in [one.rows for one in hours_asked(server)]
    flags = {one["series_id"]: one["flags"] for one in json.loads((loaded / "report.json").read_text())["series"]}
    again = json.loads((tmp_path / "report.json").read_text())["series"]
    assert flags == {one["series_id"]: one["flags"] for one in again if one["present"]}
    for code in REGIONS.split(","):
        path = f"tidy/region-data/respondent={code}/part-00000.parquet"
        assert (tmp_path / path).read_bytes() == (loaded / path).read_bytes()


def test_hours_known_not_to_exist_are_neither_asked_nor_missing(loaded: Path, counted: Path) -> None:
    """NG and TI have no row, and no type has one after July 2020: nothing that exists is missing."""
    report = json.loads((loaded / "report.json").read_text())
    hours = (parse_hour("2020-12-31T23") - parse_hour("2018-01-01T00")) + 1
    table = pq.read_table(counted / "coverage.parquet")
    known = dict.fromkeys(table["series_id"].unique().to_pylist(), 0)
    for row in table.to_pylist():
        known[row["series_id"]] += row["hours"] if row["present"] + row["null"] else 0
    assert {one["series_id"]: one["hours"] for one in report["series"]} == known
    passed = {one["series_id"]: one["hours"] for one in report["passed_over"]}
    assert passed == {
        f"EBA.{code}-ALL.{kind}.H": hours - known.get(f"EBA.{code}-ALL.{kind}.H", 0)
        for code in REGIONS.split(",")
        for kind in ("D", "DF", "NG", "TI")
    }
    assert report["hours"]["asked"] == sum(known.values())
    assert f"{sum(passed.values()):,}" in (loaded / "report/index.html").read_text()


def test_the_gate_judges_what_can_be_had(loaded: Path, counted: Path, asked: list[str]) -> None:
    """The same folder again, with a gate that half of the hours of the question would never pass."""
    flags = [*asked, "--output", str(loaded), "--formats", "avro", "--min_completeness", "0.9"]
    assert historical.main([*flags, "--coverage", str(counted)]) == 0


def test_the_page_and_the_account_stand_beside_the_counts(counted: Path) -> None:
    account = json.loads((counted / "report/coverage.json").read_text())
    assert {one["series_id"]: one["last"] for one in account["series"]}["EBA.CAL-ALL.D.H"] == "2020-07-01T23"
    hours = account["hours"]
    assert hours["hours"] == hours["present"] + hours["null"] + hours["absent"]
    assert account["requests"]["sent"] < 60
    assert account["without_types"] == [
        {"route": "region-data", "respondent": code, "types": ["NG", "TI"]} for code in ("CAL", "PACW")
    ]
    assert "Regions by year, region-data" in (counted / "report/coverage.html").read_text()


def test_a_dry_run_says_what_is_saved_and_sends_nothing(
    counted: Path, asked: list[str], server: Emulator, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    server.requests.clear()
    flags = [*asked, "--output", str(tmp_path / "none"), "--dry_run"]
    assert historical.main([*flags, "--coverage", str(counted)]) == 0
    said = capsys.readouterr().out
    assert "hours lie in months without a row and are not asked for" in said
    assert "of 4 series, by --coverage: EBA.CAL-ALL.NG.H, EBA.CAL-ALL.TI.H, EBA.PACW-ALL.NG.H" in said
    assert coverage.main(flags) == 0
    assert "nothing was sent" in capsys.readouterr().out
    assert not server.requests
    assert not (tmp_path / "none").exists()


def refused(flags: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that wrong usage gets."""
    capsys.readouterr()
    code = coverage.main(flags) if "--from_tidy" in flags else historical.main(flags)
    said = capsys.readouterr().err
    assert code == 2
    assert said.count("\n") == 1
    return said


def test_a_folder_that_was_not_loaded_whole_is_refused(
    loaded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "no such folder" in refused(["--from_tidy", str(tmp_path / "none")], capsys)
    assert not (tmp_path / "none").exists()
    assert "no tidy files" in refused(["--from_tidy", str(tmp_path)], capsys)
    half = tmp_path / "half"
    shutil.copytree(loaded / "tidy", half / "tidy")
    assert "half-written" in refused(["--from_tidy", str(half)], capsys)
    (half / "_SUCCESS").touch()
    assert "manifest.json is missing, though _SUCCESS is there" in refused(["--from_tidy", str(half)], capsys)


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--regions", "ERCO"], "nothing of --regions ERCO was loaded"),
        (["--start", "2017-01-01"], "the hours 2018-01-01T00 to 2020-12-31T23 were loaded"),
        (["--routes", "region-data,fuel-type-data", "--regions", "CAL"], "fuel-type-data/CAL is not among"),
        (["--regions", "CALL"], "did you mean CAL"),
        (["--hours_per_request", "3"], "no flag --hours_per_request"),
    ],
)
def test_hours_that_were_not_loaded_are_not_counted(
    flags: list[str], says: str, loaded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert says in refused(["--from_tidy", str(loaded), *flags], capsys)


def test_an_authority_that_began_after_the_count_is_asked_for_whole(
    asked: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """GLHB is active since 2020-02-29: nobody could count it in 2019."""
    both = [*asked, "--regions", "PACW,GLHB", "--start", "2019-01-01"]
    counted, out = tmp_path / "counted", tmp_path / "out"
    assert coverage.main([*both, "--output", str(counted), "--end", "2020-01-01"]) == 0
    assert "skipped: --regions GLHB: active since 2020-02-29" in capsys.readouterr().err
    flags = [*both, "--output", str(out), "--formats", "avro", "--end", "2020-07-01"]
    assert historical.main([*flags, "--coverage", str(counted)]) == 0
    spans = {one["respondent"]: one["first"] for one in json.loads((out / "report.json").read_text())["spans"]}
    assert spans == {"GLHB": "2020-02-29T07", "PACW": "2019-01-01T00"}
    # What is counted in the loaded folder is what was asked for there.
    assert coverage.main(["--from_tidy", str(out)]) == 0


def test_a_coverage_file_of_another_question_stops_the_load(
    counted: Path, asked: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = [*asked, "--output", str(tmp_path / "out"), "--coverage", str(counted / "coverage.parquet")]
    assert "says nothing of fuel-type-data" in refused([*flags, "--routes", "all"], capsys)
    assert "says nothing of region-data/ERCO" in refused([*flags, "--regions", "ERCO"], capsys)
    assert "it begins at 2018-01-01T00" in refused([*flags, "--start", "2015-07-01"], capsys)
    (tmp_path / "other.parquet").write_bytes(b"PAR1")
    assert "no Parquet file" in refused([*flags, "--coverage", str(tmp_path / "other.parquet")], capsys)
    assert not (tmp_path / "out").exists()


def test_next_is_the_load_whole_and_runnable(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "an output"
    asked = ["--source=emulator", "--regions=PACW", "--types", "D", "--start=2023-01-01", "--end", "2023-03-01"]
    for words in ([*asked, f"--output={out}", "--refresh"], [f"--from_tidy={out}", f"--output={tmp_path / 'count'}"]):
        assert coverage.main(words) == 0
        told = capsys.readouterr().out.splitlines()[-1]
        assert told.startswith("next      load what exists: python -m pipelines.historical ")
        assert historical.main(shlex.split(told.partition("pipelines.historical ")[2])) == 0
        said = capsys.readouterr().out
        assert "hours     1,416 asked" in said
        assert f"output    {out}" in said
