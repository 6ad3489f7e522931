# SPDX-License-Identifier: Apache-2.0
"""What a cluster and a job leave in folders for temporary files goes with them, whatever lay there; no Flink runs."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from deploy.flink import cluster, parts, processes
from deploy.flink.cluster import Cluster
from pipelines.runners.flink_runner import _Sender, _Sent
from tests.flink.waiting import soon

# A worker that goes, as they do, a moment after its TaskManager: it then removes its folder.
GOES_AFTER = """
import os, shutil, sys, time
while os.getppid() != 1 and not os.path.exists(sys.argv[2]): time.sleep(0.05)
shutil.rmtree(sys.argv[1])
"""


def noted(folder: Path, *commands: list[str]) -> Cluster:
    """A cluster of these processes, as `up` notes it."""
    (folder / "log").mkdir(parents=True)
    names = ["jobmanager", *(f"taskmanager-{number}" for number in range(1, len(commands)))]
    started = [
        processes.start(name, command, log=folder / "log" / name) for name, command in zip(names, commands, strict=True)
    ]
    made = Cluster(folder=str(folder), flink="", jar="", rest=1, pool=1, slots=1, flags=(), processes=tuple(started))
    return cluster._save(made)


def filled(folder: Path) -> Path:
    """Scratch as jobs leave it: blobs, a jar, shuffled data, what a killed JobManager did not clear away."""
    scratch = parts.scratch(folder)
    for name in ("blobStore-1/job_2/blob_p-3", "flink-web-4/jar.jar", "flink-io-5/channel", "tm_6/tmp/local"):
        (scratch / name).parent.mkdir(parents=True, exist_ok=True)
        (scratch / name).write_bytes(os.urandom(1000))
    return scratch


SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.mark.parametrize("killed", [False, True])
def test_down_leaves_jars_and_logs_alone(tmp_path: Path, killed: bool) -> None:  # noqa: FBT001
    folder = tmp_path / "flink"
    made = noted(folder, SLEEP, SLEEP)
    scratch = filled(folder)
    (folder / "jobs.jar").write_bytes(b"jar")
    if killed:
        processes.kill(made.processes[0], signal.SIGKILL)
        assert soon(lambda: not processes.alive(made.processes[0]))
    assert len(cluster.down(folder)) == 2 - killed
    assert not scratch.exists()
    assert sorted(path.name for path in folder.iterdir()) == ["jobs.jar", "log"]
    assert not any(processes.alive(one) for one in made.processes)
    with pytest.raises(cluster.ClusterError, match="no cluster is noted"):
        cluster.down(folder)


def test_down_waits_for_a_worker_that_removes_its_own_folder(tmp_path: Path) -> None:
    """Were the folder removed under it, it would write into nothing, or make it anew."""
    folder = tmp_path / "flink"
    made = noted(folder, SLEEP)
    mine = filled(folder) / "worker-1"
    mine.mkdir()
    gone = tmp_path / "gone"
    with subprocess.Popen([sys.executable, "-c", GOES_AFTER, str(mine), str(gone)]) as worker:
        processes.kill(made.processes[0], signal.SIGKILL)
        gone.touch()
        cluster.down(folder)
        assert worker.wait(60) == 0
    assert not (folder / "scratch").exists()


def test_a_sent_job_leaves_no_jar_here(tmp_path: Path) -> None:
    """160 MB a load in the folder for temporary files, which Beam leaves there."""
    sender = _Sender("127.0.0.1:1", PipelineOptions([]), lambda: None)
    kept = Path(sender._temp_dir)
    (kept / "artifacts").mkdir()
    jar = tmp_path / "job.jar"
    jar.write_bytes(b"jar")
    # As far as it knows where its jar lies: it was never sent.
    job: Any = object.__new__(_Sent)
    job._jar = str(jar)
    sender._jobs = {"one": job}
    sender.stop()
    assert not jar.exists()
    assert not kept.exists()
    # Again: a job that never came so far as to have one.
    sender.stop()
