# SPDX-License-Identifier: Apache-2.0
"""A real Flink cluster on loopback: `python -m deploy.flink.cluster up`, `flags`, and `down` when done."""

import argparse
import http.client
import json
import os
import shlex
import shutil
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from deploy.flink import layout, parts, processes
from deploy.flink.processes import Process

MADE = parts.CHECKOUT / "build" / "flink"
READY_SECONDS = 60.0


class ClusterError(RuntimeError):
    """The cluster is not as the command needs it; the message is one line and ends with the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """One cluster as cluster.json keeps it: each process that this program started, and how to submit to it."""

    folder: str
    jar: str
    rest: int
    slots: int
    flags: tuple[str, ...]
    processes: tuple[Process, ...] = ()


def up(folder: Path, *, wanted: parts.Versions, taskmanagers: int, slots: int) -> Cluster:
    """Start a JobManager and `taskmanagers` TaskManagers of `slots` slots; returns when all have reported.

    Raises MissingPartError or ClusterError, and then leaves nothing running.
    """
    if _state(folder).exists():
        raise ClusterError(f"a cluster is noted in {_state(folder)}: run `down` first")
    parts.check_java()
    cluster = _prepare(folder, wanted=wanted, taskmanagers=taskmanagers, slots=slots)
    try:
        command = layout.job_manager(Path(cluster.jar), folder / "conf", parts.scratch(folder))
        cluster = _add(cluster, "jobmanager", command)
        for number in range(taskmanagers):
            cluster = _add_task_manager(cluster, number + 1)
        _wait_ready(cluster)
    except BaseException:
        down(folder)
        raise
    return cluster


def _prepare(folder: Path, *, wanted: parts.Versions, taskmanagers: int, slots: int) -> Cluster:
    jar = parts.everything_java(MADE, wanted)
    worker = parts.worker(folder, parts.boot(MADE, wanted))
    ports = layout.free_ports()
    layout.write_config(folder, parts.scratch(folder), ports=ports, slots=slots)
    shutil.rmtree(folder / "log", ignore_errors=True)
    (folder / "log").mkdir()
    flags = _flags(ports.rest, jar, worker, flink=wanted.flink, parallelism=taskmanagers * slots)
    return _save(Cluster(folder=str(folder), jar=str(jar), rest=ports.rest, slots=slots, flags=flags))


def _flags(rest: int, jar: Path, worker: Path, *, flink: str, parallelism: int) -> tuple[str, ...]:
    return (
        "--runner=FlinkRunner",
        f"--flink_version={flink}",
        f"--flink_master={layout.LOOPBACK}:{rest}",
        f"--flink_job_server_jar={jar}",
        f"--parallelism={parallelism}",
        "--environment_type=PROCESS",
        # Else every stage starts its workers anew, and a Python with Beam takes seconds to start.
        "--environment_cache_millis=30000",
        f"--environment_option=process_command={worker}",
    )


def start_taskmanager(folder: Path) -> Cluster:
    """Start one more TaskManager; returns when it has reported."""
    cluster = load(folder)
    number = max(int(process.name.removeprefix("taskmanager-")) for process in cluster.processes[1:]) + 1
    cluster = _add_task_manager(cluster, number)
    _wait_ready(cluster)
    return cluster


def kill_taskmanager(folder: Path, number: int) -> Process:
    """Kill the TaskManager of that number outright, as a lost machine would go; returns what was killed."""
    name = f"taskmanager-{number}"
    for process in load(folder).processes:
        if process.name == name and processes.alive(process):
            processes.kill(process, signal.SIGKILL)
            return process
    raise ClusterError(f"no {name} runs: `status` lists what does")


def down(folder: Path) -> Sequence[Process]:
    """Stop every process of the cluster and remove its scratch files; returns what was still running."""
    cluster = load(folder)
    running = [process for process in cluster.processes if processes.alive(process)]
    processes.stop(running)
    # Workers end by themselves with their TaskManager, and remove their folder as the last thing.
    _until(lambda: not any(parts.scratch(folder).glob("worker-*")), seconds=10.0)
    shutil.rmtree(parts.scratch(folder))
    _state(folder).unlink()
    return running


def load(folder: Path) -> Cluster:
    """The cluster noted in `folder`."""
    try:
        noted = json.loads(_state(folder).read_text("utf-8"))
    except FileNotFoundError:
        raise ClusterError(f"no cluster is noted in {folder}: run `up` first") from None
    started = tuple(Process(**process) for process in noted.pop("processes"))
    return Cluster(**{**noted, "flags": tuple(noted["flags"]), "processes": started})


def ask(cluster: Cluster, path: str, *, timeout: float = 5.0) -> Any:
    """What the JobManager answers to GET `path`; raises OSError or HTTPException where it does not."""
    connection = http.client.HTTPConnection(layout.LOOPBACK, cluster.rest, timeout=timeout)
    try:
        connection.request("GET", path)
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def _add_task_manager(cluster: Cluster, number: int) -> Cluster:
    folder, name = Path(cluster.folder), f"taskmanager-{number}"
    command = layout.task_manager(Path(cluster.jar), folder / "conf", parts.scratch(folder), name=name)
    return _add(cluster, name, command)


def _add(cluster: Cluster, name: str, command: list[str]) -> Cluster:
    folder = Path(cluster.folder)
    process = processes.start(name, command, log=folder / "log" / f"{name}.log")
    return _save(replace(cluster, processes=(*cluster.processes, process)))


def _save(cluster: Cluster) -> Cluster:
    state = _state(Path(cluster.folder))
    unfinished = state.with_suffix(".tmp")
    unfinished.write_text(json.dumps(asdict(cluster), indent=2) + "\n", "utf-8")
    os.replace(unfinished, state)
    return cluster


def _state(folder: Path) -> Path:
    return folder / "cluster.json"


def _wait_ready(cluster: Cluster) -> None:
    if not _until(lambda: _ready(cluster), seconds=READY_SECONDS):
        raise ClusterError(f"not ready within {READY_SECONDS:.0f} s: see {cluster.folder}/log/")


def _ready(cluster: Cluster) -> bool:
    """Whether every TaskManager that runs has reported; raises ClusterError where one ended by itself."""
    manager = cluster.processes[0]
    if not processes.alive(manager) or not processes.alive(cluster.processes[-1]):
        raise ClusterError(f"a process ended while starting: see {cluster.folder}/log/")
    try:
        reported = {one["id"] for one in ask(cluster, "/taskmanagers")["taskmanagers"] if one["slotsNumber"]}
    except (OSError, http.client.HTTPException, KeyError):
        return False
    return all(process.name in reported for process in cluster.processes[1:] if processes.alive(process))


def _until(true: Callable[[], bool], *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.flink.cluster", description=__doc__)
    parser.add_argument("--folder", type=Path, default=MADE, help="where logs and cluster.json are kept")
    verbs = parser.add_subparsers(dest="verb", required=True)
    start = verbs.add_parser("up", help="start a cluster")
    start.add_argument("--taskmanagers", type=int, default=2)
    start.add_argument("--slots", type=int, default=1, help="of each TaskManager")
    start.add_argument("--flink_version", default=None, help="version line, as 1.19")
    start.add_argument("--runner_version", default=None, help="of Beam's Flink runner (Java), as 2.62.0")
    verbs.add_parser("down", help="stop it and leave nothing behind but jars and logs")
    verbs.add_parser("flags", help="print the flags that submit a pipeline to it")
    verbs.add_parser("status", help="print each process and whether it runs")
    verbs.add_parser("start-taskmanager", help="start one more")
    verbs.add_parser("kill-taskmanager", help="kill one outright").add_argument("number", type=int)
    return parser


def _run(given: argparse.Namespace) -> str:
    folder = given.folder.resolve()
    match given.verb:
        case "up":
            wanted = parts.versions(flink=given.flink_version, runner=given.runner_version)
            return _told(up(folder, wanted=wanted, taskmanagers=given.taskmanagers, slots=given.slots))
        case "down":
            return f"stopped {len(down(folder))} processes"
        case "flags":
            return shlex.join(load(folder).flags)
        case "start-taskmanager":
            return _told(start_taskmanager(folder))
        case "kill-taskmanager":
            return f"killed {kill_taskmanager(folder, given.number).name}"
        case _:
            return _told(load(folder))


def _told(cluster: Cluster) -> str:
    running = {process: processes.alive(process) for process in cluster.processes}
    rows = [f"{one.name:15} pid {one.pid:7} {'runs' if runs else 'ended'}" for one, runs in running.items()]
    return "\n".join([f"http://{layout.LOOPBACK}:{cluster.rest} (logs: {cluster.folder}/log)", *rows])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit code: 0 done, 2 a line that says what to do."""
    try:
        print(_run(_parser().parse_args(arguments)))
    except (parts.MissingPartError, ClusterError) as error:
        print(f"flink: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
