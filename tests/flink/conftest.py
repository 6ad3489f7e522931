# SPDX-License-Identifier: Apache-2.0
"""Real clusters, and what the load writes without one. A cluster once down, none of its processes is left."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from deploy.flink import cluster, parts
from tests.conftest import lacking
from tests.flink.loads import Load, Server, loading, serving
from tests.flink.waiting import soon
from tests.flink.watching import PATIENCE
from tests.go_tools import VERSITYGW
from tests.storage.s3_server import S3Server, free_port

TOOLS = ("java", "mvn", "go")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--times", type=int, default=1, help="run each test of tests/flink so many times in a row")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    # Not there where pytest met this file too late for its option.
    if (times := metafunc.config.getoption("times", 1)) > 1:
        metafunc.fixturenames.append("time")
        metafunc.parametrize("time", range(1, times + 1))


@pytest.fixture(scope="package")
def figures() -> int:
    """The first of the ports on which the shared cluster tells its figures."""
    return free_port()


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory, figures: int) -> Iterator[Path]:
    """Where the cluster runs that the tests of this folder share."""
    with running_cluster(tmp_path_factory.mktemp("cluster"), prometheus=figures) as folder:
        yield folder


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A real S3 server, and this process's environment leads to it."""
    with S3Server(VERSITYGW.here(), tmp_path_factory.mktemp("s3")) as server, pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment().items():
            patch.setenv(name, value)
        yield server


@pytest.fixture(scope="module")
def beside_a_bucket(s3: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where a cluster runs whose TaskManagers were started with the credentials of a bucket."""
    with running_cluster(tmp_path_factory.mktemp("beside")) as folder:
        yield folder


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path) as server:
        yield server


@pytest.fixture(scope="package")
def in_process(tmp_path_factory: pytest.TempPathFactory) -> Load:
    """What the load writes into a folder, and says, when it runs in one process."""
    place = tmp_path_factory.mktemp("in_process")
    with serving(place) as server, loading(server, place / "out") as load:
        assert load.process.wait(PATIENCE) == 0
    assert load.files()
    return load


@contextmanager
def running_cluster(
    folder: Path, *, taskmanagers: int = 2, slots: int = 1, prometheus: int | None = None
) -> Iterator[Path]:
    """A cluster, by default of two TaskManagers; once it is down, nothing of it is left."""
    for tool in TOOLS:
        if shutil.which(tool) is None:
            lacking(f"{tool} is not on the PATH")
    try:
        size = {"taskmanagers": taskmanagers, "slots": slots}
        cluster.up(folder, wanted=parts.versions(), prometheus=prometheus, **size)
    except parts.MissingPartError as error:
        lacking(str(error))
    yield folder
    cluster.down(folder)
    assert soon(lambda: not _mentioning(folder))
    assert not (folder / "scratch").exists()


def _mentioning(folder: Path) -> list[str]:
    """The command lines of all processes that name `folder`."""
    commands = (" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"]))
    return [command for command in commands if str(folder) in command]
