# SPDX-License-Identifier: Apache-2.0
"""The snippets of docs/training-format.md run, one after the other, beside a data set."""

import re
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from ringdata import Cuts, hour
from ringdata.blocks import schema
from ringdata.config import PANEL, SERIES
from ringdata.layout import BlockGrid
from ringdata.sequences import SCHEMA

PAGE = Path(__file__).resolve().parents[2] / "docs" / "training-format.md"
SNIPPET = re.compile(r"(?:<!-- needs: ([\w ]+) -->\n)?```python\n(.*?)```", re.DOTALL)
SNIPPETS = SNIPPET.findall(PAGE.read_text("utf-8"))
WORDS = PAGE.read_text("utf-8")


@pytest.fixture(scope="module")
def beside(record: Any, writer: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set one of whose series is a day-ahead forecast."""
    folder = tmp_path_factory.mktemp("docs")
    *others, last = record.members
    writer(folder / "data", replace(record, members=(*others, replace(last, type="DF"))), described=True)
    return folder


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    """What earlier snippets have defined."""
    return {}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("place", range(len(SNIPPETS)))
def test_snippets_run(place: int, beside: Path, names: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    needs, code = SNIPPETS[place]
    absent = [name for name in needs.split() if not find_spec(name)]
    if absent:
        pytest.skip(f"{', '.join(absent)} not installed: this snippet cannot run")
    monkeypatch.chdir(beside)
    if "data" not in names and place:
        exec(SNIPPETS[0][1], names)
    exec(compile(code, f"{PAGE.name}, snippet {place}", "exec"), names)


def test_there_are_snippets() -> None:
    assert len(SNIPPETS) >= 8


def test_every_column_is_described() -> None:
    for name in [*schema(BlockGrid(SERIES, 1)).names, *SCHEMA.names]:
        assert f"`{name}`" in WORDS


def test_the_dates_are_the_defaults() -> None:
    for split in ("train", "validation", "test"):
        (line,) = [line for line in WORDS.splitlines() if line.startswith(f"| `{split}` |")]
        named = [hour(text) for text in re.findall(r"\d{4}-\d\d-\d\dT\d\d", line)]
        assert named == [bound for bound in Cuts().hours(split) if 0 < bound < 1 << 39]


def test_files_have_the_columns_that_are_described(data_set: Path) -> None:
    for config, grid in (("series", BlockGrid(SERIES, 1)), ("panel", BlockGrid(PANEL, 8))):
        path = next((data_set / "blocks" / config).glob("train-*.parquet"))
        assert pq.read_schema(path).equals(schema(grid))
