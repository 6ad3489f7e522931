# SPDX-License-Identifier: Apache-2.0
"""Requests for several respondents change how much is asked, and not a byte of what is written."""

import hashlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from eia930.emulator import Emulator, RowSource, synthetic
from eia930.reference.hours import parse_hour
from tests.eia930.asked import hours_asked
from tests.flink.waiting import soon
from tests.pipelines.started import FAST, KEY, Started

# One of them, AEC, retires on the way.
ROUTES = ("region-data", "fuel-type-data", "region-sub-ba-data")
REGIONS = "--regions=AEC,AVA,AZPS,BPAT,CISO,ERCO,IPCO,LDWP,NEVP,PACE,PACW,PGE,PSCO"
QUESTION = (
    REGIONS,
    f"--routes={','.join(ROUTES)}",
    "--start=2021-08-20",
    "--formats=parquet",
)
LOAD = ("-m", "pipelines.historical", *QUESTION)
MONTH, DAY_MORE = "--end=2021-09-19T23", "--end=2021-09-20T23"
ALONE = "--hours_per_request=100000"
WORKERS = ("--direct_num_workers=2", "--direct_running_mode=multi_processing")


@pytest.fixture(scope="module")
def rows() -> RowSource:
    return synthetic(now=parse_hour("2024-03-01T00"))


@pytest.fixture(scope="module")
def alone(rows: RowSource, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A load whose every request is for one respondent."""
    runs = Started(tmp_path_factory.mktemp("alone") / "out")
    with Emulator(rows, key=KEY) as server:
        finish(runs.start(server, *LOAD, *FAST, MONTH, ALONE))
        assert len(hours_asked(server)) > 24
        assert most_asked(server) == 1
    return runs.out


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Started]:
    found = Started(tmp_path / "out")
    yield found
    found.end()


def finish(process: subprocess.Popen[str], *, code: int = 0) -> None:
    out, err = process.communicate(timeout=120)
    assert process.returncode == code, out + err


def most_asked(server: Emulator) -> int:
    """Respondents in the request that has most of them."""
    names = ("facets%5Brespondent%5D", "facets%5Bparent%5D")
    return max(sum(one.query.count(name) for name in names) for one in hours_asked(server))


def written(out: Path) -> dict[str, str]:
    """Every file of the record: sha256 by name. What is raw, and the account of a run, tell how it was asked for."""
    kept = ("tidy", "rejects", "revisions", "blocks", "checks")
    files = sorted(path for name in kept for path in (out / name).rglob("*") if path.is_file())
    return {path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize("workers", [(), WORKERS])
def test_the_same_bytes_in_half_as_many_requests(
    rows: RowSource, runs: Started, alone: Path, workers: tuple[str, ...]
) -> None:
    with Emulator(rows, key=KEY) as server:
        finish(runs.start(server, *LOAD, *FAST, MONTH, *workers))
        asked = hours_asked(server)
        assert most_asked(server) > 1
    fewest = [-(-sum(one.rows for one in asked if f"/{route}/" in one.path) // 5000) for route in ROUTES]
    assert len(asked) == sum(fewest)
    assert written(runs.out) == written(alone)
    assert any(name.startswith("tidy/") for name in written(alone))


def test_the_same_bytes_after_a_kill_and_a_refresh(rows: RowSource, runs: Started, alone: Path) -> None:
    with Emulator(rows, key=KEY, latency=(0.3, 0.0)) as server:
        process = runs.start(server, *LOAD, *FAST, MONTH)
        assert soon(lambda: runs.stored() >= 6, 60)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        assert runs.stored() > 0
        assert not (runs.out / "_SUCCESS").exists()
    stored = sorted((runs.out / "raw/eia").rglob("*.json.zst"))
    before = {path: path.stat().st_mtime_ns for path in stored}
    with Emulator(rows, key=KEY) as server:
        finish(runs.start(server, *LOAD, *FAST, MONTH))
        assert most_asked(server) > 1
    assert {path: path.stat().st_mtime_ns for path in stored} == before
    assert written(runs.out) == written(alone)
    with Emulator(rows, key=KEY) as server:
        finish(runs.start(server, *LOAD, *FAST, MONTH, "--refresh"))
        assert most_asked(server) > 1
    assert written(runs.out) == written(alone)
    with Emulator(rows, key=KEY) as server:
        finish(runs.start(server, *LOAD, *FAST, MONTH))
        assert hours_asked(server) == []


def test_a_day_more_is_a_request_a_route(rows: RowSource, tmp_path: Path, alone: Path) -> None:
    """Who was loaded alone is updated together, to what an update of each alone makes of it."""
    outputs = []
    for name, words in (("alone", (ALONE,)), ("together", ())):
        runs = Started(tmp_path / name)
        shutil.copytree(alone, runs.out)
        with Emulator(rows, key=KEY) as server:
            finish(runs.start(server, *LOAD, *FAST, DAY_MORE, *words))
            assert (len(hours_asked(server)) == len(ROUTES)) == (name == "together")
        outputs.append(written(runs.out))
    assert outputs[0] == outputs[1] != written(alone)
