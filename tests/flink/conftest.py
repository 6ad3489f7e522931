# SPDX-License-Identifier: Apache-2.0
"""One real cluster for all tests of this folder that ask for it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.flink import cluster, parts
from tests.conftest import lacking
from tests.flink.waiting import soon

TOOLS = ("java", "mvn", "go")


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where a cluster of two TaskManagers runs; once it is down, none of its processes is left."""
    for tool in TOOLS:
        if shutil.which(tool) is None:
            lacking(f"{tool} is not on the PATH")
    folder = tmp_path_factory.mktemp("cluster")
    cluster.up(folder, wanted=parts.versions(), taskmanagers=2, slots=1)
    yield folder
    cluster.down(folder)
    assert soon(lambda: not _mentioning(folder))
    assert not (folder / "scratch").exists()


def _mentioning(folder: Path) -> list[str]:
    """The command lines of all processes that name `folder`."""
    return [line for line in map(_command_line, Path("/proc").glob("[0-9]*/cmdline")) if str(folder) in line]


def _command_line(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
