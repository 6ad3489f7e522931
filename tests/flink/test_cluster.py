# SPDX-License-Identifier: Apache-2.0
"""A real cluster, and what is asked of it before a job is sent."""

import re
import urllib.request
from pathlib import Path

import pytest

from deploy.flink import cluster, parts
from pipelines.runners.flink import Wanted, check_job_server, check_master

pytestmark = pytest.mark.flink


def test_preflight_passes_the_real_cluster_and_jar(folder: Path) -> None:
    running = cluster.load(folder)
    master = f"127.0.0.1:{running.rest}"
    assert check_master(master, wanted=Wanted(version="1.19", parallelism=2)) is None
    assert "--flink_version=1.19" in str(check_master(master, wanted=Wanted(version="2.2")))
    assert "--parallelism=2" in str(check_master(master, wanted=Wanted(version="1.19", parallelism=3)))
    assert check_job_server(running.jar) is None


@pytest.mark.usefixtures("folder")
def test_figures_are_told_where_prometheus_asks(figures: int) -> None:
    """Each process has a port of its own: the first that is free."""
    found = "".join(map(_told, range(figures, figures + 9)))
    assert "flink_jobmanager_numRegisteredTaskManagers" in found
    assert len(set(re.findall(r'flink_taskmanager_Status_JVM_Memory_Heap_Used{.*tm_id="([^"]+)"', found))) == 2


def _told(port: int) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            return str(answer.read(), "utf-8")
    except OSError:
        return ""


def test_a_second_up_is_refused(folder: Path) -> None:
    with pytest.raises(cluster.ClusterError, match="run `down` first"):
        cluster.up(folder, wanted=parts.versions(), taskmanagers=1, slots=1)
    with pytest.raises(cluster.ClusterError, match="no taskmanager-99 runs"):
        cluster.kill_taskmanager(folder, 99)
