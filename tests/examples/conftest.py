# SPDX-License-Identifier: Apache-2.0
"""A small panel of demand and day-ahead forecasts, and the examples run as a user runs them."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ringdata import Cuts, Member, card_file, config_files, hour, manifest_files, plan_panel, shard_files
from ringdata.blocks import Fill

EXAMPLES = Path(__file__).resolve().parent.parent.parent / "examples"
sys.path.insert(0, str(EXAMPLES))
FIRST, LAST = hour("2018-01-01"), hour("2019-06-30T23")
CUTS = Cuts(validation=hour("2018-11-01"), test=hour("2019-02-01"))
MEMBERS = [
    Member(f"EBA.{area}-ALL.{kind}.H", FIRST, LAST, "megawatthours", zone, area=area, type=kind)
    for area, zone in (("ERCO", "America/Chicago"), ("PACW", "America/Los_Angeles"), ("NYIS", "America/New_York"))
    for kind in ("D", "DF")
]

FILLED = 4321.0

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def load(series_id: str, first: int, hours: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Days and weeks of demand with some noise; a forecast is the same with other noise. One hour in 40 is missing."""
    rng = np.random.default_rng(sum(map(ord, series_id)))
    number = [member.series_id for member in MEMBERS].index(series_id)
    whole = np.arange(FIRST, LAST + 1)
    shape = 5 + np.sin(whole / 24 * 2 * np.pi + number // 2) + 0.7 * (whole // 24 % 7 < 2)
    value = 1000 * (shape + rng.normal(0, 0.05, len(whole)))
    part = slice(first - FIRST, first - FIRST + hours)
    return value[part], rng.random(len(whole))[part] > 1 / 40


@pytest.fixture(scope="session")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of panel blocks of a finished data set."""
    return _write(tmp_path_factory.mktemp("panel"), fill=None)


@pytest.fixture(scope="session")
def filled_panel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with FILLED MW wherever demand is not observed."""

    def fill(series_id: str, first: int, hours: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        hour = np.arange(first, first + hours if series_id.endswith(".D.H") else first)
        return hour, np.full(len(hour), FILLED)

    return _write(tmp_path_factory.mktemp("filled"), fill=fill)


def _write(output: Path, *, fill: Fill | None) -> Path:
    layout = plan_panel(MEMBERS, cuts=CUTS, inputs="estimate" if fill else "reported")
    files = [*config_files(layout, MEMBERS, load, formats=["parquet"]), card_file([layout])]
    for shard in layout.shards:
        files += shard_files(layout, MEMBERS, shard, load, formats=["parquet"], fill=fill)
    for file in [*files, *manifest_files({file.path: file.entry for file in files})]:
        path = output / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(file.data))
    return output / "blocks" / "panel"


@pytest.fixture(scope="session")
def run() -> Run:
    """Run an example in a process of its own: JAX takes the number of devices once, and forbids others to fork."""
    for needed in ("jax", "matplotlib"):
        if find_spec(needed) is None:
            pytest.skip(f"{needed} is not installed; pip install '.[jax]'")

    def example(name: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command, environment = _example(name, arguments)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=600)
        # One that breaks off ends with 1, as one does whose model is no better than a naive forecast.
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return example


@pytest.fixture
def orbax() -> None:
    """Skips where checkpoints cannot be kept."""
    if find_spec("orbax") is None:
        pytest.skip("orbax-checkpoint is not installed; make test-ml")


def killed(name: str, *arguments: str, at: str) -> list[str]:
    """What an example has said when SIGKILL ends it, at the line that begins so."""
    command, environment = _example(name, arguments)
    said: list[str] = []
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line.decode().rstrip())
            if said[-1].startswith(at):
                process.kill()
                break
    assert process.returncode == -signal.SIGKILL, said
    return said


def _example(name: str, arguments: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The command of an example, and the environment that it runs in."""
    path = os.pathsep.join([str(EXAMPLES.parent), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path, "JAX_PLATFORMS": "cpu"}
    return [sys.executable, str(EXAMPLES / name), *arguments], environment
