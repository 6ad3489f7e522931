# SPDX-License-Identifier: Apache-2.0
"""A load into a bucket that is killed, run twice at once, spread over workers, or left by its server."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from eia930.emulator import Emulator
from eia930.store.storage import Storage
from pipelines import coverage, historical
from ringdata import RingBlocks
from tests.eia930.asked import hours_asked
from tests.flink.waiting import soon
from tests.go_tools import VERSITYGW
from tests.storage.loads import KEY, checksums, cost, emulator, flags, manifest, question, report, starting
from tests.storage.proxy import proxied
from tests.storage.s3_server import S3Server

pytestmark = pytest.mark.slow
MANY = "--hours_per_request=72"
"""Some hundred and twenty requests, so that there is a middle to be disturbed in."""
REQUESTS = 122
PATIENCE = 300.0


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The manifest of an undisturbed load into a folder."""
    output = str(tmp_path_factory.mktemp("undisturbed"))
    with emulator() as api, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SMALL_LOAD_KEY", KEY)
        assert historical.main(flags(api.url, output, MANY)) == 0
        assert len(hours_asked(api)) == REQUESTS
    return manifest(output)


@pytest.fixture
def api() -> Iterator[Emulator]:
    with emulator(latency=0.4) as server:
        yield server


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    """A server of this test's own, with a bucket named `mine`."""
    with S3Server(VERSITYGW.here(), tmp_path) as server:
        server.bucket("mine")
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
def output(bucket: str) -> str:
    return f"{bucket}/{uuid4().hex}"


def begun(api: Emulator, output: str, *more: str, requests: int = 12) -> subprocess.Popen[str]:
    """A load that has asked for some, and not for all."""
    load = starting("historical", flags(api.url, output, MANY, *more), {})
    assert soon(lambda: len(hours_asked(api)) >= requests, 120), load.communicate(timeout=5)
    assert len(hours_asked(api)) < REQUESTS
    return load


def ended(load: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit code and what was said on stderr."""
    _, said = load.communicate(timeout=PATIENCE)
    return load.returncode, said


def test_two_workers_write_the_same(api: Emulator, output: str, expected: dict[str, str]) -> None:
    two = ["--direct_num_workers=2", "--direct_running_mode=multi_processing"]
    code, said = ended(starting("historical", flags(api.url, output, MANY, *two), {}))
    assert code == 0, said
    assert manifest(output) == expected


def test_killed_it_goes_on_where_it_was(api: Emulator, output: str, expected: dict[str, str]) -> None:
    load = begun(api, output)
    load.send_signal(signal.SIGKILL)
    load.communicate(timeout=PATIENCE)
    code, said = ended(starting("historical", flags(api.url, output, MANY), {}))
    assert code == 0, said
    assert manifest(output) == expected
    # What was in flight is asked again, and nothing else.
    assert REQUESTS <= len(hours_asked(api)) <= REQUESTS + 8
    assert REQUESTS - 12 - 8 <= report(output)["requests"]["sent"] < REQUESTS


def test_a_second_run_at_once_is_refused(api: Emulator, output: str, expected: dict[str, str]) -> None:
    load = begun(api, output)
    code, said = ended(starting("historical", flags(api.url, output, MANY), {}))
    lines = [line for line in said.splitlines() if not line.startswith("fetch ")]
    assert (code, len(lines)) == (3, 1)
    assert f"another run works on {output} (process {load.pid} on " in said
    # It did not wait for the first to end.
    assert load.poll() is None
    code, said = ended(load)
    assert code == 0, said
    assert manifest(output) == expected
    assert len(hours_asked(api)) == REQUESTS


def test_a_short_absence_of_the_server_is_waited_out(api: Emulator, own: S3Server, expected: dict[str, str]) -> None:
    load = begun(api, "s3://mine/x")
    own.stop()
    # Few: one client alone comes again after up to two seconds, and has to meet the server within its patience.
    own.turn_away(5)
    own.start()
    code, said = ended(load)
    assert code == 0, said
    assert manifest("s3://mine/x") == expected


def test_a_long_absence_of_the_server_is_one_line(api: Emulator, own: S3Server, expected: dict[str, str]) -> None:
    load = begun(api, "s3://mine/x")
    own.stop()
    code, said = ended(load)
    assert code == 3
    (line,) = [line for line in said.splitlines() if not line.startswith("fetch ")]
    assert line.startswith("error: cannot use s3://mine/x")
    own.start()
    code, said = ended(starting("historical", flags(api.url, "s3://mine/x", MANY), {}))
    assert code == 0, said
    assert manifest("s3://mine/x") == expected


def test_tfrecords_are_the_same_and_read_the_same(
    s3: S3Server, output: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMALL_LOAD_KEY", KEY)
    places = (output, str(tmp_path / "out"))
    with emulator() as api:
        for place in places:
            assert historical.main(flags(api.url, place, "--formats=parquet,tfrecord,avro")) == 0
    assert manifest(places[0]) == manifest(places[1]) == checksums(places[0])
    mine, theirs = (
        RingBlocks(f"{place}/tfds/eia930/series/1.0.0", split="train", context=2048, ring_size=2, ring_rank=1)
        for place in places
    )
    assert len(mine) == len(theirs) > 0
    for field, expected in theirs[0].items():
        np.testing.assert_array_equal(mine[0][field], expected)
    with proxied(s3.endpoint) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        costs = [cost(f"{output}/tfds/eia930/panel/1.0.0", proxy, ring_rank=rank) for rank in (None, 0, 1, 2, 3)]
    # A TFRecord is read block by block: each rank takes its own quarter.
    assert max(costs[1:]) < 0.3 * costs[0]


def test_what_exists_is_counted_the_same(output: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMALL_LOAD_KEY", KEY)
    with emulator() as api:
        for place in (output, str(tmp_path / "out")):
            assert coverage.main(question(api.url, place)) == 0
        mine, theirs = (Storage.at(place).get("coverage.parquet") for place in (output, str(tmp_path / "out")))
        assert mine == theirs
        asked = [*flags(api.url, output), f"--coverage={output}/coverage.parquet"]
        assert historical.main(asked) == 0
