# SPDX-License-Identifier: Apache-2.0
"""The lines of docs/formats.md for forecasting libraries: every hour is there, and what is doubted or missing is NaN.

Run by `make test-forecasting`, in an environment that has the libraries.
"""

import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/formats.md").read_text("utf-8")
(PART,) = re.findall(r"### Forecasting libraries\n(.*?)\n## ", PAGE, re.DOTALL)
SNIPPETS = dict(re.findall(r"<!-- needs: pandas ?(\w*) -->\n```python\n(.*?)```", PART, re.DOTALL))
pytestmark = pytest.mark.filterwarnings("ignore")
Demand = dict[str, dict[int, float]]


@pytest.fixture(scope="module")
def trusted(beside: Path) -> tuple[Demand, int, int]:
    """By series the values that no flag doubts, by the hour's beginning; the first hour of all, and the last."""
    found: Demand = {}
    hours: list[int] = []
    for path in sorted((beside / "data/tidy/region-data").rglob("*.parquet")):
        for row in pq.read_table(path, partitioning=None).to_pylist():
            if row["type"] == "D":
                hours.append(int(row["period"].timestamp()) // 3600 - 1)
                series = found.setdefault(row["series_id"], {})
                if row["value"] is not None and row["flag"] is None:
                    series[hours[-1]] = row["value"]
    assert sum(map(len, found.values())) < len(hours), "some are doubted, or missing"
    return found, min(hours), max(hours)


def run(library: str, beside: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the lines for a library leave."""
    for name in ("pandas", *filter(None, [library])):
        if not find_spec(name):
            pytest.skip(f"{name} is not here, for the readers of forecasts")
    monkeypatch.chdir(beside)
    names: dict[str, Any] = {}
    for name in dict.fromkeys(["", library]):
        exec(compile(SNIPPETS[name], "docs/formats.md", "exec"), names)
    return names


def check(values: Any, wanted: dict[int, float], first: int, last: int) -> None:
    """A value an hour, from the first to the last."""
    held = [float(value) for value in values]
    assert len(held) == last - first + 1
    there = {first + place: value for place, value in enumerate(held) if value == value}
    assert there == pytest.approx(wanted, rel=1e-6)


def test_there_are_lines_for_each_library() -> None:
    assert list(SNIPPETS) == ["", "gluonts", "datasets", "utilsforecast", "darts"]


def test_a_column_a_series(beside: Path, trusted: tuple[Demand, int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    found, first, last = trusted
    demand = run("", beside, monkeypatch)["demand"]
    assert list(demand) == sorted(found)
    assert int(demand.index[0].timestamp()) // 3600 == first
    for name, wanted in found.items():
        check(demand[name], wanted, first, last)


def test_gluonts(beside: Path, trusted: tuple[Demand, int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    found, first, last = trusted
    entries = list(run("gluonts", beside, monkeypatch)["gluonts_data"])
    assert [entry["item_id"] for entry in entries] == sorted(found)
    for entry in entries:
        assert int(entry["start"].to_timestamp().timestamp()) // 3600 == first
        check(entry["target"], found[entry["item_id"]], first, last)


def test_lotsa(beside: Path, trusted: tuple[Demand, int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    found, first, last = trusted
    names = run("datasets", beside, monkeypatch)
    rows = list(names["datasets"].load_from_disk("data/lotsa"))
    assert [row["item_id"] for row in rows] == sorted(found)
    for row in rows:
        assert (row["freq"], (row["start"] - row["start"].utcfromtimestamp(0)).total_seconds() // 3600) == ("h", first)
        check(row["target"], found[row["item_id"]], first, last)


def test_nixtla(beside: Path, trusted: tuple[Demand, int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    found, first, last = trusted
    long = run("utilsforecast", beside, monkeypatch)["nixtla"]
    fill_gaps = import_module("utilsforecast.preprocessing").fill_gaps
    assert len(fill_gaps(long, freq="h")) == len(long), "no hour is left out"
    for name, part in long.groupby("unique_id"):
        check(part.y, found[name], first, last)


def test_darts(beside: Path, trusted: tuple[Demand, int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    found, first, last = trusted
    series = run("darts", beside, monkeypatch)["darts_series"]
    assert list(series.components) == sorted(found)
    assert int(series.start_time().timestamp()) // 3600 == first
    for name, wanted in found.items():
        check(series[name].values()[:, 0], wanted, first, last)
