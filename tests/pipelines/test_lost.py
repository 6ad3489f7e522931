# SPDX-License-Identifier: Apache-2.0
"""What an output says of itself, lost or damaged: refused in one line, and nothing is made anew in silence."""

import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest

from pipelines import blocks, coverage, historical, report, verify

LOAD = ("--source=emulator", "--regions=PACW", "--types=D,NG", "--start=2023-11-01", "--end=2024-01-01")
CUTS = ("--validation_start=2023-12-01", "--test_start=2023-12-20", "--embargo_hours=0")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("lost") / "out"
    assert historical.main([*LOAD, *CUTS, f"--output={out}"]) == 0
    return out


@pytest.fixture
def out(loaded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(loaded, tmp_path / "out"))


READERS: dict[str, Callable[[Path], int]] = {
    "load": lambda out: historical.main([*LOAD, f"--output={out}"]),
    "dry run": lambda out: historical.main([*LOAD, f"--output={out}", "--dry_run"]),
    "blocks": lambda out: blocks.main([f"--output={out}"]),
    "report": lambda out: report.main([f"--output={out}"]),
    "coverage": lambda out: coverage.main([f"--from_tidy={out}"]),
    "verify": lambda out: verify.main([f"--output={out}"]),
}


def refused(out: Path, capfd: pytest.CaptureFixture[str], reader: Callable[[Path], int] = READERS["load"]) -> str:
    """What is said where a program is refused: one line, exit 2, and every file stays as it was."""
    before = contents(out)
    capfd.readouterr()
    assert reader(out) == 2
    said = capfd.readouterr().err.splitlines()
    assert len(said) == 1
    assert contents(out) == before
    return said[0].removeprefix("error: ")


def contents(folder: Path) -> dict[str, bytes]:
    """Every file, save who worked on the output."""
    files = (path for path in folder.rglob("*") if path.is_file() and folder / "raw/run" not in path.parents)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("content", [None, b"no JSON", b"{}", b"\xff\xfe"])
@pytest.mark.parametrize("name", ["manifest.json", "report.json"])
def test_manifest_and_account_of_a_finished_output_are_not_taken_for_nothing(
    name: str, content: bytes | None, reader: str, out: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (out / name).unlink()
    if content is not None:
        (out / name).write_bytes(content)
    said = refused(out, capfd, READERS[reader])
    assert said.startswith(f"{out}/{name} is ")
    assert "put it back as it was; or remove manifest.json, report.json and _SUCCESS" in said


def test_what_the_line_says_to_do_does_mend_it(out: Path) -> None:
    tidy = {path: data for path, data in contents(out).items() if path.startswith(("tidy/", "blocks/"))}
    (out / "manifest.json").write_bytes(b"")
    for name in ("manifest.json", "report.json", "_SUCCESS"):
        (out / name).unlink()
    assert READERS["load"](out) == 0
    assert {path: data for path, data in contents(out).items() if path in tidy} == tidy
    assert READERS["verify"](out) == 0


REAL = ("--source=api", "--regions=PACW", "--types=D,NG", "--start=2023-11-01", "--end=2024-01-01")
KEPT = {
    "raw/ alone": ("raw",),
    "answers alone": ("raw/eia",),
    "raw/ without who worked": ("raw/eia", "raw/origin"),
    "files alone": ("tidy", "manifest.json", "report.json", "_SUCCESS"),
    "tidy/ alone": ("tidy",),
    "all but tidy/": ("raw", "manifest.json", "report.json", "_SUCCESS"),
}


@pytest.mark.parametrize("kept", KEPT)
def test_synthetic_hours_do_not_pass_for_real_ones_whatever_was_copied(
    kept: str, loaded: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "copy"
    for name in KEPT[kept]:
        path = loaded / name
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(path, out / name) if path.is_dir() else shutil.copy(path, out / name)
    monkeypatch.setenv("EIA_API_KEY", "0123456789abcdef")
    for words in (REAL, (*REAL, "--dry_run")):
        said = refused(out, capfd, partial(_loaded, words))
        assert said.startswith(f"--output {out} holds hours")


def _loaded(words: Sequence[str], out: Path) -> int:
    return historical.main([*words, f"--output={out}"])
