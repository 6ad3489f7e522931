# SPDX-License-Identifier: Apache-2.0
"""Every wrong master, version and jar is one line with a remedy, in bounded time."""

import json
import socket
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions, PortableOptions

from eia930.account.stored import encoded
from eia930.errors import UsageError
from eia930.store.storage import Storage
from pipelines import blocks, historical
from pipelines.runners import environment
from pipelines.runners.flink import Wanted, check_job_server, check_master, preflight
from pipelines.running.execute import execute
from tests.eia930.account.accounts import an_account

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
RESTARTS = {"restart-strategy.type": "fixed-delay", "restart-strategy.fixed-delay.delay": "2 s"}
FITS = Wanted(version="1.19", parallelism=2)


@contextmanager
def serving(body: bytes, *, settings: Mapping[str, str] = RESTARTS) -> Iterator[str]:
    config = json.dumps([{"key": key, "value": value} for key, value in settings.items()]).encode()
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
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
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


@pytest.mark.timeout(60)
def test_a_master_that_never_answers_takes_no_longer_than_the_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert one_line(check_master(f"127.0.0.1:{silent.getsockname()[1]}", 0.3), "0.3 s", "make flink-up")


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
    with serving(none, settings={**RESTARTS, "kubernetes.cluster-id": "x"}) as at:
        assert check_master(at, wanted=FITS) is None
    with serving(none) as at:
        assert one_line(check_master(at, wanted=FITS), "0 task slots")


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
    assert check_job_server(None, java=False) is None


@pytest.mark.parametrize("others", [{}, {"restart-strategy.type": "none"}])
def test_a_cluster_that_starts_nothing_again_is_warned_of(others: dict[str, str], tmp_path: Path, jar: str) -> None:
    with serving(json.dumps(OVERVIEW).encode(), settings={"rest.port": "8081", **others}) as at:
        (warning,) = preflight(flags_for(at, jar, *process(str(tmp_path / "java"))), Storage.at(str(tmp_path)))
        assert one_line(warning, "does not start a failed job again", "restart-strategy.type")


@pytest.mark.parametrize(
    ("strategy", "warned"),
    [
        ({"restart-strategy.fixed-delay.delay": "35 s"}, False),
        ({"restart-strategy.fixed-delay.delay": "1 min"}, False),
        ({"restart-strategy.fixed-delay.delay": "30000"}, True),
        (
            {"restart-strategy.type": "exponential-delay", "restart-strategy.exponential-delay.initial-backoff": "2s"},
            True,
        ),
        ({"classloader.resolve-order": "child-first"}, False),
    ],
)
def test_a_worker_kept_for_longer_than_a_restart_takes_is_warned_of(
    strategy: dict[str, str],
    warned: bool,  # noqa: FBT001
    tmp_path: Path,
    jar: str,
) -> None:
    """Where the job's classes are the cluster's own, its next attempt is given the worker of the last."""
    settings = {**RESTARTS, "classloader.resolve-order": "parent-first", **strategy}
    flags = [*process(str(tmp_path / "java")), "--environment_cache_millis=30000"]
    with serving(json.dumps(OVERVIEW).encode(), settings=settings) as at:
        warnings = preflight(flags_for(at, jar, *flags), Storage.at(str(tmp_path)))
        assert len(warnings) == warned
        assert all(one_line(warning, "--environment_cache_millis=30000", "dead worker") for warning in warnings)


@contextmanager
def nothing_there() -> Iterator[str]:
    """An address on which nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{bound.getsockname()[1]}"


def fetching(at: str, folder: Path) -> list[str]:
    """The flags of a job whose job server is fetched from an address, and kept below a folder."""
    return ["--runner=FlinkRunner", f"--flink_job_server_jar=http://{at}/server.jar", f"--jar_cache_dir={folder}/jars"]


def test_a_job_server_that_cannot_be_fetched(tmp_path: Path, java: None, capfd: pytest.CaptureFixture[str]) -> None:
    """Before anything is written, and without Beam's own words."""
    with nothing_there() as at, pytest.raises(UsageError) as caught:
        preflight(fetching(at, tmp_path), Storage.at(str(tmp_path)))
    assert one_line(str(caught.value), at, "make flink-up", "--flink_job_server_jar=PATH")
    assert capfd.readouterr().err == ""


def test_a_job_server_that_was_fetched_is_fetched_once(tmp_path: Path, java: None) -> None:
    (tmp_path / "jars").mkdir()
    _jar(tmp_path / "jars" / "server.jar", "org.apache.beam.runners.flink.FlinkJobServerDriver")
    with nothing_there() as at:
        assert preflight(fetching(at, tmp_path), Storage.at(str(tmp_path))) == ()


def test_a_job_server_that_never_started_is_told_of_as_what_it_is(tmp_path: Path) -> None:
    """Not as one that cannot be stopped."""
    with nothing_there() as at, pytest.raises(RuntimeError, match="Unable to fetch"):
        execute(lambda root: root | beam.Create([1]), fetching(at, tmp_path))


@pytest.fixture
def java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Java on the PATH."""
    (tmp_path / "java").touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def jar(tmp_path: Path, java: None) -> str:
    """A job server, and a Java for it."""
    return _jar(tmp_path / "all.jar", "org.apache.beam.runners.flink.FlinkJobServerDriver")


def flags_for(master: str, jar: str, *others: str) -> list[str]:
    chosen = [f"--flink_master={master}", f"--flink_job_server_jar={jar}", "--flink_version=1.19"]
    return ["--runner=FlinkRunner", *chosen, *others]


def process(command: str) -> list[str]:
    return ["--environment_type=PROCESS", f"--environment_option=process_command={command}"]


def docker(folder: Path, *lines: str) -> None:
    """A Docker client on the PATH that does this."""
    (folder / "docker").write_text("\n".join(["#!/bin/sh", *lines, ""]))
    (folder / "docker").chmod(0o755)


@pytest.mark.parametrize("master", ["[local]", "cluster"])
def test_workers_that_this_machine_cannot_start(master: str, tmp_path: Path, jar: str) -> None:
    """Said before anything is sent: the cluster would find it out only after all of its restarts."""
    storage = Storage.at(str(tmp_path))
    with serving(json.dumps(OVERVIEW).encode()) as at:
        flags = flags_for(at if master == "cluster" else master, jar)
        for command in ("/nowhere", str(tmp_path), jar, "no-such-program"):
            with pytest.raises(UsageError, match="is no program that can be run here"):
                preflight([*flags, *process(command)], storage)
        with pytest.raises(UsageError, match="no Docker engine answers here"):
            preflight([*flags, "--environment_type=DOCKER"], storage)
        docker(tmp_path, "exit 1")
        with pytest.raises(UsageError, match="no Docker engine answers here"):
            preflight([*flags, "--environment_type=DOCKER"], storage)
        docker(tmp_path, 'test "$1" = version')
        assert preflight([*flags, "--environment_type=DOCKER"], storage) == ()


def test_docker_is_asked_only_where_it_is_meant(tmp_path: Path, jar: str) -> None:
    """It is Beam's default on a cluster; for one in this process LOOPBACK is."""
    storage = Storage.at(str(tmp_path))
    with serving(json.dumps(OVERVIEW).encode()) as at:
        with pytest.raises(UsageError, match="Docker"):
            preflight(flags_for(at, jar), storage)
        assert preflight(flags_for(at, jar, *process(str(tmp_path / "java"))), storage) == ()
        assert preflight(flags_for(at, jar, "--environment_type=EXTERNAL", "--environment_config=h:1"), storage) == ()
    assert preflight(flags_for("[local]", jar), storage) == ()


@pytest.mark.timeout(60)
def test_a_docker_client_that_never_answers_is_waited_for_in_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    docker(tmp_path, "exec /bin/sleep 600")
    options = PipelineOptions([]).view_as(PortableOptions)
    assert one_line(environment.lacking(options, "DOCKER", patience=0.3), "no Docker engine answers here")


def test_workers_of_a_cluster_that_starts_them_elsewhere_are_not_looked_for_here(tmp_path: Path, jar: str) -> None:
    """Its master may well be forwarded to this machine."""
    with serving(json.dumps(OVERVIEW).encode(), settings={**RESTARTS, "kubernetes.cluster-id": "x"}) as at:
        assert preflight(flags_for(at, jar, *process("/opt/worker.sh")), Storage.at(str(tmp_path))) == ()


def test_other_runners_are_not_looked_at(tmp_path: Path) -> None:
    assert preflight(["--runner=FnApiRunner", "--flink_master=nobody:1"], Storage.at(str(tmp_path))) == ()


@pytest.mark.parametrize("runner", ["FlinkRunner", "flinkrunner", "apache_beam.runners.portability.FlinkRunner"])
def test_the_runner_by_any_of_its_names(runner: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no file"):
        preflight([f"--runner={runner}", "--flink_job_server_jar=/nowhere.jar"], Storage.at(str(tmp_path)))


def test_a_cluster_here_that_fits_has_no_warning(tmp_path: Path, jar: str) -> None:
    with serving(json.dumps(OVERVIEW).encode()) as at:
        flags = flags_for(at, jar, "--parallelism=2", *process(str(tmp_path / "java")))
        assert preflight(flags, Storage.at(str(tmp_path)), embedded=True) == ()
        with pytest.raises(UsageError, match="--parallelism=2"):
            preflight([*flags, "--parallelism=3"], Storage.at(str(tmp_path)))
    local = ["--runner=FlinkRunner", f"--flink_job_server_jar={jar}"]
    assert preflight(local, Storage.at(str(tmp_path)), embedded=True) == ()


def test_a_cluster_elsewhere_needs_a_shared_folder_and_no_embedded_emulator(
    tmp_path: Path, jar: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", _all_here(socket.getaddrinfo))
    with serving(json.dumps(OVERVIEW).encode()) as at:
        flags = flags_for(at.replace("127.0.0.1", "jobmanager.example"), jar)
        (warning,) = preflight(flags, Storage.at(str(tmp_path)))
        assert one_line(warning, str(tmp_path), "every worker", "bucket")
        assert preflight(flags, Storage.at("s3://bucket/load")) == ()
        with pytest.raises(UsageError, match="--api_url"):
            preflight(flags, Storage.at(str(tmp_path)), embedded=True)


@pytest.mark.parametrize("program", [historical.main, blocks.main])
def test_a_program_says_it_in_one_line_and_writes_nothing(
    program: Callable[[list[str]], int],
    tmp_path: Path,
    jar: str,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("EIA_API_KEY", "0123456789abcdef")
    out = tmp_path / "out"
    manifest = b'{"files":[{"path":"series.parquet","rows":0,"bytes":0,"sha256":""}]}'
    loaded = {"report.json": encoded(an_account()), "manifest.json": manifest, "_SUCCESS": b""}
    for name, data in loaded.items() if program is blocks.main else ():
        out.mkdir(exist_ok=True)
        (out / name).write_bytes(data)
    before = sorted(out.rglob("*"))
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        assert program([f"--output={out}", *flags_for(f"127.0.0.1:{bound.getsockname()[1]}", jar)]) == 2
    assert one_line(capfd.readouterr().err.rstrip("\n"), "error: --flink_master", "make flink-up")
    assert sorted(out.rglob("*")) == before


def _all_here(look_up: Callable[..., Any]) -> Callable[..., Any]:
    return lambda host, *others, **named: look_up("127.0.0.1", *others, **named)


def _jar(path: Path, main: str) -> str:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", f"Manifest-Version: 1.0\r\nMain-Class: {main}\r\n\r\n")
    return str(path)
