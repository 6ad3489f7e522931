# SPDX-License-Identifier: Apache-2.0
"""What is seen while hours are fetched: on a terminal that does not know its size, and in a log."""

import os
import pty
import sys
import threading
from pathlib import Path

import pytest

from eia930.emulator import Emulator, synthetic
from eia930.reference.hours import parse_hour
from pipelines.historical import main

NOW = parse_hour("2024-03-01T00")
JANUARY = ("--regions=PACW", "--start=2024-01-01", "--end=2024-02-01", "--formats=avro")
FAST = ("--requests_per_hour=1000000", "--burst_per_second=1000", "--hours_per_request=100")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Emulator:
    monkeypatch.setenv("EIA_API_KEY", "0123456789abcdef")
    return Emulator(synthetic(now=NOW), now=NOW)


def test_a_terminal_of_no_size_shows_the_bar(server: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new terminal is 0 × 0 until somebody says otherwise."""
    ours, theirs = pty.openpty()
    seen: list[bytes] = []
    reader = threading.Thread(target=lambda: seen.extend(iter(lambda: _read(ours), b"")))
    reader.start()
    with os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        with server:
            assert main([f"--api_url={server.url}", f"--output={tmp_path}", *FAST, *JANUARY]) == 0
    reader.join()
    os.close(ours)
    said = b"".join(seen).decode()
    assert "100%|" in said
    assert "left, 8 windows, 2,9" in said
    assert "| ," not in said


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except OSError:
        return b""


def test_a_log_begins_at_once(server: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Before the first request: what is asked, of whom, into where."""
    with server:
        assert main([f"--api_url={server.url}", f"--output={tmp_path}", *FAST, *JANUARY]) == 0
    first, *rest = capsys.readouterr().err.splitlines()
    # On a busy machine a line about what follows may come after those of the requests.
    last = [line for line in rest if line.startswith("fetch ")][-1]
    asked = "fetch     1 respondents × routes, 2024-01-01T00 to 2024-01-31T23"
    assert first == f"{asked}, from 127.0.0.1 into {tmp_path}"
    assert last.startswith("fetch 100 %  8 windows, ")
