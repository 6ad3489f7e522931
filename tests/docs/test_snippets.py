# SPDX-License-Identifier: Apache-2.0
"""The Python of README.md, docs/formats.md and docs/common-tasks.md runs as it stands, beside the output of a load."""

import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from eia930.emulator import Emulator, synthetic
from eia930.reference.hours import parse_hour
from pipelines.historical import main

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "docs/formats.md", "docs/common-tasks.md")
SNIPPET = re.compile(r"(?:<!-- needs: ([\w ]+) -->\n)?```python\n(.*?)```", re.DOTALL)
SNIPPETS = [(page, *found) for page in PAGES for found in SNIPPET.findall((ROOT / page).read_text("utf-8"))]
NOW = parse_hour("2024-03-01T00")


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `data/`, as a load of two regions leaves it."""
    folder = tmp_path_factory.mktemp("beside")
    pace = ("--requests_per_hour=1000000", "--burst_per_second=1000")
    asked = ("--regions=PACW,ERCO", "--end=2024-03-01", "--formats=parquet,avro", "--refresh")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EIA_API_KEY", "0123456789abcdef")
        # Two months were asked for before, and are revised.
        for start, hour, defects in (("2024-01-01", NOW - 1, False), ("2019-01-01", NOW, True)):
            with Emulator(synthetic(now=NOW, defects=defects), now=hour) as server:
                words = (f"--api_url={server.url}", f"--output={folder / 'data'}", f"--start={start}")
                assert main([*words, *asked, *pace]) == 0
    return folder


@pytest.mark.parametrize(("page", "needs", "code"), SNIPPETS)
def test_snippets_run(page: str, needs: str, code: str, beside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in needs.split():
        if not find_spec(name):
            pytest.skip(f"{name} is not here: this snippet is for the readers")
    monkeypatch.chdir(beside)
    names: dict[str, Any] = {}
    exec(compile(code, page, "exec"), names)
    if "hours" in names:
        # Whatever reads the folder finds the same rows.
        files = json.loads((beside / "data/manifest.json").read_text())["files"]
        assert len(names["hours"]) == sum(one["rows"] for one in files if one["path"].startswith("tidy/"))
    if "complete" in names:
        # An hour of demand a row, and none without a figure.
        figures = getattr(names["complete"], "to_pylist", lambda: list(names["complete"]))()
        series = json.loads((beside / "data/report.json").read_text())["series"]
        assert len(figures) == sum(one["hours"] for one in series if one["kind"] == "D")
        assert all(mw is not None and mw > 0 for mw in figures)


def test_every_page_has_snippets() -> None:
    assert {page for page, _, _ in SNIPPETS} == set(PAGES)
