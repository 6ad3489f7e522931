# SPDX-License-Identifier: Apache-2.0
"""The doctor's words, document and exit codes."""

import json
from datetime import UTC, datetime

import pytest

from eia930.emulator import Emulator, Faults, synthetic
from eia930.reference.hours import hour_of, parse_hour
from pipelines.doctor import main
from tests.eia930.sources.serving import Reply, serving

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


def test_a_server_that_does_not_answer_is_no_server_that_differs(capsys: pytest.CaptureFixture[str]) -> None:
    with Emulator(synthetic(now=parse_hour("2025-01-01T00"))) as server:
        api, files = server.url, server.files_url
    assert main(["--of=both", f"--api_url={api}", f"--files_url={files}", "--pause=0"]) == 3
    *lines, last = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["UNHEARD  key required", "UNHEARD  index of files"]
    assert all("no answer (ConnectionRefusedError: Connection refused)" in line for line in lines)
    assert last.startswith("2 assumptions, 2 requests: none differs, but not all was answered: look at the network")


def test_a_key_that_is_refused_is_no_server_that_differs(capsys: pytest.CaptureFixture[str]) -> None:
    with Emulator(synthetic(now=parse_hour("2025-01-01T00")), key="another") as server:
        assert main(["--of=api", f"--api_url={server.url}", "--pause=0", "--json"]) == 3
        assert len(server.requests) == 2
    holds, unheard = json.loads(capsys.readouterr().out)["findings"]
    assert (holds["name"], holds["holds"], holds["answered"]) == ("key required", True, True)
    assert (unheard["name"], unheard["holds"], unheard["answered"]) == ("key as a header", False, False)
    assert unheard["found"] == "the server refuses the key: status 403 API_KEY_INVALID"


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        ((200, {}, b"<!doctype html><title>Login to WiFi</title>"), "status 200, a page"),
        ((403, {}, b"<html>blocked</html>"), "status 403, a page"),
        ((302, {"Location": "http://login.example"}, b""), "status 302"),
        ((404, {}, b"Not Found"), "status 404"),
    ],
)
def test_who_is_not_eia_s_server_is_no_server_that_differs(
    reply: Reply, found: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(lambda _: reply) as server:
        assert main(["--of=both", f"--api_url={server.url}", f"--files_url={server.url}", "--pause=0"]) == 3
    one, other, last = capsys.readouterr().out.splitlines()
    assert one.startswith(f"UNHEARD  key required: who answers is not EIA's server: {found}; check --api_url, a proxy")
    assert other.startswith(f"UNHEARD  index of files: who answers is not EIA's server: {found}; check --files_url")
    assert last.startswith("2 assumptions, 2 requests: none differs")


def test_one_answer_that_is_lost_does_not_end_it(capsys: pytest.CaptureFixture[str]) -> None:
    now = hour_of(datetime.now(UTC))
    with Emulator(synthetic(now=now), now=now + 1, key=KEY, faults=Faults(p_cut=0.2), seed=7) as server:
        assert main(["--of=api", f"--api_url={server.url}", "--pause=0"]) == 3
    *lines, last = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines} == {"holds", "UNHEARD"}
    assert len(lines) > 20
    assert "none differs, but not all was answered" in last


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
