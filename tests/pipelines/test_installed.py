# SPDX-License-Identifier: Apache-2.0
"""What an installation holds is whole: tables, templates, types and commands, without this checkout."""

import os
import shutil
import subprocess
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
CHECKOUT = Path(__file__).resolve().parents[2]
COMMANDS = {
    **{
        name: f"pipelines.{name}"
        for name in ("historical", "coverage", "blocks", "report", "verify", "doctor", "follow", "codes", "reference")
    },
    "emulator": "eia930.emulator",
}
PACKED = ("eia930", "ringdata", "transforms", "pipelines")


def ran(*command: str | Path, cwd: Path) -> str:
    """What a program says that ends well, in an environment that knows nothing of this checkout."""
    known = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "EIA_"))}
    done = subprocess.run(command, cwd=cwd, env=known, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a fresh environment with the wheel that an sdist makes; what it depends on is this one's."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder / "env", with_pip=True)
    python = folder / "env" / "bin" / "python"
    tool = subprocess.run(
        [python, "-m", "pip", "install", "-q", "setuptools", "wheel"], capture_output=True, check=False
    )
    if tool.returncode:
        pytest.skip("pip cannot get setuptools here")
    sdist = packed(folder, python)
    ran(python, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", sdist, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    ran(python, "-m", "pip", "install", "-q", "--no-deps", wheel, cwd=folder)
    site = Path(ran(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip())
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return python


def packed(folder: Path, python: Path) -> Path:
    """The sdist, made from a copy: making it litters."""
    copy = folder / "checkout"
    for name in PACKED:
        shutil.copytree(CHECKOUT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(CHECKOUT / name, copy)
    ran(python, "setup.py", "-q", "sdist", "--dist-dir", folder, cwd=copy)
    (sdist,) = folder.glob("*.tar.gz")
    return sdist


def test_sdist_and_wheel_hold_every_file_of_the_packages(python: Path) -> None:
    (sdist,) = python.parents[2].glob("*.tar.gz")
    with tarfile.open(sdist) as packed:
        held = {name.split("/", 1)[1] for name in packed.getnames() if "/" in name}
    (wheel,) = python.parents[2].glob("*.whl")
    with zipfile.ZipFile(wheel) as made:
        wheels = set(made.namelist())
    ours = {
        str(path.relative_to(CHECKOUT))
        for name in PACKED
        for path in (CHECKOUT / name).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert len(ours) > 100
    assert ours - held == set()
    assert ours - wheels == set()
    assert {f"{name}/py.typed" for name in PACKED} <= wheels


def test_every_program_says_its_flags(python: Path, tmp_path: Path) -> None:
    for program in ("historical", "coverage", "blocks", "report"):
        assert "--output" in ran(python, "-m", f"pipelines.{program}", "--help", cwd=tmp_path)


def test_every_command_is_its_program(python: Path, tmp_path: Path) -> None:
    for name, module in COMMANDS.items():
        said = ran(python.with_name(f"eia930-{name}"), "--help", cwd=tmp_path)
        assert said == ran(python, "-m", module, "--help", cwd=tmp_path)


def test_a_command_answers_before_it_loads_beam(python: Path, tmp_path: Path) -> None:
    command = [str(python), "-X", "importtime", str(python.with_name("eia930-historical")), "--help"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
    assert "pipelines.historical" in done.stderr
    assert "apache_beam" not in done.stderr


def test_a_load_runs_from_what_is_installed(python: Path, tmp_path: Path) -> None:
    where = ran(python, "-c", "import eia930; print(eia930.__file__)", cwd=tmp_path)
    assert where.startswith(str(python.parents[1]))
    question = ("--regions=PACW", "--start=2022-01-01", "--end=2022-07-01", "--source=emulator", "--output=out")
    said = ran(python, "-m", "pipelines.historical", *question, cwd=tmp_path)
    assert "hours " in said
    for name in (
        "_SUCCESS",
        "manifest.json",
        "report/index.html",
        "tidy/region-data/respondent=PACW/part-00000.parquet",
    ):
        assert (tmp_path / "out" / name).exists()
    ran(python, "-m", "pipelines.blocks", "--output=out", "--formats=parquet", cwd=tmp_path)
    ran(python, "-m", "pipelines.report", "--output=out", cwd=tmp_path)
