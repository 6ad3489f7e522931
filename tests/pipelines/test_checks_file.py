# SPDX-License-Identifier: Apache-2.0
"""checks.parquet beside a load: in the manifest, joined to tidy/ by one line, and counted on the page."""

import json
from pathlib import Path

import duckdb
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from eia930.emulator import Emulator, synthetic
from eia930.reference.hours import parse_hour
from pipelines import blocks, historical, verify

NOW = parse_hour("2024-03-01T00")
JOIN = """
    from (select distinct t.* from '{0}/tidy/{1}/*/*.parquet' t join '{0}/checks.parquet' c
    on t.series_id = c.series_id and t.period >= c.first_hour and t.period < c.first_hour + to_hours(c.hours))
    where value is not null
"""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("checked") / "out"
    with pytest.MonkeyPatch.context() as patch, Emulator(synthetic(now=NOW), now=NOW) as server:
        patch.setenv("EIA_API_KEY", "0123456789abcdef")
        words = ("--regions=PACW,BPAT,CISO", "--routes=all", "--start=2023-06-01", "--end=2024-02-01")
        pace = ("--requests_per_hour=1000000", "--burst_per_second=1000", "--formats=parquet")
        assert historical.main([f"--api_url={server.url}", f"--output={out}", *words, *pace]) == 0
    return out


def test_every_check_that_found_hours_has_its_stretches(loaded: Path) -> None:
    table, report = pq.read_table(loaded / "checks.parquet"), json.loads((loaded / "report.json").read_text())
    hours = {
        row["check"]: row["hours_sum"] for row in table.group_by("check").aggregate([("hours", "sum")]).to_pylist()
    }
    broken = {check["name"]: check["hours_broken"] for check in report["checks"] if check["hours_broken"]}
    assert broken
    assert set(hours) == set(broken)
    # An hour of a part that breaks two sums counts in each of them, and has one row.
    assert all(0 < hours[name] <= broken[name] for name in broken)
    named = {(check["name"], worst["series_id"]) for check in report["checks"] for worst in check["worst"]}
    assert named <= {(row["check"], row["series_id"]) for row in table.to_pylist()}


def test_the_page_counts_the_hours_that_the_join_finds(loaded: Path) -> None:
    report = json.loads((loaded / "report/report.json").read_text())
    found = flagged = 0
    for route in sorted(path.name for path in (loaded / "tidy").iterdir()):
        found += len(duckdb.execute(f"select * {JOIN.format(loaded, route)}").fetchall())
        flagged += len(duckdb.execute(f"select * {JOIN.format(loaded, route)} and flag is not null").fetchall())
    told = report["quality"]
    assert told["contradicted"] == found > 0
    assert told["doubted"] == told["flagged"] + found - flagged
    (said,) = (one for one in told["verdict"] if "to be distrusted" in one)
    assert f"{told['doubted']:,} hours" in said
    assert f"{found:,} that a cross-check finds wrong" in said
    page = (loaded / "report/index.html").read_text()
    assert 'data-key="quality.contradicted"' in page


def test_it_is_in_the_manifest_and_stays_when_blocks_are_cut_again(loaded: Path) -> None:
    cuts = ("--validation_start=2023-09-01", "--test_start=2023-11-15", "--formats=parquet")
    assert blocks.main([f"--output={loaded}", *cuts]) == 0
    listed = {file["path"]: file for file in json.loads((loaded / "manifest.json").read_text())["files"]}
    assert listed["checks.parquet"]["rows"] == pq.read_table(loaded / "checks.parquet").num_rows > 0
    assert verify.main([f"--output={loaded}"]) == 0
    assert pc.sum(pq.read_table(loaded / "checks.parquet")["hours"]).as_py() > 0
