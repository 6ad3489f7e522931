# SPDX-License-Identifier: Apache-2.0
"""The doctor's words, document and exit codes."""

import json
from datetime import UTC, datetime

import pytest

from eia930.emulator import Emulator, synthetic
from eia930.reference.hours import hour_of, parse_hour
from pipelines.doctor import main

KEY = "canary-0123456789"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EIA_API_KEY", KEY)


def test_what_differs_is_told_in_words_and_as_a_document(capsys: pytest.CaptureFixture[str]) -> None:
    with Emulator(synthetic(now=parse_hour("2025-01-01T00")), key=KEY) as server:
        flags = ["--of=api", f"--api_url={server.url}", "--pause=0"]
        assert main(flags) == 1
        said = capsys.readouterr().out.splitlines()
        assert main([*flags, "--json"]) == 1
        document = capsys.readouterr().out
    assert [line.split(":")[0] for line in said if line.startswith("DIFFERS")] == ["DIFFERS  clock"]
    assert said[-1].endswith("1 differs: look for a newer version, or report it with --json")
    told = json.loads(document)
    assert [one["name"] for one in told["findings"] if not one["holds"]] == ["clock"]
    assert KEY not in document
    assert KEY not in "".join(said)


def test_a_server_as_we_take_it_to_be_passes(capsys: pytest.CaptureFixture[str]) -> None:
    now = hour_of(datetime.now(UTC))
    # Told that the hour ends later, the emulator's clock shows the time that it is.
    with Emulator(synthetic(now=now), now=now + 1, key=KEY) as server:
        assert main(["--of=api", f"--api_url={server.url}", "--pause=0"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("requests: all hold")


@pytest.mark.parametrize("flags", [["--api_url=http://example.org"], ["--api_key=env:NOT_THERE"], ["--puase=1"]])
def test_wrong_use_is_one_line(flags: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(flags) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
