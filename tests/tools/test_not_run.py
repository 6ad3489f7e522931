# SPDX-License-Identifier: Apache-2.0
"""A run says in its last lines which tests it left out, why, and what runs them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import CLOSER, LEFT_OUT, told

ROOT = Path(__file__).resolve().parents[2]
TESTS = """
import pytest
from tests.conftest import lacking
def test_that_runs(): pass
@pytest.mark.slow
def test_slow(): pass
@pytest.mark.slow
def test_slow_too(): pass
def test_recorded(recorded): pass
def test_without_a_program(): lacking("go is not on the PATH")
@pytest.mark.skip(reason="TensorFlow is not installed: its encoder cannot be compared")
def test_without_a_package(): pass
"""


def ran(folder: Path, *flags: str, **variables: str) -> str:
    """What pytest says of the tests above, with our conftest."""
    (folder / "test_some.py").write_text(TESTS)
    known = {name: value for name, value in os.environ.items() if name not in ("CI", "RECORDED")}
    ours = ("-p", "tests.conftest", "-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml"))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *ours, "--rootdir", folder, *flags, folder / "test_some.py"],
        cwd=ROOT, env=known | variables, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return done.stdout


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_the_last_lines_name_reason_and_command(tmp_path: Path, workers: tuple[str, ...]) -> None:
    said = ran(tmp_path, *workers, "-m", "not slow and not recorded")
    lines = said[said.index("= not run =") :].splitlines()[1:-1]
    assert [line.strip() for line in lines] == [
        f"1 left out: {LEFT_OUT['recorded']}",
        f"2 left out: {LEFT_OUT['slow']}",
        f"1 skipped: TensorFlow is not installed: its encoder cannot be compared: {CLOSER['not installed']}",
        "1 skipped: go is not on the PATH",
    ]


def test_without_the_recorded_rows_it_says_what_names_them(tmp_path: Path) -> None:
    said = ran(tmp_path, "-m", "recorded", RECORDED=str(tmp_path / "none"))
    assert f"1 skipped: no recorded EIA rows on this machine: {CLOSER['recorded EIA rows']}" in said
    assert "skipped" not in ran(tmp_path, "-m", "recorded", RECORDED=str(tmp_path))


def test_where_nothing_is_left_out_nothing_is_said(tmp_path: Path) -> None:
    assert "not run" not in ran(tmp_path, "-k", "that_runs")


def test_where_ci_is_set_a_program_that_is_lacking_is_a_failure(tmp_path: Path) -> None:
    assert "CI should have installed it" in ran(tmp_path, "-k", "program", CI="1")


@pytest.mark.parametrize("line", [*LEFT_OUT.values(), *CLOSER.values()])
def test_every_command_is_a_target(line: str) -> None:
    target = line.partition("make ")[2].split()[0]
    assert f"\n{target}:" in (ROOT / "Makefile").read_text("utf-8")


def test_a_reason_without_a_command_stands_alone() -> None:
    assert told("root may write anywhere") == "root may write anywhere"
