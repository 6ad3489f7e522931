# SPDX-License-Identifier: Apache-2.0
"""A load of files and API as one history, against an emulator that serves both, of the same hours."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from eia930.emulator import Emulator, Faults, synthetic
from eia930.emulator.files.quirks import Quirks
from eia930.emulator.files.world import synthetic_files
from eia930.emulator.series import RowSource, Series
from eia930.reference.hours import parse_hour
from eia930.reference.routes import Route
from pipelines.coverage import main as coverage
from pipelines.historical import main
from tests.eia930.few import FEW, few_files

NOW = parse_hour("2019-05-01T00")
API_BEGINS = parse_hour("2019-01-01T00")
YEAR = ("--start=2018-06-01", "--end=2019-04-01", "--regions=AVRN,CISO,LGEE")
ROUTES = ("region-data", "fuel-type-data", "interchange-data", "region-sub-ba-data")


def emulator(*, faults: Faults | None = None, quirks: Quirks | None = None) -> Emulator:
    return Emulator(synthetic(now=NOW), files=few_files(*FEW, now=NOW), faults=faults, quirks=quirks)


@pytest.fixture(autouse=True)
def a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EIA_API_KEY", "any")


@pytest.fixture(scope="module")
def plain() -> Iterator[Emulator]:
    with emulator() as server:
        yield server


def load(server: Emulator, out: Path, *words: str, source: str = "hybrid") -> int:
    where = [f"--files_url={server.files_url}", f"--api_url={server.url}", f"--output={out}", f"--source={source}"]
    fast = ["--requests_per_hour=1000000", "--burst_per_second=1000", "--formats=parquet", "--routes=all"]
    return main([*where, *fast, *YEAR, *words])


def report(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "report.json").read_text())
    rows, hours = found["rows"], found["hours"]
    assert rows["received"] == rows["kept"] + rows["duplicate"] + rows["rejected"]
    assert hours["asked"] == hours["present"] + hours["null"] + hours["missing"]
    return found


def rows(out: Path, route: str = "region-data") -> pa.Table:
    table = ds.dataset(out / "tidy" / route, format="parquet").to_table()
    kept = table.filter(pa.compute.is_valid(table["value"]))
    return kept.sort_by([("series_id", "ascending"), ("period", "ascending")])


def tidy(out: Path) -> dict[str, bytes]:
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted((out / "tidy").rglob("*.parquet"))}


def hours(table: pa.Table) -> pa.Array:
    return pa.compute.divide(table["period"].cast(pa.timestamp("s", "UTC")).cast(pa.int64()), 3600)


def test_files_before_2019_and_then_the_api(plain: Emulator, tmp_path: Path) -> None:
    assert load(plain, tmp_path / "hybrid") == 0
    assert load(plain, tmp_path / "files", source="files") == 0
    for route in ROUTES:
        both, files = rows(tmp_path / "hybrid", route), rows(tmp_path / "files", route)
        same = ["series_id", "period", "value"]
        assert both.select(same).equals(files.select(same)), route
        early = pa.compute.less(hours(both), API_BEGINS)
        assert set(both.filter(early)["source"].to_pylist()) == {"files"}
        assert set(both.filter(pa.compute.invert(early))["source"].to_pylist()) == {"api"}
    told = report(tmp_path / "hybrid")
    assert {one["route"] for one in told["comparison"]["routes"]} == set(ROUTES)
    for one in told["comparison"]["routes"]:
        assert (one["here"], one["there"]) == ("api", "files")
        assert one["compared"] == one["equal"] > 1000
        assert one["differing"] == one["only_here"] == one["only_there"] == 0
    assert told["comparison"]["findings"] == []
    # Every compared hour came twice, and is kept once.
    assert told["rows"]["duplicate"] >= sum(one["compared"] for one in told["comparison"]["routes"])
    assert not list((tmp_path / "hybrid" / "rejects").rglob("*.jsonl"))


def test_differences_are_found_to_the_number_and_the_apis_value_stands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # The differences are planted in the first authority of a file.
    words = ("--routes=region-data", "--regions=AEC", "--start=2018-12-30", "--end=2019-05-01")
    with emulator(quirks=Quirks(differ=40, lack=25)) as server:
        assert load(server, tmp_path / "odd", *words) == 0
    said = capsys.readouterr().out
    told = report(tmp_path / "odd")["comparison"]
    (route,) = told["routes"]
    assert route["compared"] == route["equal"] + route["differing"]
    assert (route["differing"], route["only_here"], route["largest"]) == (40, 25, 1.0)
    assert sum(one["differing"] for one in told["series"]) == 40
    assert sum(month["differing"] for one in told["series"] for month in one["months"]) == 40
    findings = {(one["series_id"], one["month"]) for one in told["findings"]}
    assert findings == {
        (one["series_id"], month["month"])
        for one in told["series"]
        for month in one["months"]
        if month["differing"] > 0.001 * month["compared"]
    }
    assert findings
    assert f"DIFFERS   {told['findings'][0]['series_id']}" in said
    assert told["findings"][0]["series_id"] in (tmp_path / "odd" / "report" / "index.html").read_text()
    # What lost to the API is in the comparison, not among the rejects.
    assert not list((tmp_path / "odd" / "rejects").rglob("*.jsonl"))
    table = rows(tmp_path / "odd").filter(pa.compute.field("source") == "api")
    assert table.num_rows > 0


@dataclass(frozen=True)
class Holed:
    """Rows of an API that lacks some which the files have, of others the value, and some days of both."""

    rows: RowSource

    def __getattr__(self, name: str) -> Any:
        return getattr(self.rows, name)

    def series(self, route: Route, respondent: str) -> tuple[Series, ...]:
        return tuple(_holed(one) for one in self.rows.series(route, respondent))


def _holed(one: Series) -> Series:
    day = one.hours // 24
    kept = day % 17 != 3
    empty = one.empty | (day % 19 == 5)
    return replace(one, hours=one.hours[kept], values=one.values[kept], empty=empty[kept])


def test_a_count_by_both_is_what_a_load_of_both_holds(tmp_path: Path) -> None:
    words = ["--start=2018-11-20", "--end=2019-04-01", "--regions=AEC,CISO", "--routes=region-data,interchange-data"]
    files = few_files("AEC", "CISO", now=NOW)
    with Emulator(Holed(synthetic(now=NOW)), files=files, quirks=Quirks(lack=300)) as server:
        where = [f"--files_url={server.files_url}", f"--api_url={server.url}", "--source=hybrid", "--min_delay=0"]
        counted, out = tmp_path / "counted", tmp_path / "loaded"
        assert coverage([*where, *words, f"--output={counted}", "--requests_per_hour=1000000"]) == 0
        assert load(server, out, *words) == 0
    assert coverage([f"--from_tidy={out}", f"--output={tmp_path / 'exact'}"]) == 0
    told, exact = (pq.read_table(tmp_path / name / "coverage.parquet") for name in ("counted", "exact"))
    assert told.to_pylist() == exact.to_pylist()
    hours = report(out)["hours"]
    assert (pc.sum(told["present"]).as_py(), pc.sum(told["null"]).as_py()) == (hours["present"], hours["null"])
    # Neither source alone has as many, and some have no value by either.
    assert hours["null"] > 0
    both = rows(out, "region-data").filter(pc.field("period") >= pa.scalar(datetime(2019, 1, 1, tzinfo=UTC)))
    assert set(both["source"].to_pylist()) == {"api", "files"}


def test_where_the_api_has_nothing_the_files_value_stands(plain: Emulator, tmp_path: Path) -> None:
    words = ("--routes=region-data", "--regions=CISO", "--start=2018-12-30", "--end=2019-03-01")
    assert load(plain, tmp_path / "whole", *words) == 0
    with emulator(faults=Faults(p_503=1.0)) as away:
        where = [f"--files_url={plain.files_url}", f"--api_url={away.url}", f"--output={tmp_path / 'part'}"]
        fast = ["--requests_per_hour=1000000", "--burst_per_second=1000", "--formats=parquet", "--tries=1"]
        assert main([*where, "--source=hybrid", *fast, *words]) == 1
    told = report(tmp_path / "part")
    assert told["failures"]
    part, whole = rows(tmp_path / "part"), rows(tmp_path / "whole")
    assert part.select(["series_id", "period", "value"]).equals(whole.select(["series_id", "period", "value"]))
    assert set(part["source"].to_pylist()) == {"files"}


@pytest.mark.slow
def test_a_second_load_asks_for_nothing_settled_and_writes_the_same(plain: Emulator, tmp_path: Path) -> None:
    assert load(plain, tmp_path) == 0
    before, first = tidy(tmp_path), report(tmp_path)["requests"]
    assert load(plain, tmp_path) == 0
    assert tidy(tmp_path) == before
    again = report(tmp_path)["requests"]
    assert again["planned"] == again["reused"] + again["sent"]
    assert again["sent"] < first["sent"]


@pytest.mark.slow
def test_two_workers_write_the_same_bytes(plain: Emulator, tmp_path: Path) -> None:
    assert load(plain, tmp_path) == 0
    before = tidy(tmp_path)
    assert load(plain, tmp_path, "--direct_num_workers=2", "--direct_running_mode=multi_processing") == 0
    assert tidy(tmp_path) == before


@pytest.mark.slow
def test_a_year_by_files_is_the_year_by_the_api(tmp_path: Path) -> None:
    """Identical tidy rows but for source, retrieved_at, EIA's own figures, and estimates, of which those come first."""
    words = ("--start=2019-01-01", "--end=2020-01-01", "--regions=AVRN,CISO,ISNE,LGEE,PJM")
    now = parse_hour("2020-03-01T00")
    with Emulator(synthetic(now=now), files=synthetic_files(now=now)) as server:
        for source in ("files", "api"):
            assert load(server, tmp_path / source, *words, source=source) == 0
            report(tmp_path / source)
    for route in ROUTES:
        files, api = (rows(tmp_path / source, route) for source in ("files", "api"))
        assert files.num_rows > 20_000
        own = ("source", "retrieved_at", "adjusted", "estimate", "estimate_by")
        rest = [name for name in files.column_names if name not in own]
        assert files.select(rest).equals(api.select(rest)), route
    files = rows(tmp_path / "files")
    differs = pc.fill_null(pc.not_equal(files["adjusted"], files["value"]), False)
    assert pc.any(differs).as_py()
