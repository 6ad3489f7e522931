# SPDX-License-Identifier: Apache-2.0
"""The historical load on a real cluster into a bucket of a real S3 server, with a TaskManager lost on the way."""

from pathlib import Path
from uuid import uuid4

import pytest

from deploy.flink import cluster, processes
from tests.flink.loads import REQUESTS, Load, Server, loading
from tests.flink.waiting import soon
from tests.flink.watching import PATIENCE, assert_little_asked_twice, dispatcher, epochs, taskmanager_of, until
from tests.storage.loads import checksums, manifest, report
from tests.storage.s3_server import SECRET, S3Server

pytestmark = pytest.mark.flink


def test_a_bucket_gets_a_folders_bytes_though_a_taskmanager_is_lost(
    beside_a_bucket: Path, s3: S3Server, in_process: Load, server: Server, tmp_path: Path
) -> None:
    output = f"{s3.bucket(f'load-{uuid4().hex}')}/some/prefix"
    flags = (*cluster.load(beside_a_bucket).flags, f"--output={output}")
    with loading(server, tmp_path / "first", *flags) as load:
        until(load, lambda: len(server.asked()) >= REQUESTS // 3)
        first = processes.noted("worker", dispatcher(output))
        cluster.kill_taskmanager(beside_a_bucket, taskmanager_of(first.pid, beside_a_bucket))
        assert soon(lambda: not processes.alive(first), 10)
        before = server.asked()
        assert len(before) < REQUESTS
        cluster.start_taskmanager(beside_a_bucket)
        assert load.process.wait(PATIENCE) == 0, load.told
    assert manifest(output) == checksums(output) == in_process.files()
    assert_little_asked_twice(server, in_process.server, lost_after=len(before))
    assert max(epochs(output)) >= 2
    asked = len(server.asked())
    with loading(server, tmp_path / "again", *flags) as load:
        assert load.process.wait(PATIENCE) == 0, load.told
    assert len(server.asked()) == asked
    assert report(output)["requests"]["sent"] == 0
    assert manifest(output) == checksums(output) == in_process.files()


def test_the_buckets_secret_is_nowhere_on_the_cluster(beside_a_bucket: Path) -> None:
    """Runs last: the logs hold what the jobs above left."""
    kept = [path for path in beside_a_bucket.rglob("*") if path.is_file()]
    assert any(path.name.startswith("taskmanager") for path in kept)
    assert [path for path in kept if SECRET.encode() in _still(path)] == []


def _still(path: Path) -> bytes:
    """What a file holds; nothing where the cluster has swept it meanwhile."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
