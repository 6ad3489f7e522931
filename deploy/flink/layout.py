# SPDX-License-Identifier: Apache-2.0
"""How one JobManager and its TaskManagers are configured and started, all on loopback."""

import socket
from dataclasses import dataclass
from pathlib import Path

LOOPBACK = "127.0.0.1"
JOB_MANAGER = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"
TASK_MANAGER = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"
# Flink's serialisers look into these; its own start scripts open them too.
OPENED = ("lang", "net", "nio", "text", "time", "util", "util.concurrent", "util.concurrent.atomic")
LOGGED = ("-Dorg.slf4j.simpleLogger.showDateTime=true", "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS")
# Without Flink's scripts a TaskManager must be told each share of its memory: 1.2 GiB, 512 MiB of it heap.
SHARES = {
    "cpu.cores": "1",
    "memory.task.heap.size": "384m",
    "memory.task.off-heap.size": "0",
    "memory.framework.heap.size": "128m",
    "memory.framework.off-heap.size": "128m",
    "memory.network.min": "64m",
    "memory.network.max": "64m",
    "memory.managed.size": "128m",
    "memory.jvm-metaspace.size": "256m",
    "memory.jvm-overhead.min": "128m",
    "memory.jvm-overhead.max": "128m",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Where the JobManager listens: `rest` for clients, `rpc` for TaskManagers."""

    rest: int
    rpc: int


def free_ports() -> Ports:
    """Two ports that nothing listens on now."""
    with socket.socket() as rest, socket.socket() as rpc:
        rest.bind((LOOPBACK, 0))
        rpc.bind((LOOPBACK, 0))
        return Ports(rest=rest.getsockname()[1], rpc=rpc.getsockname()[1])


def write_config(folder: Path, scratch: Path, *, ports: Ports, slots: int) -> Path:
    """Write conf/config.yaml; returns the conf folder."""
    conf = folder / "conf"
    conf.mkdir(parents=True, exist_ok=True)
    settings = _settings(scratch, ports=ports, slots=slots)
    lines = [f"{key}: {value}\n" for key, value in settings.items()]
    (conf / "config.yaml").write_text("".join(lines), "utf-8")
    return conf


def _settings(scratch: Path, *, ports: Ports, slots: int) -> dict[str, object]:
    return {
        "jobmanager.rpc.address": LOOPBACK,
        "jobmanager.rpc.port": ports.rpc,
        "jobmanager.bind-host": LOOPBACK,
        "rest.address": LOOPBACK,
        "rest.port": ports.rest,
        "rest.bind-address": LOOPBACK,
        "taskmanager.host": LOOPBACK,
        "taskmanager.bind-host": LOOPBACK,
        "taskmanager.numberOfTaskSlots": slots,
        "io.tmp.dirs": scratch,
        "web.tmpdir": scratch,
        # A lost TaskManager is noticed within seconds, and the job starts again.
        "heartbeat.interval": 1000,
        "heartbeat.timeout": 20000,
        "restart-strategy.type": "fixed-delay",
        "restart-strategy.fixed-delay.attempts": 10,
        "restart-strategy.fixed-delay.delay": "2 s",
        # The jar that a job brings is the cluster's own: use the classes that are loaded already.
        "classloader.resolve-order": "parent-first",
        # A job that asks for more slots than there are says so after this long (Flink's own: 5 minutes).
        "slot.request.timeout": 60000,
    }


def job_manager(jar: Path, conf: Path, scratch: Path) -> list[str]:
    """The command of the JobManager."""
    return [*_java(jar, scratch), JOB_MANAGER, "--configDir", str(conf)]


def task_manager(jar: Path, conf: Path, scratch: Path, *, name: str) -> list[str]:
    """The command of the TaskManager called `name`."""
    settings = {**SHARES, "resource-id": name}
    options = [word for key, value in settings.items() for word in ("-D", f"taskmanager.{key}={value}")]
    return [*_java(jar, scratch), TASK_MANAGER, "--configDir", str(conf), *options]


def _java(jar: Path, scratch: Path) -> list[str]:
    opens = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _opened()]
    kept = [f"-Djava.io.tmpdir={scratch}", f"-XX:ErrorFile={scratch}/../log/crash-%p.log"]
    return ["java", "-Xmx512m", *kept, *LOGGED, *opens, "-cp", str(jar)]


def _opened() -> list[str]:
    return [f"java.{package}" for package in OPENED] + ["sun.nio.ch"]
