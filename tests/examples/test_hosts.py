# SPDX-License-Identifier: Apache-2.0
"""Two hosts of four devices each find what one host of eight finds, as one ring or as a ring each.

And a short window does not stop the program.
"""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.examples.conftest import EXAMPLES

SMALL = ("--days=16", "--steps=3", "--seed=1", "--batch=2")
LINE = re.compile(r"step +(\d+) +train (\S+) +validation (\S+)")
GLOO = re.compile(
    r"\[Gloo\] Rank | is connected to | peer ranks\. |Expected number of connected peer ranks is : |\d+|\n"
)
"""Its own words at each start, which two of its threads may write into each other."""


def free_port() -> int:
    """Nobody listens there now."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def one(run: Callable[..., Any], panel: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What one host of eight devices says."""
    done = run("train_ring.py", str(panel), *SMALL, "--devices=8", f"--images={tmp_path_factory.mktemp('one')}")
    assert done.returncode in (0, 1), done.stderr
    return str(done.stdout)


@pytest.fixture(scope="module", params=["one ring", "a ring each"])
def two(
    request: pytest.FixtureRequest, run: Callable[..., Any], panel: Path, tmp_path_factory: pytest.TempPathFactory
) -> list[tuple[str, Path]]:
    """What each of two hosts of four devices says, and the folder that it was to draw into."""
    rings = ["--replicas=2"] if request.param == "a ring each" else []
    where = f"--coordinator=127.0.0.1:{free_port()}"
    environment = {**os.environ, "PYTHONPATH": str(EXAMPLES.parent), "JAX_PLATFORMS": "cpu"}
    hosts = []
    for number in (0, 1):
        folder = tmp_path_factory.mktemp(f"host{number}") / "images"
        folder.mkdir()
        words = [*SMALL, *rings, "--devices=4", where, "--hosts=2", f"--host={number}", f"--images={folder}"]
        command = [sys.executable, str(EXAMPLES / "train_ring.py"), str(panel), *words]
        hosts.append((subprocess.Popen(command, env=environment, stdout=-1, stderr=-1, text=True), folder))
    found = []
    try:
        for process, folder in hosts:
            said, wrong = process.communicate(timeout=600)
            assert process.returncode in (0, 1), wrong
            found.append((said, folder))
    finally:
        for process, _ in hosts:
            process.kill()
    return found


def test_two_hosts_say_the_same_figures_as_one(one: str, two: list[tuple[str, Path]]) -> None:
    said = two[0][0].replace("2 rings of 4 devices", "8 devices")
    assert "8 devices (cpu), zigzag" in said
    # Sums over the ring are added in another order between hosts than within one: float32 differs in the last places.
    steps, again = LINE.findall(one), LINE.findall(said)
    assert [step for step, *_ in steps] == [step for step, *_ in again] == ["0", "1", "2", "3"]
    for here, there in zip(steps, again, strict=True):
        assert float(here[2]) == pytest.approx(float(there[2]), abs=2e-4)
    tables = [text[text.index("3 steps of 2 windows") :].replace("\n", "|").split("|") for text in (one, said)]
    assert len(tables[0]) == len(tables[1])
    for here, there in zip(*tables, strict=True):
        if here.strip().endswith("%"):
            assert float(here.strip(" %")) == pytest.approx(float(there.strip(" %")), abs=0.1)
        else:
            assert here == there


def test_only_the_first_host_tells_and_draws(two: list[tuple[str, Path]]) -> None:
    (_, drawn), (silent, empty) = two
    assert sorted(path.name for path in drawn.iterdir()) == ["training-forecasts.png", "training-loss.png"]
    assert GLOO.sub("", silent) == ""
    assert list(empty.iterdir()) == []


def test_hosts_that_do_not_fit(run: Callable[..., Any], panel: Path) -> None:
    done = run("train_ring.py", str(panel), "--coordinator=127.0.0.1:1", "--hosts=2", "--host=2")
    assert done.returncode == 2, done.stderr
    assert "--host=2: of 2 hosts; give 0 to 1" in done.stderr
    assert done.stderr.count("\n") == 1


def test_short_windows_end(run: Callable[..., Any], panel: Path, tmp_path: Path) -> None:
    """Every day of validation is a window of its own, looked at one after the other; a window has one day to draw."""
    done = run("train_ring.py", str(panel), "--days=8", "--devices=2", "--steps=3", f"--images={tmp_path}")
    assert done.returncode in (0, 1), done.stderr
    assert "3 steps of 1 window of 8 days, 2 devices" in done.stdout, done.stderr
    assert done.stderr.count("Traceback") == 0
    assert (tmp_path / "training-forecasts.png").exists()
