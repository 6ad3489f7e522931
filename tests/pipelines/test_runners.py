# SPDX-License-Identifier: Apache-2.0
"""A runner is meant by its name: the in-process one downloads nothing, Prism writes the same files."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.pipeline import Pipeline
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from pipelines.options.settings import settings
from tests.go_tools import PRISM
from tests.storage.loads import KEY, emulator, flags, manifest, starting

ALL_FORMATS = "--formats=parquet,tfrecord,avro"
LISTENING = """
import os
import sys
from pipelines.historical import main

def say(what, whom):
    os.write(2, f"HEARD {what} {whom}\\n".encode())  # by one call: other threads hear too

def hear(event, told):
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        say("name", told[0])
    elif event == "socket.connect" and isinstance(told[1], tuple):
        say("connect", told[1][0])
    elif event == "subprocess.Popen":
        say("start", told[0])

sys.addaudithook(hear)
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("named", [(), ("--runner=DirectRunner",), ("--runner=FnApiRunner",)])
def test_the_default_is_the_in_process_runner(named: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMALL_LOAD_KEY", KEY)
    todo = settings([*flags("http://127.0.0.1:1/v2", "/tmp/x"), *named], now=datetime.now(UTC))
    assert isinstance(Pipeline(options=PipelineOptions(list(todo.beam))).runner, FnApiRunner)


def test_it_reaches_for_nothing_but_the_api(tmp_path: Path) -> None:
    """Beam's plain DirectRunner would first look for another engine on the network, and start it."""
    with emulator() as api:
        load = flags(api.url, str(tmp_path / "out"), "--end=2022-02-01", ALL_FORMATS)
        command = [sys.executable, "-c", LISTENING, *load]
        done = subprocess.run(
            command, env={**os.environ, "SMALL_LOAD_KEY": KEY}, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stderr
        assert api.requests
    heard = {line for line in done.stderr.splitlines() if line.startswith("HEARD ")}
    # The one program that it starts is this Python, for the metadata that TensorFlow Datasets writes.
    assert heard == {"HEARD name 127.0.0.1", "HEARD connect 127.0.0.1", f"HEARD start {sys.executable}"}


@pytest.mark.slow
def test_prism_writes_the_same_files(tmp_path: Path) -> None:
    """Prism is Beam's engine in Go; asked for by name, from where it lies."""
    prism = ("--runner=PrismRunner", f"--prism_location={PRISM.here()}")
    with emulator() as api:
        for name, runner in (("direct", ()), ("prism", prism)):
            load = starting("historical", flags(api.url, str(tmp_path / name), ALL_FORMATS, *runner), {})
            _, said = load.communicate(timeout=300)
            assert load.returncode == 0, said
    assert manifest(str(tmp_path / "prism")) == manifest(str(tmp_path / "direct"))
