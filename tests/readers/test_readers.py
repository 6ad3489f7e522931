# SPDX-License-Identifier: Apache-2.0
"""Every reader that docs/formats.md names reads tidy/ as it lies on the disk: the same rows, the same sum.

Run by `make test-readers`, in an environment that has them all; elsewhere each that is absent is skipped.
"""

import json
import os
import re
import subprocess
import sys
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SNIPPET = re.compile(r"(?:<!-- needs: ([\w ]+) -->\n)?```python\n(.*?)```", re.DOTALL)
PAGE = (ROOT / "docs/formats.md").read_text("utf-8")
READERS = [found for found in SNIPPET.findall(PAGE) if "data/tidy" in found[1] or "data/revisions" in found[1]]
SPARK_35 = ROOT / "build/spark35"
DAYS = (date(2024, 2, 1) - date(2023, 7, 1)).days
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def rows(beside: Path) -> int:
    """How many rows tidy/region-data has, by the manifest."""
    files = json.loads((beside / "data/manifest.json").read_text())["files"]
    return sum(int(file["rows"]) for file in files if file["path"].startswith("tidy/region-data/"))


@pytest.mark.parametrize(("needs", "code"), READERS)
def test_the_lines_of_the_page_read_all_rows(
    needs: str, code: str, beside: Path, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (*needs.split(), *re.findall(r"^(?:import|from) (\w+)", code, re.MULTILINE)):
        if not find_spec(name):
            pytest.skip(f"{name} is not here, for the readers")
    monkeypatch.chdir(beside)
    names: dict[str, Any] = {}
    exec(compile(code, "docs/formats.md", "exec"), names)
    if "hours" in names:
        assert len(names["hours"]) == rows
    if "complete" in names:
        # An hour of demand a row, and none without a figure.
        figures = getattr(names["complete"], "to_pylist", lambda: list(names["complete"]))()
        assert len(figures) == 2 * DAYS * 24
        assert all(mw is not None and mw > 0 for mw in figures)


SPARK = """
import pyspark
from pyspark.sql import SparkSession
local = {"spark.ui.enabled": "false", "spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}
spark = SparkSession.builder.master("local[1]").config(map=local).getOrCreate()
found = spark.read.parquet("data/tidy/region-data")
print("READ", pyspark.__version__, found.count(), int(found.agg({"value": "sum"}).collect()[0][0]))
"""


@pytest.mark.parametrize("version", ["3.5", "4.1"])
def test_spark_reads_every_row_and_value(version: str, beside: Path, rows: int) -> None:
    there = find_spec("pyspark") and (version != "3.5" or SPARK_35.exists())
    if not there:
        pytest.skip(f"Spark {version} is not here, for the readers")
    path = {"PYTHONPATH": str(SPARK_35)} if version == "3.5" else {}

    line = [sys.executable, "-c", SPARK]
    ran = subprocess.run(line, cwd=beside, env={**os.environ, **path}, capture_output=True, text=True, check=False)
    (said,) = re.findall(r"READ (\d\.\d)\S* (\d+) (-?\d+)", ran.stdout) or [ran.stderr]
    assert said == (version, str(rows), str(int(total(beside))))


def total(beside: Path) -> float:
    """The sum over all values, file by file."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    files = sorted((beside / "data/tidy/region-data").rglob("*.parquet"))
    return float(sum(pc.sum(pq.ParquetFile(path).read(["value"])["value"]).as_py() for path in files))


@pytest.mark.parametrize("engine", ["pyarrow", "fastparquet"])
def test_pandas_reads_the_same_values_with_either_engine(engine: str, beside: Path, rows: int) -> None:
    pandas = pytest.importorskip("pandas", reason="for the readers")
    pytest.importorskip(engine, reason="for the readers")
    hours = pandas.read_parquet(beside / "data/tidy/region-data", engine=engine)
    assert (len(hours), float(hours["value"].sum())) == (rows, total(beside))
    assert set(hours["respondent"]) == {"PACW", "ERCO"}
    assert str(hours["period"].max()) >= "2024-01-31 23:00:00"


def test_folders_named_as_hive_does_are_a_dictionary_or_refused(beside: Path, rows: int) -> None:
    """As the page says: text in the name and a dictionary in the file do not meet; each line of it reads all."""
    import pyarrow as pa
    import pyarrow.dataset as ds

    place = str(beside / "data/tidy/region-data")
    with pytest.raises((pa.ArrowInvalid, pa.ArrowTypeError), match="respondent"):
        ds.dataset(place, partitioning="hive").to_table()
    keyed = ds.dataset(place, partitioning=ds.HivePartitioning.discover(infer_dictionary=True))
    found = {code: keyed.to_table(filter=ds.field("respondent") == code) for code in ("PACW", "ERCO")}
    assert sum(one.num_rows for one in found.values()) == keyed.count_rows() == rows
    assert {code: one["respondent"].unique().to_pylist() for code, one in found.items()} == {
        code: [code] for code in found
    }


def test_dask_refuses_the_names_of_the_folders_unless_told_to_leave_them(beside: Path, rows: int) -> None:
    dask = pytest.importorskip("dask.dataframe", reason="for the readers")
    place = str(beside / "data/tidy/region-data")
    with pytest.raises(Exception, match="respondent"):
        dask.read_parquet(place).compute()
    assert len(dask.read_parquet(place, dataset={"partitioning": None})) == rows
