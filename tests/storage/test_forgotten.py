# SPDX-License-Identifier: Apache-2.0
"""A load that was frozen in the middle, and taken for gone: another one's files stand as they are when it goes on."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from eia930.store.storage import Storage
from tests.flink.waiting import soon
from tests.storage.loads import KEY, emulator

pytestmark = pytest.mark.slow
CONTAINER = ("unshare", "--pid", "--fork", "--mount-proc")
"""As on another host: whether a process in there lives is told by its signs of life alone."""
OLDER = ("--regions=all", "--routes=region-data", "--start=2023-12-01", "--end=2024-01-01")
NEWER = ("--regions=PACW,TEX", "--routes=region-data", "--start=2022-01-01", "--end=2022-03-01")
MADE = ("raw/run/", "raw/assembled/", "raw/estimated/", "raw/cut/", "raw/filled/", "columns/")
MOMENTS: dict[str, Callable[[Storage], bool]] = {
    "assembling": lambda output: len(output.list("objects/tidy")) > 3,
    "cutting blocks": lambda output: bool(output.list("objects/blocks")),
    "publishing": lambda output: bool(output.list("tidy")),
    "drawing the page": lambda output: output.exists("report.json"),
}


@pytest.fixture(params=["folder", "bucket"])
def output(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    return Storage.at(str(tmp_path / "out") if request.param == "folder" else request.getfixturevalue("bucket"))


def load(url: str, output: Storage, question: tuple[str, ...], *before: str) -> subprocess.Popen[str]:
    words = ["--source=api", f"--api_url={url}", "--api_key=env:SMALL_LOAD_KEY", f"--output={output.url}", *question]
    pace = ["--requests_per_hour=10000000", "--burst_per_second=1000", "--formats=parquet"]
    return subprocess.Popen(
        [*before, sys.executable, "-m", "pipelines.historical", *words, *pace],
        env={**os.environ, "SMALL_LOAD_KEY": KEY},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def held(output: Storage) -> dict[str, str]:
    """Every object but signs of life, and what is made of the answers and may go at any time: its checksum."""
    keys = [entry.key for entry in output.list() if not entry.key.startswith(MADE)]
    return {key: hashlib.sha256(output.get(key)).hexdigest() for key in keys}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_forgotten_load_changes_nothing_of_a_newer_one(output: Storage, moment: str) -> None:
    if shutil.which("unshare") is None or subprocess.run([*CONTAINER, "true"], capture_output=True).returncode:
        pytest.skip("a namespace of processes takes rights that this user lacks")
    with emulator() as api:
        older = load(api.url, output, OLDER, *CONTAINER)
        try:
            assert soon(lambda: MOMENTS[moment](output) or older.poll() is not None, 120)
            assert older.poll() is None, older.communicate()
            frozen = psutil.Process(older.pid).children(recursive=True)
            for process in frozen:
                process.send_signal(signal.SIGSTOP)
            newer = load(api.url, output, NEWER)
            _, said = newer.communicate(timeout=240)
            assert newer.returncode == 0, said
            before = held(output)
            for process in frozen:
                process.send_signal(signal.SIGCONT)
            _, said = older.communicate(timeout=120)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(older.pid, signal.SIGKILL)
    after = held(output)
    assert {key: after.get(key) for key in before} == before
    # What it had begun to stage is named by nobody, and swept by the next load.
    assert [key for key in after.keys() - before.keys() if not key.startswith(("objects/", "raw/"))] == []
    assert older.returncode == 3
    assert said.splitlines()[-1].startswith("error: another run ")
