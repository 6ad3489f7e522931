# SPDX-License-Identifier: Apache-2.0
"""Every program says its version and which code it is."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from eia930 import __version__
from eia930.program.code import fingerprint

ROOT = Path(__file__).resolve().parents[3]
PROGRAMS = (
    *(f"pipelines.{name}" for name in ("historical", "coverage", "blocks", "report", "doctor")),
    "eia930.emulator",
)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_tells_its_version_and_code(program: str) -> None:
    line = [sys.executable, "-m", program, "--version"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"eia930 {__version__} (code {fingerprint()})\n"
    assert re.fullmatch(r"eia930 \d+\.\d+\.\d+ \(code [0-9a-f]{12}\)\n", done.stdout)


def test_the_metadata_have_the_version_of_the_code() -> None:
    line = [sys.executable, "setup.py", "--version"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.splitlines()[-1] == __version__
