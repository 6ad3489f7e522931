# SPDX-License-Identifier: Apache-2.0
"""Asks a Flink cluster whether it can take a job, before anything is sent anywhere.

Left alone, Beam starts a Java server and stages the job first, and tells of a wrong master in a stack trace.
"""

from __future__ import annotations

import http.client
import ipaddress
import logging
import queue
import shutil
import threading
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult

from eia930.errors import UsageError
from eia930.store.storage import Storage
from pipelines.runners import environment
from pipelines.runners.flink_rest import FAULTS, JobManager, parsed
from pipelines.runners.flink_restarts import settings_of, warning

IN_PROCESS = ("[local]", "[auto]")
MAIN_CLASS = b"Main-Class: org.apache.beam.runners.flink."
# Clusters that start TaskManagers when a job asks for them: no slots now means nothing.
ELASTIC = ("kubernetes.", "yarn.")
_SHARED = "is a folder: every worker of the cluster must have it at this place; a bucket (s3://…) needs no sharing"
_UNHEARD = "the embedded emulator listens on this machine only, not for the workers of"
_HEARD = "give a key, or start `python -m eia930.emulator` beside them and name it with --api_url"
CHATTY = ("", "apache_beam.utils.subprocess_server")
"""Loggers of what fetches and starts a Java server: how they wait, and the failure that is told at the end."""
NO_JAR = "make flink-up makes one, and --flink_job_server_jar=PATH names it"
START_ONE = "start a cluster (make flink-up) or give the host and REST port of a JobManager as --flink_master"


def preflight(flags: Sequence[str], storage: Storage, *, embedded: bool = False) -> tuple[str, ...]:
    """Warnings, a line each. UsageError where the Flink that Beam's `flags` name cannot take a job; others pass."""
    if not is_flink(flags):
        return ()
    from apache_beam.options.pipeline_options import FlinkRunnerOptions, PipelineOptions, PortableOptions

    options = PipelineOptions(list(flags))
    flink, portable = options.view_as(FlinkRunnerOptions), options.view_as(PortableOptions)
    here = _is_here(flink.flink_master)
    # As Beam chooses where nothing is said.
    kind = portable.environment_type or ("LOOPBACK" if flink.flink_master in IN_PROCESS else "DOCKER")
    wanted = Wanted(
        version=flink.flink_version,
        parallelism=max(1, flink.parallelism),
        environment=kind,
        lacking=environment.lacking(portable, kind) if here else None,
    )
    problem = (
        check_job_server(flink.flink_job_server_jar, java=not flink.flink_submit_uber_jar)
        or check_master(flink.flink_master, wanted=wanted)
        or (f"{_UNHEARD} --flink_master={flink.flink_master}: {_HEARD}" if embedded and not here else None)
        or fetch_job_server(options)
    )
    if problem:
        raise UsageError(problem)
    shared = () if here or storage.path is None else (f"--output {storage.path} {_SHARED}",)
    # No cluster is named, or one that has just answered.
    where = None if flink.flink_master.strip() in IN_PROCESS else parsed(flink.flink_master.strip())
    settings = settings_of(JobManager(where)) if where else {}
    cache = int(portable.environment_cache_millis or 0) / 1000
    return (*shared, *(warning(settings, flink.flink_master, cache=cache) if settings else ()))


def is_flink(flags: Sequence[str]) -> bool:
    """Whether Beam's flags name the Flink runner."""
    names = (flag.partition("=")[2] for flag in flags if flag.startswith("--runner="))
    return any(name.rpartition(".")[2].lower() == "flinkrunner" for name in names)


def cancel(flags: Sequence[str], name: str) -> bool:
    """End the job called `name` on the cluster of Beam's `flags`; False where there is none or it cannot be reached."""
    cluster = job_manager(flags)
    with suppress(*FAULTS):
        if cluster and (found := cluster.find(name)):
            cluster.cancel(found)
            return True
    return False


def job_manager(flags: Sequence[str]) -> JobManager | None:
    """The JobManager that Beam's `flags` name; None where they name no cluster."""
    from apache_beam.options.pipeline_options import FlinkRunnerOptions, PipelineOptions

    if not is_flink(flags):
        return None
    master = PipelineOptions(list(flags)).view_as(FlinkRunnerOptions).flink_master.strip()
    where = None if master in IN_PROCESS else parsed(master)
    return JobManager(where) if where else None


def _is_here(master: str) -> bool:
    """Whether the workers are on this machine for certain: no cluster, or one on loopback."""
    if master.strip() in IN_PROCESS:
        return True
    where = parsed(master.strip())
    host = str(where.hostname) if where else ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the job brings: `version` as --flink_version has it (1.19), its parallelism and worker environment."""

    version: str
    parallelism: int = 1
    environment: str = "PROCESS"
    lacking: str | None = None
    """Why this machine cannot start its workers."""


def check_master(url: str, timeout: float = 5.0, *, wanted: Wanted | None = None) -> str | None:
    """One line that says what is wrong with the JobManager at `url` and what to do, or None.

    Returns within `timeout` seconds whatever the network does. `[local]` and `[auto]` need no cluster.
    """
    if url.strip() in IN_PROCESS:
        return wanted.lacking if wanted else None
    where = parsed(url.strip())
    if where is None:
        return f"--flink_master={url} is no host:port; give the host and REST port of a JobManager"
    try:
        overview = _answer(where, timeout)
    except TimeoutError:
        return f"--flink_master={url} did not answer within {timeout:g} s: {START_ONE}"
    except OSError as error:
        return f"--flink_master={url} cannot be reached ({error.strerror or error}): {START_ONE}"
    except (http.client.HTTPException, ValueError):
        return f"--flink_master={url} answers, but not as a Flink JobManager: {START_ONE}"
    return _unfit(url, overview, wanted) if wanted else None


def check_job_server(jar: str | None, *, java: bool = True) -> str | None:
    """One line where Beam's job server cannot start: no Java, or `jar` is no job server (None: Beam fetches it).

    `java`: whether the job server runs here; it does not where the cluster is sent one jar with everything.
    """
    if java and shutil.which("java") is None:
        return "the Flink runner needs Java and there is no `java` on the PATH: install a Java 17 runtime"
    if jar is None or "://" in jar:
        return None
    if not Path(jar).is_file():
        return (
            f"--flink_job_server_jar={jar} is no file: make flink-up makes one, without the flag Beam fetches its own"
        )
    return None if _starts_a_job_server(Path(jar)) else f"--flink_job_server_jar={jar} is not Beam's Flink job server"


def fetch_job_server(options: Any) -> str | None:
    """One line where there is no job server and Beam cannot fetch one; what it fetches is kept for the job."""
    from apache_beam.options.pipeline_options import FlinkRunnerOptions, JobServerOptions, PortableOptions
    from apache_beam.runners.portability.flink_runner import FlinkJarJobServer

    if options.view_as(PortableOptions).job_endpoint:
        return None
    kept = options.view_as(JobServerOptions).jar_cache_dir
    sent = options.view_as(FlinkRunnerOptions).flink_submit_uber_jar
    server = FlinkJarJobServer(options)
    try:
        with hushed():
            # Beam looks for the jar that it sends to the cluster in its usual place only.
            server.local_jar(server.path_to_jar(), None if sent else kept)
    except (RuntimeError, OSError) as error:
        why = " ".join(str(error).split()).partition(". ")[0]
        return f"no Flink job server is here, and Beam cannot fetch one ({why}): {NO_JAR}"
    return None


@contextmanager
def hushed() -> Iterator[None]:
    """Without Beam's warnings and errors around a Java server: what matters of them is raised in the end."""
    loggers = [logging.getLogger(name) for name in CHATTY]
    for logger in loggers:
        logger.addFilter(_wanted)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(_wanted)


def _wanted(record: logging.LogRecord) -> bool:
    return not logging.WARNING <= record.levelno <= logging.ERROR


def _answer(where: SplitResult, timeout: float) -> dict[str, Any]:
    """What `_overview` returns or raises; TimeoutError after `timeout`, name look-up and trickled bytes included."""
    answers: queue.SimpleQueue[dict[str, Any] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(_overview(where, timeout))
        except Exception as error:
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=timeout)
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(answer, Exception):
        raise answer
    return answer


def _overview(where: SplitResult, timeout: float) -> dict[str, Any]:
    cluster = JobManager(where, timeout)
    overview = cluster.get("/overview")
    if not isinstance(overview, dict) or "flink-version" not in overview:
        raise ValueError("not Flink")
    return {**overview, "elastic": any(key.startswith(ELASTIC) for key in settings_of(cluster))}


def _unfit(url: str, overview: dict[str, Any], wanted: Wanted) -> str | None:
    running, slots, managers = overview["flink-version"], overview["slots-total"], overview["taskmanagers"]
    line = ".".join(running.split(".")[:2])
    if line != wanted.version:
        return f"--flink_master={url} runs Flink {running}: give --flink_version={line}, not {wanted.version}"
    if slots < wanted.parallelism and not overview["elastic"]:
        return f"--flink_master={url} has {slots} task slots: start TaskManagers, or give --parallelism={max(1, slots)}"
    if managers > 1 and wanted.environment == "LOOPBACK":
        # Every TaskManager numbers its workers from 1; the one servicer takes them for each other and stops them.
        return f"--environment_type=LOOPBACK breaks at random with {managers} TaskManagers: give PROCESS or EXTERNAL"
    # TaskManagers that come when they are asked for come elsewhere, whatever the master's address.
    return None if overview["elastic"] else wanted.lacking


def _starts_a_job_server(jar: Path) -> bool:
    try:
        with zipfile.ZipFile(jar) as archive:
            return MAIN_CLASS in archive.read("META-INF/MANIFEST.MF")
    except (zipfile.BadZipFile, KeyError):
        return False
