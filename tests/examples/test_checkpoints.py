# SPDX-License-Identifier: Apache-2.0
"""A training that is killed goes on from its last checkpoint, and ends with the same weights to the bit."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.examples.conftest import killed

SMALL = ("--days=16", "--steps=6", "--devices=2", "--seed=1", "--every=2")
WEIGHTS = re.compile(r"^weights (\w{16})$", re.MULTILINE)


pytestmark = pytest.mark.usefixtures("orbax")


@pytest.fixture(scope="module")
def whole(run: Callable[..., Any], panel: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What a training says that nobody stops, and its folder."""
    folder = tmp_path_factory.mktemp("whole")
    done = run("train_ring.py", str(panel), *SMALL, f"--checkpoints={folder / 'kept'}", f"--images={folder}")
    assert done.returncode in (0, 1), done.stderr
    return done.stdout, folder


def test_killed_and_begun_again_it_ends_with_the_same_bits(
    run: Callable[..., Any], panel: Path, whole: tuple[str, Path], tmp_path: Path
) -> None:
    said, drawn = whole
    kept = tmp_path / "kept"
    assert "kept step 4" in killed("train_ring.py", str(panel), *SMALL, f"--checkpoints={kept}", at="kept step 4")
    again = run("train_ring.py", str(panel), *SMALL, f"--checkpoints={kept}", f"--images={tmp_path}")
    assert again.returncode in (0, 1), again.stderr
    assert "resumed after step 4" in again.stdout
    assert WEIGHTS.findall(again.stdout) == WEIGHTS.findall(said) != []
    figures = [text[text.index("6 steps of 1 window") :] for text in (said, again.stdout)]
    assert figures[0] == figures[1]
    # The curves too are those of the whole training.
    for name in ("training-loss.png", "training-forecasts.png"):
        assert (tmp_path / name).read_bytes() == (drawn / name).read_bytes()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--seed=2",), "that training has seed 1, not seed 2; say the same, or give another folder"),
        (("--ahead=0",), "that training has fingerprint panel-8-"),
        (("--steps=9", "--rate=0.1"), "has steps 6, rate 0.004, not steps 9, rate 0.1;"),
        (("--every=0",), "--every=0: give 1 step or more"),
    ],
)
def test_another_training_is_refused(
    run: Callable[..., Any], panel: Path, whole: tuple[str, Path], words: tuple[str, ...], said: str
) -> None:
    _refused(run("train_ring.py", str(panel), *SMALL, *words, f"--checkpoints={whole[1] / 'kept'}"), said)


def test_a_folder_that_is_none_is_refused(run: Callable[..., Any], panel: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    _refused(run("train_ring.py", str(panel), *SMALL, f"--checkpoints={tmp_path / 'file'}"), "that is no folder")


def test_a_damaged_checkpoint_is_refused(
    run: Callable[..., Any], panel: Path, whole: tuple[str, Path], tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    shutil.copytree(whole[1] / "kept", kept)
    for path in (kept / "6").rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    _refused(run("train_ring.py", str(panel), *SMALL, f"--checkpoints={kept}"), "step 6 cannot be read")


def _refused(done: Any, said: str) -> None:
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stdout.count("\n") <= 1
