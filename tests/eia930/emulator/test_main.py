# SPDX-License-Identifier: Apache-2.0
"""The program: it says where it listens, keeps its log, stops when told, and its flags are the documented ones."""

import json
import re
import signal
import socket
import subprocess
import sys
from argparse import SUPPRESS
from hashlib import sha256
from pathlib import Path

import pytest
import requests

from eia930.emulator.__main__ import main, parser

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_logs_and_stops(tmp_path: Path, how: signal.Signals) -> None:
    log = tmp_path / "log.jsonl"
    key = sha256(b"good").hexdigest()
    options = ["--now", "2019-02-01T00", "--log", str(log), "--p_503", "1", "--key_sha256", key]
    command = [sys.executable, "-m", "eia930.emulator", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as program:
        assert program.stdout is not None
        found = re.fullmatch(r"listening on (http://127\.0\.0\.1:\d+/v2)\n", program.stdout.readline())
        assert found
        url = f"{found[1]}/electricity/rto/region-data/data/?length=1"
        statuses = [requests.get(f"{url}&api_key={k}", timeout=20).status_code for k in ("bad", "good")]
        lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
        program.send_signal(how)
        assert program.wait(20) == 0
    assert statuses == [403, 503]
    assert [line["status"] for line in lines] == statuses
    assert [line["key_ok"] for line in lines] == [False, True]
    assert [line["fault"] for line in lines] == [None, "p_503"]
    assert "good" not in log.read_text("utf-8")
    assert set(lines[0]) == {"at", "path", "query", "status", "rows", "fault", "key_ok"}


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_while_it_begins_a_signal_ends_it_in_one_line(how: signal.Signals) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "eia930.emulator"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as program:
        assert program.stderr is not None
        # The first import that takes a while is under way once a part of it is done.
        assert next(line for line in program.stderr if line.rstrip().endswith("numpy.version"))
        program.send_signal(how)
        said = program.communicate(timeout=60)[1].splitlines()
    assert program.returncode == 130
    assert [line for line in said if line and not line.startswith("import time:")] == ["ended: nothing was served yet"]


def test_a_file_that_is_no_route_s_is_one_clear_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "x.csv"
    file.write_text("a,b\n1,2\n")
    assert main(["--replay", str(file)]) == 2
    error = capsys.readouterr().err
    assert error == f"error: {file}: no route has the columns a, b\n"


def test_a_probability_that_is_none_is_one_clear_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--p_503", "33"]) == 2
    assert capsys.readouterr().err == "error: p_503 is 33.0; a probability lies between 0 and 1\n"


def test_a_missing_file_is_one_clear_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--replay", str(tmp_path / "none.parquet")]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert "none.parquet" in said


def test_a_port_in_use_is_one_clear_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        options = ["--now", "2019-01-02T00", "--port", str(port), "--log", str(tmp_path / "log.jsonl")]
        assert main(options) == 2
    assert capsys.readouterr().err.startswith(f"error: cannot listen on port {port}: Address already in use; ")


@pytest.mark.parametrize(("words", "said"), [
    (["--port", "99999"], "port is 99999; a port lies between 0 and 65535"),
    (["--port", "-1"], "port is -1; a port lies between 0 and 65535"),
    (["--port", "many"], "argument --port: invalid int value: 'many'"),
    (["--log", ""], "--log is empty: give it a value, or leave it out"),
    (["--latency", "nan"], "--latency nan: give seconds from 0 to 86,400"),
    (["--jitter", "-1"], "--jitter -1: give seconds from 0 to 86,400"),
    (["--stall_seconds", "1e400"], "--stall_seconds inf: give seconds from 0 to 86,400"),
    (["--huge_bytes", "-1"], "--huge_bytes -1: give a number from 0 on"),
    (["--key_sha256", "secret"], "--key_sha256 takes 64 hexadecimal digits: printf %s KEY | sha256sum"),
    (["--replay", "a\nb"], "--replay a b: there is no such file"),
    (["--prot", "1"], "no flag --prot; did you mean --port?"),
])  # fmt: skip
def test_a_wrong_flag_is_one_clear_line(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--now", "2019-01-02T00", *words]) == 2
    assert capsys.readouterr() == ("", f"error: {said}\n")


def test_the_flags_are_the_documented_ones() -> None:
    text = (ROOT / "docs" / "emulator.md").read_text("utf-8")
    table = dict(re.findall(r"^\| `--(\w+)` \| [^|]* \| (.*?) \|$", text, re.MULTILINE))
    flags = {action.dest: action.help for action in parser()._actions if action.dest not in ("help", SUPPRESS)}
    assert table == flags
