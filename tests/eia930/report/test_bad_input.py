# SPDX-License-Identifier: Apache-2.0
"""python -m pipelines.report on what it cannot show: one clear line, exit 2, nothing written."""

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from eia930.record.tidy import tidy_path
from pipelines.report import main
from tests.eia930.report.folder import write_folder

TIDY = tidy_path("region-data", "PACW")


def refused(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    assert main(argv) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: ")
    assert said.err.count("\n") == 1
    return said.err


def files(path: Path) -> list[str]:
    """All but who worked on the output."""
    found = (str(file.relative_to(path)) for file in path.rglob("*"))
    return sorted(name for name in found if not name.startswith("raw"))


def test_a_folder_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no such folder" in refused(capsys, "--output", str(tmp_path / "none"))
    assert not (tmp_path / "none").exists()


def test_without_a_word_it_looks_where_loads_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "--output data: there is no such folder" in refused(capsys)
    write_folder(tmp_path / "data/synthetic")
    assert "the load there is synthetic; say --output=data/synthetic" in refused(capsys)
    write_folder(tmp_path / "data")
    assert main([]) == 0
    assert (tmp_path / "data/report/index.html").exists()


def test_a_mistyped_flag(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "--ouput" in refused(capsys, "--output", str(tmp_path), "--ouput", "x")


def test_an_empty_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no load has finished" in refused(capsys, "--output", str(tmp_path))
    assert files(tmp_path) == []


def cut_report(path: Path) -> None:
    report = path / "report.json"
    report.write_bytes(report.read_bytes()[:500])


def other_json(path: Path) -> None:
    (path / "report.json").write_text('{"a": 1}')


def no_tidy(path: Path) -> None:
    (path / TIDY).unlink()


def cut_tidy(path: Path) -> None:
    (path / TIDY).write_bytes((path / TIDY).read_bytes()[:-100])


def no_parquet(path: Path) -> None:
    (path / TIDY).write_bytes(b"nothing like it")


def older_tidy(path: Path) -> None:
    pq.write_table(pq.read_table(path / TIDY, partitioning=None).slice(0, 5000), path / TIDY)


def other_account(path: Path) -> None:
    report = json.loads((path / "report.json").read_text())
    report["series"][0]["present"] -= 1
    (path / "report.json").write_text(json.dumps(report))


def no_manifest(path: Path) -> None:
    (path / "manifest.json").unlink()


def other_manifest(path: Path) -> None:
    files = json.loads((path / "manifest.json").read_text())["files"]
    (path / "manifest.json").write_text(json.dumps({"files": [one for one in files if one["path"] != TIDY]}))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (cut_report, "report.json is cut"),
        (other_json, "no account of a load"),
        (no_tidy, f"{TIDY} is missing"),
        (cut_tidy, f"{TIDY} is damaged"),
        (no_parquet, f"{TIDY} is damaged"),
        (older_tidy, f"{TIDY} is damaged or of another load"),
        (other_account, "files and account are of two runs"),
        (no_manifest, "manifest.json is missing or damaged"),
        (other_manifest, f"{TIDY} is not in {{}}/manifest.json"),
    ],
)
def test_a_half_written_folder(
    spoil: Callable[[Path], None], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_folder(tmp_path)
    spoil(tmp_path)
    before = files(tmp_path)
    assert said.format(tmp_path) in refused(capsys, "--output", str(tmp_path))
    assert files(tmp_path) == before


def test_a_stopped_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_folder(tmp_path, change=lambda report: report.update(stopped="the key was refused"))
    assert "the key was refused" in refused(capsys, "--output", str(tmp_path))


def test_an_account_that_asked_for_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_folder(tmp_path, {})
    assert "it asked for nothing" in refused(capsys, "--output", str(tmp_path))


def test_a_whole_folder_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_folder(tmp_path)
    assert main(["--output", str(tmp_path)]) == 0
    assert "report/index.html" in capsys.readouterr().out
    assert json.loads((tmp_path / "report" / "report.json").read_text())["quality"]["verdict"]
