# SPDX-License-Identifier: Apache-2.0
"""Runs as processes of their own: stopped, killed, without room on the disk, with several workers."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from eia930.emulator import Emulator, Faults, RowSource, synthetic
from eia930.reference.hours import parse_hour
from tests.eia930.asked import hours_asked
from tests.flink.waiting import soon
from tests.pipelines.started import FAST, KEY, LOAD, ROOT, Started


@pytest.fixture(scope="module")
def rows() -> RowSource:
    return synthetic(now=parse_hour("2024-03-01T00"))


class Runs(Started):
    """Loads."""

    def load(self, server: Emulator, *words: str, room: int | None = None) -> subprocess.Popen[str]:
        return self.start(server, *LOAD, *words, room=room)

    def until(self, stored: int) -> None:
        assert soon(lambda: self.stored() >= stored, 60)


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Runs]:
    found = Runs(tmp_path / "out")
    yield found
    found.end()


def finish(process: subprocess.Popen[str], *, workers: bool = False) -> tuple[int, str]:
    """Exit code and all that was said; only Beam's own worker processes may say how they died."""
    out, err = process.communicate(timeout=90)
    text = out + err
    assert workers or "Traceback" not in text
    assert KEY not in text
    return process.returncode, text


def tidy(out: Path) -> dict[str, str]:
    files = sorted((out / "tidy").rglob("*.parquet"))
    return {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize("everyone", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_ctrl_c_ends_in_order_and_the_next_run_goes_on(rows: RowSource, runs: Runs, everyone: bool) -> None:  # noqa: FBT001
    """A terminal sends the signal to every process of the run; a service manager to the first one."""
    words = ("--hours_per_request=48", "--max_in_flight=2")
    more = ("--direct_num_workers=2", "--direct_running_mode=multi_processing") if everyone else ()
    with Emulator(rows, key=KEY, latency=(0.25, 0.0)) as server:
        process = runs.load(server, *FAST, *words, *more)
        runs.until(3)
        assert not [word for word in psutil.Process(process.pid).cmdline() if KEY in word]
        (os.killpg if everyone else os.kill)(process.pid, signal.SIGINT)
        code, text = finish(process, workers=everyone)
        assert code == 130
        assert "run the same command again" in text
        assert not (runs.out / "_SUCCESS").exists()
        before = runs.stored()
        # Whoever dies at once may lose what was under way.
        assert len(hours_asked(server)) - before <= (2 if everyone else 0)
    with Emulator(rows, key=KEY) as server:
        code, text = finish(runs.load(server, *FAST, *words))
        assert code == 0
        # 92 days of two respondents, two days at a time: none asked twice.
        assert len(hours_asked(server)) == 2 * 46 - before
    assert (runs.out / "_SUCCESS").exists()


@pytest.mark.slow
def test_ctrl_c_leaves_a_finished_load_as_it_was(rows: RowSource, runs: Runs) -> None:
    """As a load that is stopped by a refused key does, without processes of its own, in test_historical."""
    with Emulator(rows, key=KEY) as server:
        assert finish(runs.load(server, *FAST))[0] == 0
    before = published(runs.out)
    with Emulator(rows, key=KEY, latency=(0.25, 0.0)) as server:
        process = runs.load(server, *FAST, "--refresh", "--hours_per_request=48", "--max_in_flight=2")
        assert soon(lambda: len(hours_asked(server)) >= 3 or process.poll() is not None, 60)
        os.kill(process.pid, signal.SIGINT)
        code, text = finish(process)
    assert code == 130
    assert text.splitlines()[-1].startswith("note      the earlier load in this output stands as it was")
    after = published(runs.out)
    assert json.loads(after.pop("report/stopped.json"))["exit"] == 130
    assert after == before
    assert "_SUCCESS" in before


def published(out: Path) -> dict[str, bytes]:
    """All but what was stored on the way."""
    files = (path for path in out.rglob("*") if path.is_file() and "raw" not in path.relative_to(out).parts)
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files}


@pytest.mark.slow
def test_ctrl_c_after_the_fetch_is_heeded_too(rows: RowSource, runs: Runs) -> None:
    """All is stored when the first tidy file stands; a run that is asked to stop then leaves no finished load."""
    everybody = ("--regions=all", "--start=2023-12-01", "--end=2024-01-01")
    with Emulator(rows, key=KEY) as server:
        process = runs.load(server, *FAST, *everybody)
        assert soon(lambda: (runs.out / "tidy").exists() or process.poll() is not None, 60)
        assert process.poll() is None
        asked = len(hours_asked(server))
        os.kill(process.pid, signal.SIGINT)
        code, text = finish(process)
        assert code == 130
        assert text.splitlines()[-1].endswith("(run the same command again to go on: what is stored is kept)")
        assert not (runs.out / "_SUCCESS").exists()
        code, _ = finish(runs.load(server, *FAST, *everybody))
        assert code == 0
        assert len(hours_asked(server)) == asked
    assert (runs.out / "_SUCCESS").exists()


# Python runs it before a program's first line: to load a heavy library then takes for ever, and is told to this test.
ENDLESS = """
import pathlib, signal, sys
class Endless:
    def find_spec(self, name, path=None, target=None):
        if name == "pyarrow":
            pathlib.Path({told!r}).touch()
            while True:
                signal.pause()
sys.meta_path.insert(0, Endless())
"""


@pytest.mark.parametrize("program", ["historical", "coverage", "blocks", "report"])
def test_ctrl_c_while_a_program_loads_is_one_line(program: str, tmp_path: Path) -> None:
    told, output = tmp_path / "told", tmp_path / "out"
    (tmp_path / "sitecustomize.py").write_text(ENDLESS.format(told=str(told)))
    process = subprocess.Popen(
        [sys.executable, "-m", f"pipelines.{program}", f"--output={output}"],
        cwd=ROOT,
        env={**os.environ, "EIA_API_KEY": KEY, "PYTHONPATH": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # What runs these tests may itself be in the background, where nobody hears Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert soon(lambda: told.exists() or process.poll() is not None, 60)
    process.send_signal(signal.SIGINT)
    code, text = finish(process)
    assert code == 130
    assert text == "\nended: run the same command again to go on: what is stored is kept\n"
    assert not output.exists()


def test_a_second_ctrl_c_ends_at_once(rows: RowSource, runs: Runs) -> None:
    with Emulator(rows, key=KEY, faults=Faults(p_timeout=1.0, stall_seconds=600)) as server:
        process = runs.load(server, *FAST)
        assert soon(lambda: bool(server.requests) or process.poll() is not None, 60)
        os.kill(process.pid, signal.SIGINT)
        assert process.stderr is not None
        assert any(line.startswith("stopping: waiting") for line in process.stderr)
        os.kill(process.pid, signal.SIGINT)
        # What is under way takes longer than `finish` waits.
        code, text = finish(process)
    assert code == 130
    assert "run the same command again" in text


def test_a_killed_run_is_no_obstacle(rows: RowSource, runs: Runs) -> None:
    with Emulator(rows, key=KEY, latency=(0.25, 0.0)) as server:
        process = runs.load(server, *FAST, "--hours_per_request=240", "--max_in_flight=1")
        runs.until(2)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        before = runs.stored()
    with Emulator(rows, key=KEY) as server:
        code, _ = finish(runs.load(server, *FAST))
        assert code == 0
        report = json.loads((runs.out / "report.json").read_text())
        assert report["requests"]["reused"] == before
        assert report["hours"]["missing"] < 200


def test_a_full_disk_is_one_line(rows: RowSource, runs: Runs) -> None:
    """No file may grow beyond 20 kB: a response cannot be stored."""
    with Emulator(rows, key=KEY) as server:
        code, text = finish(runs.load(server, *FAST, room=20_000))
    lines = [line for line in text.splitlines() if line and not line.startswith("fetch ")]
    assert code == 3
    assert len(lines) == 1
    assert "cannot use" in lines[0]
    assert str(runs.out) in lines[0]
    assert not (runs.out / "_SUCCESS").exists()


@pytest.mark.slow
def test_a_disk_that_is_full_once_all_is_fetched_is_one_line_too(rows: RowSource, runs: Runs) -> None:
    """Spooled series, then a shard: what is stored stays, and the same command ends once there is room."""
    both = (*FAST, "--formats=parquet,tfrecord")
    with Emulator(rows, key=KEY) as server:
        assert finish(runs.load(server, *both))[0] == 0
        whole, asked = published(runs.out), len(hours_asked(server))
        for room in (30_000, 120_000):
            for made in ("tidy", "blocks", "tfds", "objects"):
                shutil.rmtree(runs.out / made, ignore_errors=True)
            code, text = finish(runs.load(server, *both, room=room))
            (line,) = [line for line in text.splitlines() if line and not line.startswith(("fetch ", "note "))]
            assert code == 3, text
            assert "File too large" in line
            assert "run the same command again" in line
        assert finish(runs.load(server, *both))[0] == 0
        assert len(hours_asked(server)) == asked
    assert tidy(runs.out)
    assert {path for path in published(runs.out) if not path.startswith("objects/")} == {
        path for path in whole if not path.startswith("objects/")
    }


IN_A_SMALL_PLACE = ("unshare", "-m", "sh", "-c", 'mount -t tmpfs -o size=260k tmpfs "$0" && exec "$@"')


@pytest.mark.slow
def test_a_small_disk_that_fills_up_is_one_line(rows: RowSource, runs: Runs) -> None:
    runs.out.mkdir()
    before = (*IN_A_SMALL_PLACE, str(runs.out))
    if shutil.which("unshare") is None or subprocess.run([*before, "true"], capture_output=True).returncode:
        pytest.skip("a namespace of mounts takes rights that this user lacks")
    with Emulator(rows, key=KEY) as server:
        code, text = finish(runs.start(server, *LOAD, *FAST, "--formats=parquet,tfrecord", before=before))
    (line,) = [line for line in text.splitlines() if line and not line.startswith("fetch ")]
    assert code == 3
    assert "No space left on device" in line
    assert "free some space" in line


@pytest.mark.slow
def test_several_workers_write_the_same_bytes(rows: RowSource, runs: Runs, tmp_path: Path) -> None:
    with Emulator(rows, key=KEY) as server:
        code, text = finish(runs.load(server, *FAST))
        assert code == 0
        assert "WARNING" not in text
    one = tidy(runs.out)
    runs.out = tmp_path / "several"
    workers = ("--direct_num_workers=2", "--direct_running_mode=multi_processing", "--hours_per_request=300")
    with Emulator(rows, key=KEY, latency=(0.05, 0.05), seed=9) as server:
        assert finish(runs.load(server, *FAST, *workers))[0] == 0
    assert tidy(runs.out) == one
    assert len(one) == 2
