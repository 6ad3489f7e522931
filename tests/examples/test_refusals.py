# SPDX-License-Identifier: Apache-2.0
"""What the training example cannot do is one line and exit 2, at once."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ringdata import card_file, config_files, plan_series, shard_files
from tests.examples.conftest import CUTS, MEMBERS, load


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--batch=5000",), "--batch=5000: train has 2"),
        (("--batch=0",), "--batch=0: train has 2"),
        (("--replicas=3",), "--replicas=3: of 2 devices; give a divisor of that"),
        (("--replicas=0",), "--replicas=0: of 2 devices"),
        (("--replicas=2",), "--batch=1: 2 rings share it out; give a multiple of --replicas=2"),
        (
            ("--days=10", "--devices=8"),
            "--days=10: zigzag on 8 devices takes a multiple of 16 above 7; the nearest: 16",
        ),
        (("--days=20", "--devices=8"), "a multiple of 16 above 7; the nearest: 16 or 32"),
        (("--days=4", "--order=contiguous"), "contiguous on 2 devices takes a multiple of 2 above 7; the nearest: 8"),
        (("--days=0",), "--days=0: zigzag on 2 devices takes a multiple of 4 above 7; the nearest: 8"),
        (("--days=400",), "no window of 76800 tokens in split"),
    ],
)
def test_choices_that_do_not_fit(run: Callable[..., Any], panel: Path, words: tuple[str, ...], said: str) -> None:
    _refused(run("train_ring.py", str(panel), "--devices=2", "--days=16", *words), said)


def test_blocks_of_single_series(run: Callable[..., Any], tmp_path: Path) -> None:
    layout = plan_series(MEMBERS, cuts=CUTS)
    files = [*config_files(layout, MEMBERS, load, formats=["parquet"]), card_file([layout])]
    files += [
        file for shard in layout.shards for file in shard_files(layout, MEMBERS, shard, load, formats=["parquet"])
    ]
    for file in files:
        (tmp_path / file.path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file.path).write_bytes(file.data)
    said = "blocks/series holds blocks of series, one series a window: give OUTPUT/blocks/panel"
    _refused(run("train_ring.py", str(tmp_path / "blocks/series")), said)
    for program in ("train_ring.py", "check_ring.py"):
        _refused(run(program, str(tmp_path)), "has no layout.json: give a folder of panel blocks")


def test_a_folder_that_is_not_whole(run: Callable[..., Any], panel: Path, tmp_path: Path) -> None:
    shutil.copytree(panel, tmp_path / "panel", ignore=shutil.ignore_patterns("manifest.json"))
    _refused(run("train_ring.py", str(tmp_path / "panel")), "no manifest.json")


def _refused(done: Any, said: str) -> None:
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
