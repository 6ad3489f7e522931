# SPDX-License-Identifier: Apache-2.0
"""What is lost beside the TaskManagers: a Python worker, the JobManager, Beam's job server; each is told of."""

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import grpc
import psutil
import pytest
from apache_beam.portability.api import beam_job_api_pb2, beam_job_api_pb2_grpc

from deploy.flink import cluster, processes
from eia930.program.arguments import OneLine
from pipelines.options.runner import beam_parser
from pipelines.runners.flink_options import FLINK_OPTIONS
from tests.flink.conftest import running_cluster
from tests.flink.loads import REQUESTS, Load, Server, loading
from tests.flink.waiting import soon
from tests.flink.watching import PATIENCE, assert_little_asked_twice, dispatcher, until

pytestmark = pytest.mark.flink
OWN = ("--execution_mode_for_batch=BATCH_FORCED", "--object_reuse=true")
"""Flags that only Beam's job server knows."""


@pytest.fixture
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where a cluster runs with one TaskManager of two slots, which may be broken."""
    with running_cluster(tmp_path_factory.mktemp("small"), taskmanagers=1, slots=2) as folder:
        yield folder


def test_a_killed_worker_is_told_of_and_the_load_goes_on_by_itself(
    folder: Path, in_process: Load, server: Server, tmp_path: Path
) -> None:
    with loading(server, tmp_path / "out", *cluster.load(folder).flags, *OWN) as load:
        until(load, lambda: len(server.asked()) >= REQUESTS // 3)
        first = processes.noted("worker", dispatcher(str(load.output)))
        processes.kill(first, signal.SIGKILL)
        assert soon(lambda: not processes.alive(first), 10)
        before = server.asked()
        assert len(before) < REQUESTS
        assert load.process.wait(PATIENCE) == 0, load.told
    assert load.files() == in_process.files()
    assert_little_asked_twice(server, in_process.server, lost_after=len(before))
    restarts = [line for line in load.told.splitlines() if line.startswith("restart ")]
    assert len(restarts) == 1, load.told
    assert "stage Fetch/Ask/" in restarts[0]
    assert "want of memory" in restarts[0]


def test_a_lost_jobmanager_is_told_and_nothing_is_asked_any_more(small: Path, server: Server, tmp_path: Path) -> None:
    # Slowly, so that much is left to ask when it is told.
    with loading(server, tmp_path / "out", *cluster.load(small).flags, "--min_delay=0.5") as load:
        until(load, lambda: len(server.asked()) >= REQUESTS // 10)
        processes.kill(cluster.load(small).processes[0], signal.SIGKILL)
        assert load.process.wait(PATIENCE) == 3, load.told
    last = load.told.splitlines()[-1]
    assert last.startswith("error: the JobManager at ")
    assert "has not answered for 15 s" in last
    assert "run the same command again" in last
    assert len(server.asked()) < REQUESTS


def test_a_lost_job_server_is_told_and_its_job_ends(folder: Path, server: Server, tmp_path: Path) -> None:
    flags = [flag for flag in cluster.load(folder).flags if flag != "--flink_submit_uber_jar"]
    with loading(server, tmp_path / "out", *flags) as load:
        until(load, lambda: len(server.asked()) >= REQUESTS // 10)
        os.kill(_java_of(load.process.pid), signal.SIGKILL)
        assert load.process.wait(PATIENCE) == 3, load.told
    last = load.told.splitlines()[-1]
    assert last.startswith("error: Beam's job server, a Java process beside this program, has ended before the job")
    assert "Traceback" not in load.told
    assert soon(lambda: not _running_jobs(folder), 60)
    assert len(server.asked()) < REQUESTS


def test_the_options_that_are_passed_on_are_those_of_the_job_server(folder: Path, tmp_path: Path) -> None:
    described = _described(cluster.load(folder).jar, tmp_path)
    known: OneLine = beam_parser()
    groups = {name: group for name, group in described.items() if f"--{name}" not in known._option_string_actions}
    assert {f"--{name}" for name, group in groups.items() if group.endswith("FlinkPipelineOptions")} == set(
        FLINK_OPTIONS
    )


def _running_jobs(folder: Path) -> list[str]:
    jobs = cluster.ask(cluster.load(folder), "/jobs/overview")["jobs"]
    return [json.dumps(job) for job in jobs if job["state"] not in ("FINISHED", "FAILED", "CANCELED")]


def _java_of(program: int) -> int:
    (java,) = [child.pid for child in psutil.Process(program).children(recursive=True) if child.name() == "java"]
    return int(java)


def _described(jar: str, folder: Path) -> dict[str, str]:
    """What a job server says that it takes: names and where each is from."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["java", "-jar", jar, "--flink-master=[local]", f"--artifacts-dir={folder}", f"--job-port={port}"]
    with subprocess.Popen(
        [*command, "--artifact-port=0", "--expansion-port=0"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            with grpc.insecure_channel(f"localhost:{port}") as channel:
                grpc.channel_ready_future(channel).result(PATIENCE)
                stub = beam_job_api_pb2_grpc.JobServiceStub(channel)
                answer = stub.DescribePipelineOptions(beam_job_api_pb2.DescribePipelineOptionsRequest())
        finally:
            server.kill()
    return {option.name: option.group for option in answer.options}
