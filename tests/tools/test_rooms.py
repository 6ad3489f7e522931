# SPDX-License-Identifier: Apache-2.0
"""The rooms hold what they may, and what they may not is found out."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("eia930", "ringdata", "transforms", "pipelines")


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the packages, the contracts and the script."""
    for name in (*PACKAGES, "tools"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def ran(house: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], cwd=house, capture_output=True, text=True, timeout=120)


def test_no_room_is_too_full(house: Path) -> None:
    done = ran(house, "tools/rooms.py")
    assert done.returncode == 0, done.stderr
    assert "eia930.sources.api" in done.stdout


def test_a_room_that_outgrows_its_bound_is_named(house: Path) -> None:
    for number in range(13):
        (house / "eia930" / "store" / f"more_{number}.py").write_text('"""More."""\n')
    (house / "ringdata" / "endless.py").write_text("x = 1\n" * 500)
    done = ran(house, "tools/rooms.py")
    assert done.returncode == 1
    assert "too full: eia930.store has" in done.stderr
    assert "too full: ringdata/endless.py has 500 lines" in done.stderr


@pytest.mark.parametrize(
    ("where", "line", "contract"),
    [
        ("eia930/reference/hours.py", "from eia930.record import grid\n", "the rooms of eia930"),
        ("ringdata/orders.py", "from eia930.reference import hours\n", "programs over transforms"),
        ("eia930/sources/rate.py", "import eia930.emulator\n", "a run does not import the emulator"),
        ("eia930/store/lease.py", "import apache_beam\n", "nothing below the transforms knows Beam"),
        ("eia930/a_room_of_nobody/__init__.py", "", "the rooms of eia930"),
    ],
)
def test_an_import_that_goes_the_wrong_way_is_found(house: Path, where: str, line: str, contract: str) -> None:
    path = house / where
    path.parent.mkdir(exist_ok=True)
    path.write_text((path.read_text("utf-8") if path.exists() else "") + line)
    done = ran(house, "-c", "import sys; from importlinter.cli import lint_imports_command as run; sys.exit(run())")
    assert done.returncode != 0
    assert contract in done.stdout
    assert "BROKEN" in done.stdout or "not allowed" in done.stdout or "missing" in done.stdout.lower()


def test_a_whole_house_keeps_its_contracts(house: Path) -> None:
    done = ran(house, "-c", "import sys; from importlinter.cli import lint_imports_command as run; sys.exit(run())")
    assert done.returncode == 0, done.stdout
