# SPDX-License-Identifier: Apache-2.0
"""Two loads at once, into outputs of their own, with one key: their requests together keep one pace, kills included."""

import os
import re
import subprocess
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from eia930.emulator import Emulator
from eia930.sources.quota import HOST, told, unshared
from pipelines import historical
from tests.flink.waiting import soon
from tests.storage.loads import KEY, emulator, flags, starting

PER_SECOND, PER_HOUR = 8, 14_400
"""Four a second over an hour: what any longer stretch may hold."""
PACE = (f"--requests_per_hour={PER_HOUR}", f"--burst_per_second={PER_SECOND}", "--hours_per_request=240")


@pytest.fixture
def api() -> Iterator[Emulator]:
    with emulator(latency=0.05) as server:
        yield server


@pytest.fixture(params=["folder", pytest.param("bucket", marks=pytest.mark.slow)])
def quota(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "quota" if request.param == "folder" else request.getfixturevalue("bucket"))


def most_within(starts: list[float], seconds: float) -> int:
    """The most requests in any rolling window of so many seconds."""
    return max((bisect_right(starts, start + seconds) - i for i, start in enumerate(starts)), default=0)


def test_two_loads_keep_one_pace_kills_included(api: Emulator, quota: str, tmp_path: Path) -> None:
    with ExitStack() as stack:

        def load(name: str) -> subprocess.Popen[str]:
            words = flags(api.url, str(tmp_path / name), *PACE, f"--quota={quota}")
            return stack.enter_context(_ended(starting("historical", words, {})))

        one, other = load("one"), load("other")
        assert soon(lambda: len(api.requests) >= 8 or one.poll() is not None, 120)
        one.kill()
        one.communicate()
        again = load("one")
        for process in (again, other):
            _, said = process.communicate(timeout=300)
            assert process.returncode == 0, said
            assert "warning" not in said
    starts = sorted(seen.at for seen in api.requests)
    # 38 requests each, save what the killed one has stored.
    assert len(starts) >= 60
    assert most_within(starts, 1.0) <= PER_SECOND
    # The pace of an hour holds in each part of it, as far as a request may be late on its way.
    assert most_within(starts, 5.0) <= 5 * PER_HOUR / 3600 + 2


class _ended:  # noqa: N801
    """A program that does not outlive its test."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def __enter__(self) -> subprocess.Popen[str]:
        return self._process

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


def test_a_host_that_keeps_nothing_is_said_in_a_line(api: Emulator, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file, no folder")
    words = flags(api.url, str(tmp_path / "out"), "--quota=host")
    process = starting("historical", words, {"XDG_STATE_HOME": str(tmp_path / "state")})
    _, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    lines = [line for line in said.splitlines() if line.startswith("warning")]
    assert len(lines) == 1
    assert re.match(r"warning: no other program with this key shares the pace of this one \(.*--quota$", lines[0])


def test_a_place_that_cannot_be_written_ends_a_load_before_it_asks(
    api: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SMALL_LOAD_KEY", KEY)
    (tmp_path / "file").write_text("")
    assert historical.main(flags(api.url, str(tmp_path / "out"), f"--quota={tmp_path}/file")) == 2
    assert historical.main(flags(api.url, str(tmp_path / "out"), "--quota=s4://bucket")) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    assert all(line.startswith("error: --quota ") for line in said)
    assert not api.requests


def test_a_dry_run_says_who_shares(
    api: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SMALL_LOAD_KEY", KEY)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for words, line in (
        ((), "pace      this program's own (--quota=none)"),
        (("--quota=host",), f"asks with the same key and meets it at {tmp_path}/state/eia930/quota"),
        ((f"--quota={tmp_path}/both",), f"meets it at {tmp_path}/both"),
    ):
        assert historical.main(flags(api.url, str(tmp_path / "out"), "--dry_run", *words)) == 0
        assert line in capsys.readouterr().out
    assert os.listdir(tmp_path) == []


def test_on_a_cluster_this_hosts_folder_is_not_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert unshared(HOST, elsewhere=False) == ""
    assert "on the host of the worker" in unshared(HOST, elsewhere=True)
    assert unshared(str(tmp_path), elsewhere=True) == ""
    assert str(tmp_path) in told(HOST)
