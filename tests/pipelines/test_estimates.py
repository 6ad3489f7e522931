# SPDX-License-Identifier: Apache-2.0
"""Estimates of a load, end to end: demand without holes, an account that still counts them, blocks that do not move."""

import hashlib
import json
from pathlib import Path
from typing import Any

import fastavro
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pytest

from eia930.coverage.from_tidy import count_tidy, files_of, loaded_spans
from eia930.emulator import Emulator, synthetic
from eia930.reference.hours import parse_hour
from eia930.store.storage import Storage
from pipelines import blocks
from pipelines.historical import main
from tests.eia930.few import few_files

NOW = parse_hour("2024-03-01T00")
ASKED = ("--regions=ERCO,MISO", "--routes=region-data,region-sub-ba-data", "--start=2023-05-01", "--end=2023-09-01")
FORMATS = "--formats=parquet,tfrecord,avro"
PACE = ("--requests_per_hour=1000000", "--burst_per_second=1000")


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A load of two authorities and their sub-regions, some of whose hours are gone or doubtful."""
    folder = tmp_path_factory.mktemp("out")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EIA_API_KEY", "x")
        with Emulator(synthetic(now=NOW)) as server:
            assert main([f"--api_url={server.url}", f"--output={folder}", *ASKED, *PACE, FORMATS]) == 0
    return folder


def table(out: Path, route: str) -> pa.Table:
    return ds.dataset(out / "tidy" / route, format="parquet").to_table()


def digests(out: Path, *folders: str) -> dict[str, str]:
    paths = sorted(path for folder in folders for path in (out / folder).rglob("*") if path.is_file())
    return {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def report(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "report.json").read_text())
    return found


def test_demand_is_complete_from_its_first_hour_to_its_last(out: Path) -> None:
    demand = table(out, "region-data").filter(pc.field("type") == "D").select(["series_id", "period", "value", "flag"])
    assert demand["value"].null_count > 10
    assert len(demand) - demand["flag"].null_count > 0
    told = {one["series_id"]: one for one in report(out)["series"]}
    for route, kind in (("region-data", pc.field("type") == "D"), ("region-sub-ba-data", pc.field("subba") != "")):
        rows = table(out, route).filter(kind)
        for name in pc.unique(rows["series_id"]).to_pylist():
            mine = rows.filter(pc.field("series_id") == name)
            first, last = (parse_hour(told[name][end]) for end in ("first", "last"))
            hours = mine["period"].cast(pa.timestamp("s", "UTC")).cast(pa.int64()).to_numpy() // 3600
            inside = mine.filter(pa.array((hours >= first) & (hours <= last)))
            assert len(inside) == last - first + 1
            assert pc.coalesce(inside["estimate"], inside["value"]).null_count == 0
            stands = pc.and_(inside["value"].is_valid(), inside["flag"].is_null())
            assert pc.any(pc.and_(stands, inside["estimate"].is_valid())).as_py() is False
            assert told[name]["estimated"] == len(inside) - inside["estimate"].null_count


def test_only_demand_has_estimates(out: Path) -> None:
    others = table(out, "region-data").filter(pc.field("type") != "D")
    assert others["estimate"].null_count == others["source"].filter(others["source"].is_valid()).length()


def test_what_nobody_reported_is_still_missing(out: Path) -> None:
    told, rows = report(out), [table(out, route) for route in ("region-data", "region-sub-ba-data")]
    added = sum(part["source"].null_count for part in rows)
    assert added > 10
    assert sum(map(len, rows)) - added == told["rows"]["kept"]
    assert told["hours"]["missing"] >= added
    assert told["hours"]["present"] == sum(len(part) - part["value"].null_count for part in rows)
    storage = Storage.at(str(out))
    spans = loaded_spans(storage)
    counted = [one for span in spans for one in count_tidy(storage, span, files_of(storage, spans)).series]
    assert sum(int(one.rows.sum()) for one in counted) == told["rows"]["kept"]


def test_blocks_are_the_same_of_files_without_estimates_and_with_them(out: Path) -> None:
    """The load cuts them before anything is estimated, the other program of what was published."""
    before = digests(out, "blocks", "tfds")
    assert len(before) > 8
    assert blocks.main([f"--output={out}", "--formats=parquet,tfrecord"]) == 0
    assert digests(out, "blocks", "tfds") == before


def test_avro_has_the_same_rows(out: Path) -> None:
    path = out / "avro/region-data/respondent=ERCO/part-00000.avro"
    with path.open("rb") as file:
        found = list(fastavro.reader(file))
    tidy = ds.dataset(out / "tidy/region-data/respondent=ERCO", format="parquet").to_table()
    assert found == tidy.cast(pa.schema([*tidy.schema])).to_pylist()


def test_the_same_load_again_keeps_every_byte(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = digests(out, "tidy", "avro")
    monkeypatch.setenv("EIA_API_KEY", "x")
    with Emulator(synthetic(now=NOW)) as server:
        assert main([f"--api_url={server.url}", f"--output={out}", *ASKED, *PACE, FORMATS]) == 0
    assert digests(out, "tidy", "avro") == before


def test_eia_s_own_figures_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EIA_API_KEY", raising=False)
    with Emulator(synthetic(now=NOW), files=few_files("CISO", "ERCO", "MISO", now=NOW)) as server:
        where = (f"--files_url={server.files_url}", f"--output={tmp_path}", "--source=files", "--formats=parquet")
        assert main([*where, "--regions=ERCO,MISO", "--start=2023-05-01", "--end=2023-09-01"]) == 0
    rows = table(tmp_path, "region-data").filter(pc.field("estimate_by") == "eia")
    assert rows["value"].null_count > 10
    assert len(rows) > rows["value"].null_count
    assert np.array_equal(rows["estimate"].to_numpy(), rows["adjusted"].to_numpy())


def test_the_page_says_whose_hours_are_estimated_and_draws_them(out: Path) -> None:
    told, page = report(out), json.loads((out / "report/report.json").read_text())["quality"]
    some = [one for one in told["series"] if one["estimated"]]
    assert page["estimated"]["hours"] == sum(one["estimated"] for one in some) > 20
    assert page["estimated"]["series"] == len(some)
    assert sum(line["hours"] for line in page["estimated"]["by"]) == page["estimated"]["hours"]
    worst = page["estimated"]["stretches"][0]
    assert worst["hours"] == max(one["longest_gap"] for one in some)
    html = (out / "report/index.html").read_text()
    assert f"{worst['series_id']}</th>" in html
    assert '<path class="estimate"' in html
