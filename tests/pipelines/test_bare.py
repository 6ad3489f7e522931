# SPDX-License-Identifier: Apache-2.0
"""An environment with what a trainer needs, numpy and pyarrow: programs say what is missing, the reader reads."""

import os
import re
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from pipelines.running.start import _NEEDED

CHECKOUT = Path(__file__).resolve().parents[2]
OURS = ("eia930", "ringdata", "transforms", "pipelines")
PROGRAMS = ("historical", "coverage", "blocks", "report")


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with links to numpy, pyarrow and our packages: what a plain `pip install` leaves."""
    env = tmp_path_factory.mktemp("bare") / "env"
    venv.create(env, with_pip=False)
    (site,) = env.glob("lib/python*/site-packages")
    theirs = Path(sysconfig.get_path("purelib"))
    for path in (*(CHECKOUT / name for name in OURS), *theirs.glob("numpy*"), *theirs.glob("pyarrow*")):
        (site / path.name).symlink_to(path)
    return env / "bin" / "python"


def plain() -> dict[str, str]:
    """The variables of who has set none for Python or for us."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "EIA_"))}


def ran(python: Path, *words: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [python, "-B", *words], cwd=python.parent, env=plain(), capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_says_in_one_line_what_to_install(python: Path, program: str) -> None:
    code, out, err = ran(python, "-m", f"pipelines.{program}", "--help")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"error: {', '.join(_NEEDED)} missing: ")
    assert "pip install 'eia930[load]'" in err


def test_the_reader_and_the_emulator_need_no_more(python: Path) -> None:
    assert ran(python, "-c", "from ringdata import RingBlocks; print(RingBlocks.__name__)") == (0, "RingBlocks\n", "")
    code, out, err = ran(python, "-m", "eia930.emulator", "--help")
    assert (code, err) == (0, "")
    assert "--port" in out


def test_what_is_needed_is_what_load_brings() -> None:
    found = re.search(r'"load": \[(.*?)\]', (CHECKOUT / "setup.py").read_text("utf-8"), re.DOTALL)
    assert found
    brought = {name.replace("-", "_") for name in re.findall(r'"([a-z0-9-]+)[^"]*"', found[1])}
    # The writer of blocks says by itself where this one is missing.
    assert set(_NEEDED) == brought - {"tensorflow_datasets"} | {"apache_beam"}


@pytest.mark.parametrize("program", [*(f"pipelines.{name}" for name in PROGRAMS), "eia930.emulator"])
def test_whoever_stops_reading_is_told_nothing(program: str) -> None:
    """As in `… --help | head -3`."""
    reads, writes = os.pipe()
    os.close(reads)
    try:
        done = subprocess.run(
            [sys.executable, "-B", "-m", program, "--help"],
            cwd=CHECKOUT,
            env=plain(),
            stdout=writes,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    finally:
        os.close(writes)
    assert (done.returncode, done.stderr) == (141, b"")
