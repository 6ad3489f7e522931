# SPDX-License-Identifier: Apache-2.0
"""A load of files that is killed, three times at different moments, then writes what an undisturbed one does."""

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from eia930.emulator import Emulator, synthetic
from eia930.emulator.files.world import synthetic_files
from eia930.reference.hours import parse_hour
from tests.flink.waiting import soon

ROOT = Path(__file__).resolve().parents[2]
NOW = parse_hour("2019-05-01T00")
WORDS = ("--source=files", "--routes=all", "--regions=AVRN,LGEE", "--start=2018-06-01", "--end=2019-04-01")


def start(server: Emulator, out: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "pipelines.historical", f"--files_url={server.files_url}", f"--output={out}"]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(
        [*command, *WORDS, "--formats=parquet", "--min_delay=1.5"],
        cwd=ROOT,
        stdout=quiet,
        stderr=quiet,
        text=True,
        start_new_session=True,
    )


def stored(out: Path) -> int:
    """Pieces and whole files."""
    return len([path for path in (out / "raw" / "files").rglob("*") if path.is_file()])


def tidy(out: Path) -> dict[str, str]:
    files = sorted((out / "tidy").rglob("*.parquet"))
    return {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.slow
def test_three_kills_leave_no_trace(tmp_path: Path) -> None:
    with Emulator(synthetic(now=NOW), files=synthetic_files(now=NOW)) as server:
        undisturbed = start(server, tmp_path / "calm")
        for share in (1, 6, 14):
            process = start(server, tmp_path / "killed")
            assert soon(lambda: stored(tmp_path / "killed") >= share or process.poll() is not None, 120)  # noqa: B023
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            assert not (tmp_path / "killed" / "_SUCCESS").exists()
        assert start(server, tmp_path / "killed").wait(240) == 0
        assert undisturbed.wait(240) == 0
    assert tidy(tmp_path / "calm")
    assert tidy(tmp_path / "killed") == tidy(tmp_path / "calm")
    assert not list((tmp_path / "killed" / "raw" / "files").rglob("partial/*"))
