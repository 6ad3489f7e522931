# SPDX-License-Identifier: Apache-2.0
"""A runner that has nothing to hand the job to says so in one line, at once."""

import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest

from eia930.errors import UsageError
from pipelines.runners.portable import check_endpoint, preflight


def refused(*flags: str) -> str:
    with pytest.raises(UsageError) as caught:
        preflight(flags)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def taken(*flags: str) -> bool:
    """Whether a runner has all that it needs by these flags."""
    try:
        preflight(flags)
    except UsageError:
        return False
    return True


@pytest.mark.parametrize("runner", ["PrismRunner", "apache_beam.runners.portability.prism_runner.PrismRunner"])
def test_prism_is_a_file_here(runner: str, tmp_path: Path) -> None:
    """Or Beam would look for it on the network."""
    assert "go install" in refused(f"--runner={runner}")
    for no_file in (str(tmp_path), str(tmp_path / "prism"), "https://example.org/prism"):
        assert f"{no_file} is no file" in refused(f"--runner={runner}", f"--prism_location={no_file}")
    (tmp_path / "prism").touch()
    assert taken(f"--runner={runner}", f"--prism_location={tmp_path / 'prism'}")


def test_other_runners_need_none() -> None:
    assert taken("--runner=FnApiRunner", "--prism_location=/nowhere")
    assert not taken("--runner=PrismRunner", "--prism_location=/nowhere")


def test_a_job_server_that_listens() -> None:
    server = grpc.server(ThreadPoolExecutor(1))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    runners, place = ("PortableRunner", "FlinkRunner", "PrismRunner"), f"--job_endpoint=127.0.0.1:{port}"
    try:
        assert [runner for runner in runners if taken(f"--runner={runner}", place)] == list(runners)
    finally:
        server.stop(None).wait()
    assert not taken("--runner=PortableRunner", place)
    assert taken("--runner=PortableRunner", "--job_endpoint=embed")


@pytest.mark.timeout(60)
def test_no_job_server_is_told_after_the_wait_that_was_granted() -> None:
    """Nothing listens, what listens never speaks, and a name that does not resolve."""
    with socket.socket() as bound, socket.create_server(("127.0.0.1", 0)) as silent:
        bound.bind(("127.0.0.1", 0))
        for at in (*(f"127.0.0.1:{one.getsockname()[1]}" for one in (bound, silent)), "job-server.invalid:8099"):
            said = check_endpoint(at, 0.5)
            assert said is not None
            assert f"--job_endpoint={at}: no job server answers there within 0.5 s" in said


def test_the_portable_runner_needs_one() -> None:
    assert "--job_endpoint=HOST:PORT" in refused("--runner=PortableRunner")
    assert taken("--runner=FnApiRunner", "--job_endpoint=127.0.0.1:1")
