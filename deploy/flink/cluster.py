# SPDX-License-Identifier: Apache-2.0
"""A real Flink cluster on loopback: `python -m deploy.flink.cluster up`, `flags`, and `down` when done."""

import argparse
import http.client
import json
import os
import shlex
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from deploy.flink import distribution, layout, parts, processes
from deploy.flink.processes import Process
from eia930.errors import UsageError
from eia930.program.arguments import Parser
from pipelines.options.words import positive

MADE = parts.CHECKOUT / "build" / "flink"
READY_SECONDS = 60.0


class ClusterError(RuntimeError):
    """The cluster is not as the command needs it; the message is one line and ends with the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """One cluster as cluster.json keeps it: each process that this program started, and how to submit to it."""

    folder: str
    flink: str
    jar: str
    rest: int
    pool: int
    slots: int
    flags: tuple[str, ...]
    processes: tuple[Process, ...] = ()

    @property
    def place(self) -> layout.Place:
        """Where its files lie."""
        return layout.Place(flink=Path(self.flink), folder=Path(self.folder))


def up(
    folder: Path, *, wanted: parts.Versions, taskmanagers: int, slots: int, prometheus: int | None = None
) -> Cluster:
    """Start a JobManager and `taskmanagers` TaskManagers of `slots` slots; returns when all have reported.

    `prometheus` is the first of the ports on which the processes tell their figures, on every address of this host.
    Raises MissingPartError or ClusterError, and then leaves nothing running.
    """
    if _state(folder).exists():
        raise ClusterError(f"a cluster is noted in {_state(folder)}: run `down` first")
    parts.check_java()
    cluster = _prepare(folder, wanted=wanted, taskmanagers=taskmanagers, slots=slots, prometheus=prometheus)
    try:
        cluster = _add(cluster, "jobmanager", layout.job_manager(cluster.place))
        for number in range(taskmanagers):
            cluster = _add_task_manager(cluster, number + 1)
        _wait_ready(cluster)
    except BaseException:
        down(folder)
        raise
    return cluster


def _prepare(folder: Path, *, wanted: parts.Versions, taskmanagers: int, slots: int, prometheus: int | None) -> Cluster:
    jar = parts.job_jar(MADE, wanted)
    place = layout.Place(flink=distribution.flink(MADE), folder=folder)
    parts.worker(folder, parts.boot(MADE, wanted))
    ports = layout.free_ports()
    layout.write_config(place, ports=ports, slots=slots, prometheus=prometheus)
    shutil.rmtree(folder / "log", ignore_errors=True)
    (folder / "log").mkdir()
    flags = _flags(ports, jar, flink=wanted.flink, parallelism=taskmanagers * slots)
    return _save(
        Cluster(
            folder=str(folder),
            flink=str(place.flink),
            jar=str(jar),
            rest=ports.rest,
            pool=ports.pool,
            slots=slots,
            flags=flags,
        )
    )


def _flags(ports: layout.Ports, jar: Path, *, flink: str, parallelism: int) -> tuple[str, ...]:
    return (
        "--runner=FlinkRunner",
        f"--flink_version={flink}",
        f"--flink_master={layout.LOOPBACK}:{ports.rest}",
        f"--flink_job_server_jar={jar}",
        "--flink_submit_uber_jar",
        f"--parallelism={parallelism}",
        "--environment_type=EXTERNAL",
        f"--environment_config={layout.POOL}:{ports.pool}",
    )


def start_taskmanager(folder: Path) -> Cluster:
    """Start one more TaskManager; returns when it has reported."""
    cluster = load(folder)
    cluster = _add_task_manager(cluster, len(task_managers(cluster)) + 1)
    _wait_ready(cluster)
    return cluster


def task_managers(cluster: Cluster) -> list[Process]:
    """Every TaskManager that was started, in that order, ended ones included."""
    return [process for process in cluster.processes if process.name.startswith("taskmanager-")]


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
    """The cluster noted in `folder`. ClusterError where none is."""
    try:
        noted = json.loads(_state(folder).read_text("utf-8"))
        started = tuple(Process(**process) for process in noted.pop("processes"))
        return Cluster(**{**noted, "flags": tuple(noted["flags"]), "processes": started})
    except (FileNotFoundError, NotADirectoryError):
        raise ClusterError(f"no cluster is noted in {folder}: run `up` first") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ClusterError(f"{_state(folder)} is no note of a cluster: remove it, and run `up`") from None


def ask(cluster: Cluster, path: str, *, timeout: float = 5.0) -> Any:
    """What the JobManager answers to GET `path`; raises OSError or HTTPException where it does not."""
    connection = http.client.HTTPConnection(layout.LOOPBACK, cluster.rest, timeout=timeout)
    try:
        connection.request("GET", path)
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def _add_task_manager(cluster: Cluster, number: int) -> Cluster:
    """A TaskManager, and the worker pool beside it."""
    command = layout.task_manager(cluster.place, number, slots=cluster.slots)
    cluster = _add(cluster, f"taskmanager-{number}", command)
    worker, beside = cluster.place.folder / "bin" / "worker.sh", cluster.processes[-1].pid
    address = f"{layout.pool_host(number)}:{cluster.pool}"
    asked = [f"--address={address}", f"--worker={worker}", f"--beside={beside}"]
    return _add(cluster, f"pool-{number}", [sys.executable, "-P", str(parts.HERE / "pool.py"), *asked])


def _add(cluster: Cluster, name: str, command: list[str]) -> Cluster:
    environment = layout.environment(cluster.place)
    process = processes.start(name, command, log=cluster.place.log(name), environment=environment)
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
    """Whether every TaskManager that runs, and its pool, has reported; ClusterError where one ended by itself."""
    manager, latest = cluster.processes[0], cluster.processes[-2:]
    if not all(processes.alive(process) for process in (manager, *latest)):
        raise ClusterError(f"a process ended while starting: see {cluster.folder}/log/")
    try:
        reported = {one["id"] for one in ask(cluster, "/taskmanagers")["taskmanagers"] if one["slotsNumber"]}
    except (OSError, http.client.HTTPException, KeyError):
        return False
    running = [process.name for process in task_managers(cluster) if processes.alive(process)]
    return all(name in reported and _listens(cluster, name) for name in running)


def _listens(cluster: Cluster, taskmanager: str) -> bool:
    """Whether the pool beside a TaskManager can be reached."""
    host = layout.pool_host(int(taskmanager.removeprefix("taskmanager-")))
    with socket.socket() as connection:
        return connection.connect_ex((host, cluster.pool)) == 0


def _until(true: Callable[[], bool], *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def _parser() -> Parser:
    parser = Parser(prog="python -m deploy.flink.cluster", description=__doc__)
    parser.add_argument("--folder", type=Path, default=MADE, help="where logs and cluster.json are kept")
    verbs = parser.add_subparsers(dest="verb", required=True)
    start = verbs.add_parser("up", help="start a cluster")
    start.add_argument("--taskmanagers", type=positive, default=2)
    start.add_argument("--slots", type=positive, default=1, help="of each TaskManager")
    start.add_argument("--runner_version", default=None, help="of Beam's Flink runner (Java), as 2.62.0")
    start.add_argument("--prometheus", type=int, metavar="PORT", help="tell figures there, on all addresses")
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
            wanted = parts.versions(runner=given.runner_version)
            size = {"taskmanagers": given.taskmanagers, "slots": given.slots}
            return _told(up(folder, wanted=wanted, prometheus=given.prometheus, **size))
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
    return "\n".join([f"http://{layout.LOOPBACK}:{cluster.rest} (web UI; logs: {cluster.folder}/log)", *rows])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit code: 0 done, 2 a line that says what to do."""
    try:
        print(_run(_parser().parse_all(arguments)))
    except (parts.MissingPartError, ClusterError, UsageError) as error:
        print(f"flink: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
