# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a runner's flags is one line and exit 2, and a finished output stays as it is."""

from collections.abc import Callable
from pathlib import Path

import pytest
from apache_beam.options.pipeline_options import PipelineOptions, PortableOptions

from eia930.account.stored import encoded
from eia930.errors import UsageError
from pipelines import blocks, coverage, historical
from pipelines.runners import environment
from pipelines.running.before.preflight import check_options
from tests.eia930.account.accounts import an_account

PROGRAMS = (historical.main, blocks.main, coverage.main)


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    """An output with what says that it is finished."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "report.json").write_bytes(encoded(an_account()))
    (out / "manifest.json").write_bytes(b'{"files":[{"path":"series.parquet","rows":0,"bytes":0,"sha256":""}]}')
    (out / "coverage.json").write_text("{}")
    (out / "manifest.json").write_text('{"files": [{"path": "series.parquet", "rows": 0, "bytes": 0, "sha256": ""}]}')
    (out / "_SUCCESS").touch()
    return out


def refused(flags: list[str]) -> str:
    with pytest.raises(UsageError) as caught:
        check_options(flags)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (["--environment_type=PROCESS"], "--environment_option=process_command"),
        (["--pickle_library=dil"], "dil"),
        (["--direct_num_workers=-1"], "--direct_num_workers=-1: give a whole number, 0 for all cores"),
        (["--runner=PrismRunner"], "--prism_location"),
        (["--runner=PortableRunner"], "--job_endpoint"),
        (["--environment_option=process_command=/bin/true"], "process_command"),
    ],
)
def test_a_program_says_it_in_one_line_and_a_finished_output_stays(
    program: Callable[[list[str]], int],
    flags: list[str],
    named: str,
    finished: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    before = {path: path.read_bytes() for path in finished.rglob("*")}
    asked = [] if program is blocks.main else ["--source=emulator"]
    assert program([f"--output={finished}", *asked, *flags]) == 2
    said = capfd.readouterr().err
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    assert named in said
    assert {path: path.read_bytes() for path in finished.rglob("*")} == before


@pytest.mark.parametrize("runner", ["FnApiRunner", "FlinkRunner", "PortableRunner", "PrismRunner"])
def test_flags_that_any_runner_takes(runner: str) -> None:
    def taken(*flags: str) -> bool:
        try:
            check_options([f"--runner={runner}", *flags])
        except UsageError:
            return False
        return True

    assert taken()
    workers = {n: taken("--environment_type=LOOPBACK", f"--direct_num_workers={n}") for n in (-1, 0, 2)}
    assert workers == {-1: False, 0: True, 2: True}


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (["--environment_type=process"], "there are DOCKER, PROCESS"),
        (["--environment_type=PROCESS", "--environment_option=process_command"], "process_command=PATH"),
        (["--environment_type=PROCESS", "--environment_config=worker.sh"], '"command"'),
        (["--environment_type=PROCESS", '--environment_config={"env": {}}'], '"command"'),
        (["--environment_type=PROCESS", "--environment_config=[1]"], '"command"'),
        (["--environment_type=EXTERNAL"], "--environment_config=HOST:PORT"),
        (["--environment_type=EXTERNAL", "--environment_option=external_service_address=h:1"], "HOST:PORT"),
        (["--environment_type=EXTERNAL", "--environment_config={}"], '"url"'),
        (["--environment_type=LOOPBACK", "--environment_config=h:1"], "environment_config is not compatible"),
    ],
)
def test_a_worker_environment_that_is_none(flags: list[str], named: str) -> None:
    assert named in refused(["--runner=FlinkRunner", *flags])


@pytest.mark.parametrize(
    ("flags", "command"),
    [
        (["--environment_option=process_command=/x/worker.sh"], "/x/worker.sh"),
        (['--environment_config={"command": "/x/worker.sh"}'], "/x/worker.sh"),
    ],
)
def test_the_command_that_starts_a_worker(flags: list[str], command: str) -> None:
    chosen = ["--environment_type=PROCESS", *flags]
    assert environment.command(PipelineOptions(chosen).view_as(PortableOptions)) == command
    check_options(["--runner=FlinkRunner", *chosen])
    check_options(["--runner=FlinkRunner", "--environment_type=EXTERNAL", "--environment_config=h:1"])
