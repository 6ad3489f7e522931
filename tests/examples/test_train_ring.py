# SPDX-License-Identifier: Apache-2.0
"""The training example runs, says what it found, draws it, and finds the same again."""

import re
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from ringtrain.rivals import METHODS

SMALL = ("--days=16", "--steps=3", "--devices=2", "--seed=1")


@pytest.fixture(scope="module")
def twice(run: Callable[..., Any], panel: Path, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, str]]:
    found = []
    for number in range(2):
        folder = tmp_path_factory.mktemp(f"run{number}")
        page = folder / "page.md"
        page.write_text("before\n<!-- figures -->old<!-- /figures -->\nafter\n")
        done = run(
            "train_ring.py",
            str(panel),
            *SMALL,
            f"--images={folder}",
            f"--page={page}",
            f"--forecasts={folder / 'f.npz'}",
        )
        assert done.returncode in (0, 1), done.stderr
        assert "2 devices (cpu), zigzag" in done.stdout, done.stderr
        found.append((folder, page.read_text()))
    return found


def test_figures_stand_between_the_markers(twice: list[tuple[Path, str]]) -> None:
    text = twice[0][1]
    begun = "3 steps of 1 window of 16 days, 2 devices, `zigzag`, float32, seed 1, "
    begun += "with the target day's DF as an input;"
    assert text.startswith(f"before\n<!-- figures -->\n{begun}")
    assert text.endswith("<!-- /figures -->\nafter\n")
    assert "-->old" not in text
    assert "| mean of 3 areas | median | model better in | ERCO | NYIS |" in text
    assert text.count("\n| ") == 5
    assert "nine quantiles: weighted quantile loss" in text


def test_the_same_seed_gives_the_same_figures_and_drawings(twice: list[tuple[Path, str]]) -> None:
    (one, text), (other, again) = twice
    assert text == again
    for name in ("training-loss.png", "training-forecasts.png"):
        assert (one / name).read_bytes() == (other / name).read_bytes()
        assert 5_000 < (one / name).stat().st_size < 200_000


def test_the_model_stands_beside_simple_methods(
    run: Callable[..., Any], panel: Path, twice: list[tuple[Path, str]], tmp_path: Path
) -> None:
    if find_spec("lightgbm") is None:
        pytest.skip("lightgbm is not installed; make test-ml")
    folder, text = twice[0]
    pages = [tmp_path / name for name in ("page.md", "areas.md")]
    for page, marker in zip(pages, ("comparison", "areas"), strict=True):
        page.write_text(f"<!-- {marker} --><!-- /{marker} -->")
    where = f"--forecasts={folder / 'f.npz'}"
    done = run("compare_ring.py", str(panel), where, f"--page={pages[0]}", f"--areas_page={pages[1]}")
    assert done.returncode == 0, done.stderr
    summary, areas = (page.read_text() for page in pages)
    assert re.findall(r"^## (.*)$", areas, re.MULTILINE) == [
        "Mean absolute error",
        "Weighted quantile loss",
        "Hours in the 80 % interval",
    ]
    assert re.findall(r"^\| ([A-Z]+) \| ", areas, re.MULTILINE) == ["ERCO", "NYIS", "PACW"] * 3
    assert {line.count(" | ") for line in areas.splitlines() if line.startswith("| ")} == {len(METHODS) + 1}
    # The same hours and errors as the training's own table has.
    for name, other in (("the model", "the model"), ("day before", "the same hour a day before")):
        here = re.findall(rf"\n\| {name} \| ([\d.]+)%", summary)[0]
        there = re.findall(rf"\n\| {other} \| ([\d.]+)%", text)[0]
        assert float(here) == pytest.approx(float(there), abs=0.051)
    assert "| ridge, 28 days and DF | " in done.stdout


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "No such file"), (b"abc", "that is no .npz that train_ring.py --forecasts wrote")],
)
def test_forecasts_that_are_not_there(
    run: Callable[..., Any], panel: Path, tmp_path: Path, content: bytes | None, said: str
) -> None:
    if content:
        (tmp_path / "f.npz").write_bytes(content)
    done = run("compare_ring.py", str(panel), f"--forecasts={tmp_path / 'f.npz'}")
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
