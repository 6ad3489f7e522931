# SPDX-License-Identifier: Apache-2.0
"""--inputs=estimate, end to end: what unobserved demand holds, what an output remembers of it, and what never moves."""

import hashlib
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from eia930.emulator import Emulator, synthetic
from eia930.estimating.causal.filling import REACH
from eia930.reference.hours import parse_hour, stamp
from pipelines import blocks, historical
from ringdata import RingBlocks

NOW = parse_hour("2024-03-01T00")
PACE = ("--requests_per_hour=1000000", "--burst_per_second=1000")
ASKED = ("--regions=ERCO,PACW,MISO", "--start=2023-01-01", "--end=2024-02-01", "--formats=parquet")
ROUTES = "--routes=region-data,region-sub-ba-data"
CUTS = ("--validation_start=2023-10-01", "--test_start=2023-12-15", "--embargo_hours=24")
Read = dict[tuple[str, str], dict[str, NDArray[Any]]]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A load with gaps, of authorities and sub-regions, cut as reported."""
    out = tmp_path_factory.mktemp("inputs") / "out"
    with pytest.MonkeyPatch.context() as patch, Emulator(synthetic(now=NOW), now=NOW) as server:
        patch.setenv("EIA_API_KEY", "0123456789abcdef")
        assert historical.main([f"--api_url={server.url}", f"--output={out}", *PACE, *ASKED, ROUTES, *CUTS]) == 0
    return out


@pytest.fixture
def out(loaded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(loaded, tmp_path / "out"))


def cut(out: Path, *words: str) -> int:
    return blocks.main([f"--output={out}", "--formats=parquet", *words])


def trees(out: Path, *names: str) -> dict[str, bytes]:
    found = [path for name in names for path in sorted((out / name).rglob("*")) if path.is_file()]
    return {str(path.relative_to(out)): path.read_bytes() for path in found}


def read(out: Path) -> Read:
    """All that a reader hands out of each config and split, a field after the other."""
    found: Read = {}
    for config in ("panel", "series"):
        for split in ("train", "validation", "test") if config == "panel" else ("train", "test"):
            data = RingBlocks(out / "blocks" / config, split=split, context=1024, seed=None, ahead=24)
            items = [{**data[n], "series": data[n]["slot"] + data.window(n).sequence_id} for n in range(len(data))]
            found[config, split] = {name: np.concatenate([item[name] for item in items]) for name in items[0]}
    return found


def names(out: Path) -> list[str]:
    return [row["series_id"] for row in pq.read_table(out / "blocks/panel/sequences.parquet").to_pylist()]


def test_value_alone_differs_where_demand_was_not_observed(out: Path) -> None:
    before, tidy = read(out), trees(out, "tidy")
    assert cut(out, "--inputs=estimate") == 0
    after, held = read(out), names(out)
    assert trees(out, "tidy") == tidy
    demand = np.array([name.endswith(".D.H") for name in held] + [False] * 64)
    filled = 0
    for part, one in before.items():
        two = after[part]
        assert {name for name in one if one[name].tobytes() != two[name].tobytes()} <= {"value"}
        changed = one["value"] != two["value"]
        assert not one["observed"][changed].any()
        assert demand[two["series"][changed]].all()
        assert np.isfinite(two["value"]).all()
        assert not two["target"][~two["loss_mask"]].any()
        assert not two["ahead_value"][~two["ahead_observed"]].any()
        filled += int(changed.sum())
    assert filled > 100


def test_what_is_filled_lies_within_a_month_after_an_hour_that_stands(out: Path) -> None:
    assert cut(out, "--inputs=estimate") == 0
    data = RingBlocks(out / "blocks/panel", split="train", context=1024, seed=None)
    width = data.slots
    value, observed = (
        np.concatenate([item[name].reshape(-1, width) for item in data]) for name in ("value", "observed")
    )
    for slot, name in enumerate(names(out)):
        hours = np.arange(len(value))
        age = hours - np.maximum.accumulate(np.where(observed[:, slot], hours, -(10**6)))
        given = (age > 0) & (age <= REACH)
        if not name.endswith(".D.H"):
            given[:] = False
        np.testing.assert_array_equal(value[~observed[:, slot], slot] != 0, given[~observed[:, slot]])


def test_the_output_remembers_and_a_change_is_told(out: Path, capfd: pytest.CaptureFixture[str]) -> None:
    reported = trees(out, "blocks", "blocks.json")
    assert b"inputs" not in (out / "blocks.json").read_bytes()
    assert cut(out, "--inputs=estimate") == 0
    said = capfd.readouterr()
    assert "warning: inputs change from reported to estimate: value is another where demand was not" in said.err
    assert "inputs    estimate: " in said.out
    estimate = trees(out, "blocks", "blocks.json")
    assert json.loads((out / "blocks.json").read_text())["inputs"] == "estimate"
    assert "inputs=estimate" in (out / "blocks/README.md").read_text()
    assert json.loads((out / "blocks/panel/layout.json").read_text())["inputs"] == "estimate"
    for forget in ((), ("raw/cut", "raw/filled"), ("raw/cut", "blocks")):
        for name in forget:
            shutil.rmtree(out / name)
        assert cut(out) == 0
        assert trees(out, "blocks", "blocks.json") == estimate
        assert "change" not in capfd.readouterr().err
    assert cut(out, "--inputs=reported") == 0
    assert "inputs change from estimate to reported" in capfd.readouterr().err
    assert trees(out, "blocks", "blocks.json") == reported


def test_a_damaged_store_of_fills_is_made_anew(out: Path) -> None:
    assert cut(out, "--inputs=estimate") == 0
    before, kept = trees(out, "blocks"), out / "raw/filled/demand"
    good = kept.read_bytes()
    for bad in (b"", good[:-5] + b"xxxxx"):
        kept.write_bytes(bad)
        shutil.rmtree(out / "raw/cut")
        assert cut(out) == 0
        assert trees(out, "blocks") == before
        assert kept.read_bytes() == good


def test_the_same_bytes_by_processes_of_their_own(out: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(out, tmp_path / "other"))
    assert cut(out, "--inputs=estimate") == 0
    workers = ("--direct_num_workers=2", "--direct_running_mode=multi_processing")
    assert cut(other, "--inputs=estimate", *workers) == 0
    assert trees(other, "blocks", "blocks.json") == trees(out, "blocks", "blocks.json")


def test_a_load_and_a_later_cut_give_the_same(out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EIA_API_KEY", "0123456789abcdef")
    assert cut(out, "--inputs=estimate") == 0
    with Emulator(synthetic(now=NOW), now=NOW) as server:
        words = (f"--api_url={server.url}", *PACE, *ASKED, ROUTES, *CUTS)
        assert historical.main([*words, f"--output={tmp_path / 'new'}", "--inputs=estimate"]) == 0
        assert historical.main([*words, f"--output={out}"]) == 0
    assert trees(tmp_path / "new", "blocks", "blocks.json", "tidy") == trees(out, "blocks", "blocks.json", "tidy")


def rewritten(out: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    """Other values in the tidy files, as another load would have written them."""
    manifest = json.loads((out / "manifest.json").read_text())
    for file in manifest["files"]:
        path = out / file["path"]
        if file["path"].startswith("tidy/"):
            parquet = pq.ParquetFile(path)
            with pq.ParquetWriter(f"{path}.new", parquet.schema_arrow, version="2.6") as writer:
                for group in range(parquet.num_row_groups):
                    writer.write_table(change(parquet.read_row_group(group)))
            Path(f"{path}.new").replace(path)
            data = path.read_bytes()
            file |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (out / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize(("trust", "seed"), [("none", 0), pytest.param("none", 1, marks=pytest.mark.slow), ("all", 0)])
def test_no_later_hour_of_any_series_changes_what_is_filled(out: Path, trust: str, seed: int) -> None:
    """All hours from some moment on are changed, in every series; forecasts from the hour after it on."""
    assert cut(out, "--inputs=estimate", f"--trust_flags={trust}") == 0
    before, held = read(out), names(out)
    chance = np.random.default_rng(seed)
    # With flags, the whole of the next split is another: flags of a split know its later hours, and no other split's.
    now = parse_hour("2023-10-01") if trust == "all" else parse_hour("2023-08-01") + int(chance.integers(1000))

    def change(rows: pa.Table) -> pa.Table:
        ahead = ".DF." in rows["series_id"][0].as_py() if len(rows) else False
        hour = rows["period"].cast(pa.timestamp("s", "UTC")).cast(pa.int64()).to_numpy() // 3600
        value = rows["value"].to_numpy().copy()
        later = hour > now if ahead else hour >= now
        later &= ~np.isnan(value)
        value[later] = np.round(chance.uniform(1, 90_000, later.sum()))
        place = rows.schema.get_field_index("value")
        return rows.set_column(place, rows.schema.field(place), pa.array(value, mask=np.isnan(value)))

    rewritten(out, change)
    assert cut(out, f"--trust_flags={trust}") == 0
    after, seen = read(out), 0
    for part, one in before.items():
        two = after[part]
        demand = np.array([name.endswith(".D.H") for name in held] + [False] * 64)[one["series"]]
        known = (one["position"] <= now) & demand & ~one["observed"]
        if trust == "all":
            known &= np.isin(one["position"], before["panel", "train"]["position"])
        assert one["value"][known].tobytes() == two["value"][known].tobytes()
        seen += int(np.count_nonzero(one["value"][known]))
        later = (one["position"] > now) & demand
        assert trust == "all" or (one["value"][later] != two["value"][later]).any() or not later.any()
    assert seen > 50


def test_a_past_state_is_as_it_was_and_may_be_asked_for_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EIA_API_KEY", "0123456789abcdef")
    out, kept = tmp_path / "out", tmp_path / "kept"
    began = parse_hour("2024-02-05T06")
    with Emulator(synthetic(now=NOW), now=began - 1) as server:
        words = [f"--api_url={server.url}", f"--output={out}", *PACE, "--regions=PACW", "--formats=parquet"]
        words += ["--start=2023-06-01", *CUTS, "--inputs=estimate"]
        assert historical.load(words, now=datetime.fromtimestamp(began * 3600 - 1800, UTC)) == 0
    shutil.copytree(out, kept)
    then = f"--as_of={stamp(began)}"
    assert historical.main([then, f"--raw={out}", f"--output={tmp_path / 'then'}"]) == 0
    assert trees(tmp_path / "then", "blocks", "tidy") == trees(kept, "blocks", "tidy")
    assert historical.main([then, f"--raw={out}", f"--output={tmp_path / 'plain'}", "--inputs=reported"]) == 0
    assert cut(kept, "--inputs=reported") == 0
    assert trees(tmp_path / "plain", "blocks") == trees(kept, "blocks")
    assert historical.main([then, f"--raw={out}", f"--output={tmp_path / 'again'}", "--inputs=estimate"]) == 0
    assert trees(tmp_path / "again", "blocks") == trees(out, "blocks")
