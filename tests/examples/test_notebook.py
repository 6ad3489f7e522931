# SPDX-License-Identifier: Apache-2.0
"""The notebook's cells run in order, beside an output of two regions; what they show is what was put there."""

import hashlib
import json
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

NOTEBOOK = Path(__file__).resolve().parents[2] / "examples" / "analysis.ipynb"
CELLS = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
HOURS = np.arange(np.datetime64("2023-10-28T00"), np.datetime64("2023-11-15T00"))
FLAGGED = 100


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    """A folder with `data/`, as far as the notebook reads it: one doubtful hour a series."""
    files = []
    for region in ("PACW", "ERCO"):
        flag = pa.array(["identical_run" if i == FLAGGED else None for i in range(len(HOURS))]).dictionary_encode()
        path = tmp_path / f"data/tidy/region-data/respondent={region}/part-00000.parquet"
        path.parent.mkdir(parents=True)
        with pq.ParquetWriter(path, _table(region, "D", flag).schema) as writer:
            for kind in ("D", "NG"):
                writer.write_table(_table(region, kind, flag))
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        files.append({"path": path.relative_to(tmp_path / "data").as_posix(), "sha256": sha256})
    (tmp_path / "data/manifest.json").write_text(json.dumps({"files": files}))
    return tmp_path


def _table(region: str, kind: str, flag: pa.Array) -> pa.Table:
    columns = {
        "series_id": pa.array([f"EBA.{region}-ALL.{kind}.H"] * len(HOURS)),
        "period": pa.array(HOURS.astype("datetime64[s]")).cast(pa.timestamp("s", "UTC")),
        "value": pa.array(1000.0 + np.arange(len(HOURS))),
        "flag": flag,
    }
    return pa.table(columns)


def test_the_cells_run_in_order(beside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for needed in ("pandas", "matplotlib"):
        if not find_spec(needed):
            pytest.skip(f"{needed} is not installed; pip install '.[analysis]'")
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.chdir(beside)
    names: dict[str, Any] = {}
    for number, cell in enumerate(one for one in CELLS if one["cell_type"] == "code"):
        exec(compile("".join(cell["source"]), f"{NOTEBOOK.name}, cell {number}", "exec"), names)
    lengths = names["lengths"].to_dict()
    assert {day: hours for day, hours in lengths.items() if hours not in (2, 24)} == {date(2023, 11, 5): 25}
    assert len(names["axes"].lines) == 2
    assert len(names["doubtful"]) == names["left_out"] == 4


def test_it_is_stored_without_what_a_run_leaves() -> None:
    for cell in CELLS:
        if cell["cell_type"] == "code":
            assert (cell["outputs"], cell["execution_count"]) == ([], None)
