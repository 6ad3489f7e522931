# SPDX-License-Identifier: Apache-2.0
"""How one JobManager and its TaskManagers are configured and started, all on loopback."""

import socket
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

LOOPBACK = "127.0.0.1"
POOL = "worker-pool"
"""What every TaskManager calls the pool beside it, as `localhost` in a pod: each has a hosts file of its own."""
JOB_MANAGER = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"
TASK_MANAGER = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"
# Flink's serialisers look into these; its own start scripts open them too.
OPENED = ("lang", "net", "nio", "text", "time", "util", "util.concurrent", "util.concurrent.atomic")
_HEAP_MB, _HEAP_A_SLOT_MB = 384, 128
_NETWORK_A_SLOT_MB = 80
"""What the exchanges of a load take: with less, tasks wait for each other for ever, or the job fails."""
_MANAGED_A_SLOT_MB = 128
_LOGGED = """\
rootLogger.level = INFO
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{HH:mm:ss.SSS} %-5p %c{1} %m%n
# Each worker that ends with its job is an error to these.
logger.grpc.name = org.apache.beam.vendor.grpc
logger.grpc.level = OFF
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """`rest`: the JobManager's, for clients and browsers; `rpc`: for TaskManagers; `pool`: of every worker pool."""

    rest: int
    rpc: int
    pool: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the files of a cluster lie: `flink` has Flink's lib/ and plugins/, `folder` what is the cluster's own."""

    flink: Path
    folder: Path

    @property
    def conf(self) -> Path:
        """config.yaml, log4j.properties and a hosts file for each TaskManager."""
        return self.folder / "conf"

    @property
    def scratch(self) -> Path:
        """What need not outlive the cluster."""
        return self.folder / "scratch"

    def log(self, name: str) -> Path:
        """What the process of that name says."""
        return self.folder / "log" / f"{name}.log"


def free_ports() -> Ports:
    """Three ports that nothing listens on now."""
    with ExitStack() as stack:
        bound = [stack.enter_context(socket.socket()) for _ in range(3)]
        for one in bound:
            one.bind((LOOPBACK, 0))
        rest, rpc, pool = (int(one.getsockname()[1]) for one in bound)
    return Ports(rest=rest, rpc=rpc, pool=pool)


def pool_host(number: int) -> str:
    """The loopback address of the pool beside a TaskManager: all pools of a cluster share a port."""
    return f"127.0.{number // 250 + 1}.{number % 250 + 1}"


def write_config(place: Place, *, ports: Ports, slots: int, prometheus: int | None) -> None:
    """Write conf/config.yaml and conf/log4j.properties."""
    place.conf.mkdir(parents=True, exist_ok=True)
    settings = _settings(place.scratch, ports=ports, slots=slots) | _reporter(prometheus)
    lines = [f"{key}: {value}\n" for key, value in settings.items()]
    (place.conf / "config.yaml").write_text("".join(lines), "utf-8")
    (place.conf / "log4j.properties").write_text(_LOGGED, "utf-8")


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
        "blob.storage.directory": scratch,
        # A job's jar (160 MB, once in each process) goes soon after the job, not an hour later.
        "blob.service.cleanup.interval": 20,
        # A lost TaskManager is noticed within seconds, and the job starts again.
        "heartbeat.interval": 1000,
        "heartbeat.timeout": 20000,
        "restart-strategy.type": "fixed-delay",
        "restart-strategy.fixed-delay.attempts": 10,
        "restart-strategy.fixed-delay.delay": "2 s",
        # A job that asks for more slots than there are says so after this long (Flink's own: 5 minutes).
        "slot.request.timeout": 60000,
        # Beam's connections to its workers outlive a job by a moment: no fault.
        "classloader.check-leaked-classloader": "false",
    }


def _reporter(port: int | None) -> dict[str, object]:
    if port is None:
        return {}
    # A port for each process on this host, the JobManager's first.
    return {
        "metrics.reporter.prometheus.factory.class": "org.apache.flink.metrics.prometheus.PrometheusReporterFactory",
        "metrics.reporter.prometheus.port": f"{port}-{port + 99}",
    }


def shares(slots: int) -> Mapping[str, str]:
    """Each share of a TaskManager's memory, which Flink's start scripts would reckon out: 1.2 GiB with one slot."""
    return {
        "cpu.cores": str(slots),
        "memory.task.heap.size": f"{_task_heap(slots)}m",
        "memory.task.off-heap.size": "0",
        "memory.framework.heap.size": "128m",
        "memory.framework.off-heap.size": "128m",
        "memory.network.min": f"{_NETWORK_A_SLOT_MB * slots}m",
        "memory.network.max": f"{_NETWORK_A_SLOT_MB * slots}m",
        "memory.managed.size": f"{_MANAGED_A_SLOT_MB * slots}m",
        "memory.jvm-metaspace.size": "256m",
        "memory.jvm-overhead.min": "128m",
        "memory.jvm-overhead.max": "128m",
    }


def _task_heap(slots: int) -> int:
    return _HEAP_MB + _HEAP_A_SLOT_MB * (slots - 1)


def job_manager(place: Place) -> list[str]:
    """The command of the JobManager."""
    return [*_java(place, "jobmanager", heap_mb=512), JOB_MANAGER, "--configDir", str(place.conf)]


def task_manager(place: Place, number: int, *, slots: int) -> list[str]:
    """The command of a TaskManager; writes the hosts file by which it finds the pool beside it."""
    name = f"taskmanager-{number}"
    hosts = place.conf / f"hosts-{number}"
    hosts.write_text(f"{LOOPBACK} localhost {socket.gethostname()}\n{pool_host(number)} {POOL}\n", "utf-8")
    settings = {**shares(slots), "resource-id": name}
    options = [word for key, value in settings.items() for word in ("-D", f"taskmanager.{key}={value}")]
    java = _java(place, name, heap_mb=_task_heap(slots) + 128)
    return [*java, f"-Djdk.net.hosts.file={hosts}", TASK_MANAGER, "--configDir", str(place.conf), *options]


def environment(place: Place) -> Mapping[str, str]:
    """What Flink's start scripts would set: where its plugins lie, the reporter of figures among them."""
    return {"FLINK_PLUGINS_DIR": str(place.flink / "plugins")}


def _java(place: Place, name: str, *, heap_mb: int) -> list[str]:
    opened = [*(f"java.{package}" for package in OPENED), "sun.nio.ch"]
    return [
        "java",
        f"-Xmx{heap_mb}m",
        f"-Djava.io.tmpdir={place.scratch}",
        f"-XX:ErrorFile={place.log('crash-%p')}",
        # The web UI shows it.
        f"-Dlog.file={place.log(name)}",
        f"-Dlog4j.configurationFile=file:{place.conf / 'log4j.properties'}",
        *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in opened),
        "-cp",
        f"{place.flink / 'lib'}/*",
    ]
