# SPDX-License-Identifier: Apache-2.0
"""EIA's six-month files loaded on a real cluster: the files of an in-process run, and each of theirs asked for once."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.flink import cluster, parts
from eia930.emulator import Emulator, synthetic
from eia930.emulator.files.world import synthetic_files
from eia930.reference.hours import parse_hour
from tests.flink.watching import PATIENCE
from tests.storage.loads import checksums, manifest

pytestmark = pytest.mark.flink
NOW = parse_hour("2019-05-01T00")
WORDS = ("--source=files", "--routes=all", "--regions=AVRN,LGEE,PNM", "--start=2018-01-01", "--end=2019-04-20")
FILES = 4 + 4 + 2  # sub-regions are in the files since 2018_Jul_Dec


def load(server: Emulator, out: Path, *words: str) -> None:
    command = [sys.executable, "-m", "pipelines.historical", f"--files_url={server.files_url}", f"--output={out}"]
    ended = subprocess.run(
        [*command, *WORDS, "--min_delay=0.1", *words],
        cwd=parts.CHECKOUT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr


def test_the_same_files_as_in_one_process(folder: Path, tmp_path: Path) -> None:
    with Emulator(synthetic(now=NOW), files=synthetic_files(now=NOW)) as server:
        load(server, tmp_path / "alone")
        asked = len(server.requests)
        load(server, tmp_path / "cluster", *cluster.load(folder).flags)
        sent = [one.path for one in server.requests[asked:] if "File_List" not in one.path]
    assert len(sent) == len(set(sent)) == FILES
    alone = manifest(str(tmp_path / "alone"))
    assert any(path.startswith("tidy/interchange-data") for path in alone)
    assert manifest(str(tmp_path / "cluster")) == checksums(str(tmp_path / "cluster")) == alone
