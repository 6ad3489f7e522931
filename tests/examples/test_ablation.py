# SPDX-License-Identifier: Apache-2.0
"""The ablation gives every context the same days and targets; killed and begun again it finds the same figures."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.examples.conftest import killed

SMALL = ("--areas=ERCO,NYIS", "--stretch=28", "--contexts=7,28", "--steps=4", "--every=2", "--devices=1")


pytestmark = pytest.mark.usefixtures("orbax")


@pytest.fixture(scope="module")
def whole(run: Callable[..., Any], panel: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What an ablation of four cells says that nobody stops, and its folder."""
    folder = tmp_path_factory.mktemp("whole")
    page = folder / "page.md"
    page.write_text("<!-- contexts --><!-- /contexts -->")
    words = (*SMALL, "--seeds=0,1", f"--work={folder / 'work'}", f"--images={folder}", f"--page={page}")
    done = run("ablate_ring.py", str(panel), *words)
    assert done.returncode == 0, done.stderr
    return page.read_text(), folder


def test_every_cell_stands_in_the_table_and_the_drawing(whole: tuple[str, Path]) -> None:
    text, folder = whole
    assert re.findall(r"\n\| (\d+) days? \| (\d) ", text) == [("7", "2"), ("28", "2")]
    assert re.search(r"\n\| 28 days \| 2 \| .*% to .*% \| [+-][\d.]+% \|", text)
    assert 5_000 < (folder / "training-contexts.png").stat().st_size < 200_000


def test_killed_and_begun_again_it_finds_the_same(
    run: Callable[..., Any], panel: Path, whole: tuple[str, Path], tmp_path: Path
) -> None:
    words = (str(panel), *SMALL, f"--work={tmp_path / 'work'}", f"--images={tmp_path}")
    said = killed("ablate_ring.py", *words, "--seeds=0", at="28-days-seed-0: kept step 2")
    assert any(line.startswith("7-days-seed-0: validation") for line in said)
    again = run("ablate_ring.py", *words, "--seeds=0")
    assert again.returncode == 0, again.stderr
    assert "28-days-seed-0: resumed after step 2" in again.stdout
    assert "7-days-seed-0: kept" not in again.stdout
    # The second seed in a run of its own: the table holds all that are done.
    last = run("ablate_ring.py", *words, "--seeds=1")
    table = last.stdout[last.stdout.index("| context") :].strip()
    assert table in whole[0]
    for found in sorted((whole[1] / "work").glob("*/found.json")):
        assert (tmp_path / "work" / found.parent.name / "found.json").read_text() == found.read_text()
    assert (tmp_path / "training-contexts.png").read_bytes() == (whole[1] / "training-contexts.png").read_bytes()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--contexts=5",), "--contexts=5: give divisors of --stretch=28"),
        (
            ("--devices=2", "--contexts=1"),
            "--contexts=1: zigzag on 2 devices takes a multiple of 4 tokens",
        ),
        (("--areas=ERCO,XXXX",), "--areas=ERCO,XXXX: the blocks hold no EBA.XXXX-ALL.D.H"),
        (("--stretch=364",), "--stretch=364: train has 289 days"),
    ],
)
def test_choices_that_do_not_fit(
    run: Callable[..., Any], panel: Path, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    _refused(run("ablate_ring.py", str(panel), *SMALL, *words, f"--work={tmp_path}"), said)


def test_what_rests_on_other_choices_is_refused(run: Callable[..., Any], panel: Path, whole: tuple[str, Path]) -> None:
    words = (*SMALL, "--seeds=0", "--rate=0.1", f"--work={whole[1] / 'work'}")
    _refused(run("ablate_ring.py", str(panel), *words), "rests on other rate; say the same, or give another --work")


def _refused(done: Any, said: str) -> None:
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stdout == ""
