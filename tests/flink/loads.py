# SPDX-License-Identifier: Apache-2.0
"""Loads as a user starts them, from an emulator in a process of its own that notes every request."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.flink import parts

KEY = "CANARYcanary0123456789CANARYcanary012345"
PER_SECOND = 10
IN_FLIGHT = 6
HOURS = 48
REQUESTS = 6 * 50 * 24 // HOURS
QUESTION = (
    "--regions=PACW,AVA,BPAT,PGE,PSEI,SCL",
    "--start=2023-09-01",
    "--end=2023-10-21",
    f"--hours_per_request={HOURS}",
    "--validation_start=2023-09-20",
    "--test_start=2023-10-10",
    f"--requests_per_hour={PER_SECOND * 3600}",
    f"--burst_per_second={PER_SECOND}",
    f"--max_in_flight={IN_FLIGHT}",
)


@dataclass(frozen=True, slots=True)
class Server:
    """An emulator at `url`; `log` has a line for every request that it answered."""

    url: str
    log: Path

    def asked(self) -> list[tuple[float, str]]:
        """When and what hours, in order of time; whoever starts a load asks for lists of codes besides.

        The emulator is in a process of its own: the last line may be half-written, and has then not been answered.
        """
        text = self.log.read_text() if self.log.exists() else ""
        lines = text.split("\n")[:-1]
        return sorted((seen["at"], seen["query"]) for seen in map(json.loads, lines) if "/facet/" not in seen["path"])


@dataclass(frozen=True, slots=True)
class Load:
    """A load that runs or ran: what it wrote below `output`, and what it said."""

    process: "subprocess.Popen[str]"
    server: Server
    output: Path

    @property
    def said(self) -> str:
        return self.output.with_suffix(".out").read_text()

    @property
    def told(self) -> str:
        return self.output.with_suffix(".err").read_text()

    def files(self) -> dict[str, str]:
        """SHA-256 of every file that the manifest names, as the manifest has it and as it is."""
        listed = {
            one["path"]: one["sha256"] for one in json.loads((self.output / "manifest.json").read_text())["files"]
        }
        assert {path: digest(self.output / path) for path in listed} == listed
        return listed


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """An emulator with a fixed clock and one good key; its log is in `folder`."""
    good = hashlib.sha256(KEY.encode()).hexdigest()
    fixed = ["--now=2024-03-01T00", "--latency=0.1", f"--key_sha256={good}", f"--log={folder / 'asked.jsonl'}"]
    command = [sys.executable, "-m", "eia930.emulator", *fixed]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=parts.CHECKOUT) as process:
        assert process.stdout is not None
        try:
            yield Server(process.stdout.readline().split()[-1], folder / "asked.jsonl")
        finally:
            process.terminate()


@contextmanager
def loading(server: Server, output: Path, *flags: str) -> Iterator[Load]:
    """The historical load; its words go to files beside `output`. If it still runs at the end, it is ended."""
    key = output.with_suffix(".key")
    key.write_text(KEY)
    ours = [f"--api_url={server.url}", f"--api_key=file:{key}", f"--output={output}", *QUESTION]
    with output.with_suffix(".out").open("w") as out, output.with_suffix(".err").open("w") as err:
        command = [sys.executable, "-m", "pipelines.historical", *ours, *flags]
        process = subprocess.Popen(
            command, stdout=out, stderr=err, text=True, cwd=parts.CHECKOUT, start_new_session=True
        )
        try:
            yield Load(process, server, output)
        finally:
            if process.poll() is None:
                # Not killed: only a program that ends by itself ends Beam's server in Java.
                os.killpg(process.pid, signal.SIGINT)
                process.wait(120)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
