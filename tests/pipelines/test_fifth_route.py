# SPDX-License-Identifier: Apache-2.0
"""What docs/how-to/add-a-route.md promises: a route of another unit, told in two tables, is one everywhere."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.pipelines.started import ROOT

HOURS = ("--start=2023-11-01", "--end=2024-02-01")
CUTS = ("--validation_start=2024-01-01", "--test_start=2024-01-20")


def run(*words: str) -> str:
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("fifth")
    program = ("-m", "tests.pipelines.fifth_route", "historical", "--source=emulator", f"--output={out}")
    run(*program, "--regions=PACW", "--routes=fuel-type-data,region-data,co2-data", *HOURS, *CUTS)
    return out


def test_its_hours_are_those_of_a_route_and_say_its_unit(out: Path) -> None:
    account = json.loads((out / "report.json").read_text())
    assert account["imbalances"] == []
    ours = [one["series_id"] for one in account["series"] if one["route"] == "co2-data"]
    assert "EBA.PACW-ALL.CO2X.NG.H" in ours
    rows = pq.read_table(out / "tidy" / "co2-data")
    assert set(rows["series_id"].to_pylist()) == set(ours)
    for path in (out / "series.parquet", out / "blocks" / "panel" / "sequences.parquet"):
        units = {one["series_id"]: one["unit"] for one in pq.read_table(path).to_pylist()}
        assert {units[name] for name in ours} == {"short tons"}
        assert units["EBA.PACW-ALL.NG.NG.H"] == units["EBA.PACW-ALL.D.H"] == "megawatthours"


def test_no_sum_but_that_over_regions_takes_it_in(out: Path) -> None:
    checks = {one["name"]: one for one in json.loads((out / "report.json").read_text())["checks"]}
    hours = 92 * 24
    assert hours - 60 < checks["generation_by_fuel"]["hours_checked"] <= hours
    assert not [worst for one in checks.values() for worst in one["worst"] if "CO2X" in worst["series_id"]]


def test_the_report_tells_its_figures_in_its_unit(out: Path) -> None:
    page = (out / "report" / "index.html").read_text()
    assert "<p>MW, short tons. " in page
    said = [line for line in page.splitlines() if "CO2X" in line and "around" in line]
    assert said
    assert not [line for line in said if " MW" in line]


def test_an_analyst_asks_for_it_by_its_word(out: Path) -> None:
    ask = (
        "import tests.pipelines.fifth_route, eia930, sys\n"
        "table = eia930.hours(sys.argv[1], regions=['PACW'], kinds=['CO2X.NG', 'D'], wide=True)\n"
        "units = {one.name: dict(one.metadata)[b'unit'].decode() for one in table.schema if one.metadata}\n"
        "print(table.num_rows, units)\n"
        "print(eia930.hours(sys.argv[1], regions=['PACW'], kinds=['CO2X.NG'])['kind_name'][0])"
    )
    said = run("-c", ask, str(out)).splitlines()
    assert said == ["2208 {'PACW.CO2X.NG': 'short tons', 'PACW.D': 'MWh'}", "Emissions from Natural Gas"]
