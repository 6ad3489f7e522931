# SPDX-License-Identifier: Apache-2.0
"""What the cluster needs of Beam, made once: the job's jar, Beam's `boot`, and worker.sh."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent.parent
BOOT_SOURCE = "github.com/apache/beam/sdks/v2/python/container"
NEEDED_JAVA = 17
REMEDIES = {
    "java": "install a Java 17 runtime (Debian: apt install openjdk-17-jre-headless)",
    "mvn": "install Apache Maven (Debian: apt install maven)",
    "go": "install Go 1.24 or later (Debian: apt install golang-go)",
}


class MissingPartError(RuntimeError):
    """Something the cluster needs is not on this machine; the message is one line with the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """`flink`: version line (1.19); `runner`: Beam's Java runner for it; `sdk`: the Python Beam installed here."""

    flink: str
    runner: str
    sdk: str


def versions(*, flink: str | None = None, runner: str | None = None) -> Versions:
    """The versions asked for, else those of pom.xml, with that of the Beam installed here."""
    pom = ElementTree.parse(HERE / "pom.xml").getroot()  # noqa: S314 - our own file
    return Versions(
        flink=flink or str(pom.findtext("{*}properties/{*}flink.version")),
        runner=runner or str(pom.findtext("{*}properties/{*}beam.runner.version")),
        sdk=version("apache-beam"),
    )


def check_java() -> None:
    """Raise MissingPartError unless `java` on the PATH is version 17 or later."""
    said = subprocess.run([_tool("java"), "-version"], capture_output=True, text=True, check=True).stderr  # noqa: S603
    found = re.search(r'version "(\d+)', said)
    if found is None or int(found[1]) < NEEDED_JAVA:
        raise MissingPartError(f"java {found[1] if found else '?'} is not {NEEDED_JAVA} or later: {REMEDIES['java']}")


def job_jar(folder: Path, wanted: Versions) -> Path:
    """One jar with Beam's Flink runner and all it needs, made by Maven where it is not there yet."""
    jar = folder / "lib" / f"flink-{wanted.flink}-beam-{wanted.runner}.jar"
    if not jar.exists():
        jar.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=jar.parent) as unfinished:
            _package(unfinished, wanted)
            (Path(unfinished) / "all.jar").rename(jar)
    return jar


def _package(target: str, wanted: Versions) -> None:
    asked = {"jar.folder": target, "flink.version": wanted.flink, "beam.runner.version": wanted.runner}
    command = [_tool("mvn"), "-q", "-B", "-f", str(HERE / "pom.xml"), "package"]
    failure = f"Maven could not make beam-runners-flink-{wanted.flink}:{wanted.runner} into one jar"
    make(failure, [*command, *(f"-D{name}={value}" for name, value in asked.items())])


def boot(folder: Path, wanted: Versions) -> Path:
    """Beam's worker launcher of the installed SDK's version, built by Go where it is not there yet."""
    binary = folder / "bin" / f"boot-{wanted.sdk}"
    if not binary.exists():
        binary.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=binary.parent) as unfinished:
            command = [_tool("go"), "install", f"{BOOT_SOURCE}@v{wanted.sdk}"]
            make(f"Go could not build {BOOT_SOURCE}@v{wanted.sdk}", command, GOBIN=unfinished)
            (Path(unfinished) / "container").rename(binary)
    return binary


def worker(folder: Path, binary: Path) -> Path:
    """worker.sh: what a pool or a TaskManager runs for each worker: the Python that runs this, and this checkout."""
    (folder / "bin").mkdir(parents=True, exist_ok=True)
    python = _script(
        folder / "bin" / "python",
        # boot asks pip what is installed, twice, and whether Beam is: a second of each start, for its log alone.
        'case "$1 $2 $3" in "-m pip freeze" | "-m pip show") exit 0 ;; esac',
        f'exec {shlex.quote(sys.executable)} "$@"',
    )
    guard = [sys.executable, "-S", "-E", str(HERE / "guard.py"), str(scratch(folder)), str(binary)]
    return _script(
        folder / "bin" / "worker.sh",
        # boot runs whatever `python` the PATH has, and would make a venv for each worker.
        f'export PATH={shlex.quote(str(python.parent))}:"$PATH"',
        f"export PYTHONPATH={shlex.quote(str(CHECKOUT))}",
        "export RUN_PYTHON_SDK_IN_DEFAULT_ENVIRONMENT=1",
        # Nobody reads what a pool's workers write to the pipe that is their output.
        f'exec {shlex.join(guard)} "$@" >&2',
    )


def scratch(folder: Path) -> Path:
    """The folder for what need not outlive the cluster; `down` removes it."""
    made = folder / "scratch"
    made.mkdir(parents=True, exist_ok=True)
    return made


def _script(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]), "utf-8")
    path.chmod(0o755)
    return path


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise MissingPartError(f"{name} is not on the PATH: {REMEDIES[name]}")
    return found


def make(failure: str, command: list[str], **environment: str) -> None:
    """Run what makes a part. Raises MissingPartError: `failure`, and the first line that it said."""
    done = subprocess.run(  # noqa: S603
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        words = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise MissingPartError(f"{failure}: {words[0] if words else 'it said nothing'}")
