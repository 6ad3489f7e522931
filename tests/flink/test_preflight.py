# SPDX-License-Identifier: Apache-2.0
"""Every wrong master, version and jar is one line with a remedy, in bounded time."""

import json
import socket
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from apache_beam.options.pipeline_options import FlinkRunnerOptions

from deploy.flink.preflight import Wanted, check_job_server, check_master, check_version

# As Flink 1.19.0 serves it.
OVERVIEW = {
    "taskmanagers": 2,
    "slots-total": 2,
    "slots-available": 2,
    "jobs-running": 0,
    "jobs-finished": 0,
    "jobs-cancelled": 0,
    "jobs-failed": 0,
    "flink-version": "1.19.0",
    "flink-commit": "7a2c3bf",
}
FITS = Wanted(version="1.19", parallelism=2)


@contextmanager
def serving(body: bytes, *, settings: tuple[str, ...] = ("rest.port",)) -> Iterator[str]:
    config = json.dumps([{"key": key, "value": "x"} for key in settings]).encode()
    served = {"/overview": body, "/jobmanager/config": config}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = served.get(self.path, b"")
            self.send_response(200 if answer else 404)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def one_line(said: str | None, *words: str) -> bool:
    return said is not None and "\n" not in said and all(word in said for word in words)


@pytest.mark.parametrize("scheme", ["", "http://"])
def test_a_jobmanager_that_fits(scheme: str) -> None:
    with serving(json.dumps(OVERVIEW).encode()) as at:
        assert check_master(scheme + at, wanted=FITS) is None


@pytest.mark.parametrize("magic", ["[local]", "[auto]"])
def test_no_cluster_is_asked_for(magic: str) -> None:
    assert check_master(magic, wanted=FITS) is None


def test_nothing_listens() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        assert one_line(check_master(f"127.0.0.1:{bound.getsockname()[1]}"), "refused", "make flink-up")


def test_a_master_that_never_answers_takes_no_longer_than_the_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        before = time.monotonic()
        assert one_line(check_master(f"127.0.0.1:{silent.getsockname()[1]}", 0.3), "0.3 s", "make flink-up")
        assert time.monotonic() - before < 5


def test_a_name_that_does_not_resolve() -> None:
    assert one_line(check_master("jobmanager.invalid:8081", 10), "jobmanager.invalid")


@pytest.mark.parametrize("body", [b"<html>hello</html>", b"[]", b'{"ok": true}', b""])
def test_something_else_answers(body: bytes) -> None:
    with serving(body) as at:
        assert one_line(check_master(at), "not as a Flink JobManager")


@pytest.mark.parametrize("url", ["", "http://", "host:port", "ftp://host:21", "host:99999"])
def test_no_address(url: str) -> None:
    assert one_line(check_master(url), "host and REST port")


@pytest.mark.parametrize(
    ("wanted", "remedy"),
    [
        (Wanted(version="1.20"), "--flink_version=1.19"),
        (Wanted(version="1.19", parallelism=3), "--parallelism=2"),
        (Wanted(version="1.19", environment="LOOPBACK"), "give PROCESS or EXTERNAL"),
    ],
)
def test_a_cluster_that_does_not_fit(wanted: Wanted, remedy: str) -> None:
    with serving(json.dumps(OVERVIEW).encode()) as at:
        assert one_line(check_master(at, wanted=wanted), remedy)


def test_slots_that_come_when_asked_for_are_not_counted() -> None:
    none = json.dumps({**OVERVIEW, "taskmanagers": 0, "slots-total": 0}).encode()
    with serving(none, settings=("kubernetes.cluster-id",)) as at:
        assert check_master(at, wanted=FITS) is None
    with serving(none) as at:
        assert one_line(check_master(at, wanted=FITS), "0 task slots")


def test_versions_that_beam_knows() -> None:
    known = FlinkRunnerOptions.PUBLISHED_FLINK_VERSIONS
    assert check_version("1.19", known) is None
    assert one_line(check_version("1.15", known), "1.15", "1.19")


def test_job_server_jars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java = tmp_path / "java"
    java.touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert check_job_server(None) is None
    assert one_line(check_job_server("/nowhere.jar"), "/nowhere.jar", "make flink-up")
    assert one_line(check_job_server(str(java)), "not Beam's Flink job server")
    assert check_job_server(_jar(tmp_path / "good.jar", "org.apache.beam.runners.flink.FlinkJobServerDriver")) is None
    assert one_line(check_job_server(_jar(tmp_path / "bad.jar", "org.example.Main")), "not Beam's")
    java.unlink()
    assert one_line(check_job_server(None), "Java 17")


def _jar(path: Path, main: str) -> str:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", f"Manifest-Version: 1.0\r\nMain-Class: {main}\r\n\r\n")
    return str(path)
