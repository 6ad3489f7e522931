# SPDX-License-Identifier: Apache-2.0
"""A past state comes out of what was stored then to the byte, and nobody is asked for it."""

import hashlib
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import zstandard

from eia930.emulator import Emulator, RowSource, synthetic
from eia930.reference.hours import parse_hour
from eia930.sources.api.folds.archive import Packed
from eia930.sources.api.folds.shelf import put_archive
from eia930.store.storage import Storage
from pipelines.historical import load, main
from tests.pipelines.test_historical import Revised, report

NOW = parse_hour("2024-03-01T00")
PACE = ("--requests_per_hour=1000000", "--burst_per_second=1000")
ASKED = ("--regions=PACW,AVA", "--start=2023-06-01", "--formats=parquet")
HOURS = ("2024-01-05T06", "2024-01-09T12", "2024-02-20T00")


@pytest.fixture(scope="module")
def rows() -> RowSource:
    return synthetic(now=NOW)


def when(text: str) -> datetime:
    return datetime.fromtimestamp(parse_hour(text) * 3600, UTC)


def at(hour: str, rows: Any, out: Path, *words: str) -> int:
    """A load that begins half an hour before an hour; the server says that it is the hour before."""
    began = when(hour) - timedelta(minutes=30)
    with Emulator(rows, now=parse_hour(hour) - 1) as server:
        return load([f"--api_url={server.url}", f"--output={out}", *ASKED, *PACE, *words], now=began)


def sums(out: Path) -> dict[str, str]:
    """sha256 of all that is of hours, by path."""
    found = [path for name in ("tidy", "blocks", "tfds", "revisions") for path in sorted((out / name).rglob("*"))]
    return {str(p.relative_to(out)): hashlib.sha256(p.read_bytes()).hexdigest() for p in found if p.is_file()}


@pytest.fixture(scope="module")
def loaded(rows: RowSource, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the output of three loads, each kept as it was: other hours, values, cuts and formats."""
    folder = tmp_path_factory.mktemp("loaded")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EIA_API_KEY", "key")
        for number, hour in enumerate(HOURS):
            served = Revised(rows, "2024-01-02T00", 10 * number)
            words = ("--validation_start=2023-10-01", "--test_start=2023-12-01", "--formats=parquet,tfrecord")
            assert at(hour, served, folder / "out", *(words if number == 2 else ())) == 0
            shutil.copytree(folder / "out", folder / f"kept{number}")
    return folder


@pytest.fixture
def out(loaded: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The output as the last load left it. There is no key."""
    monkeypatch.delenv("EIA_API_KEY", raising=False)
    return loaded / "out"


def test_tidy_and_blocks_are_those_that_the_run_of_then_wrote(loaded: Path, out: Path, tmp_path: Path) -> None:
    for number, hour in enumerate(HOURS):
        then, kept = tmp_path / f"then{number}", loaded / f"kept{number}"
        before = sums(out)
        assert main([f"--as_of={hour}", f"--raw={out}", f"--output={then}"]) == 0
        assert sums(then) == sums(kept)
        assert (then / "tfds").exists() == (number == 2)
        assert sums(out) == before
        mine, theirs = report(kept), report(then)
        for name in ("hours", "series", "spans", "checks", "rows", "revised"):
            assert mine[name] == theirs[name]
        assert theirs["requests"]["sent"] == 0
        assert (then / "report/index.html").exists()


def test_a_flag_says_otherwise_than_the_load_of_then(out: Path, tmp_path: Path) -> None:
    words = (f"--raw={out}", f"--output={tmp_path / 'then'}", "--regions=PACW", "--formats=parquet")
    assert main(["--as_of=2024-02-21", *words]) == 0
    assert {span["respondent"] for span in report(tmp_path / "then")["spans"]} == {"PACW"}
    assert not (tmp_path / "then/tfds").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--as_of=2999-01-01", "--output={then}"), "is in the future"),
        (("--as_of=2024-01-01T00", "--output={then}"), "the first answer of these regions"),
        (("--as_of=2024-01-10", "--output={raw}"), "needs a place of its own"),
        (("--as_of=2024-01-10",), "needs an --output of its own"),
        (("--as_of=2024-01-10", "--output={then}", "--coverage=gone"), "--coverage gone: "),
        (("--as_of=soon", "--output={then}"), "--as_of: "),
        (("--output={then}",), "--raw goes with --as_of"),
    ],
)
def test_what_cannot_be_is_one_line_and_changes_nothing(
    words: tuple[str, ...], said: str, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {str(path): path.read_bytes() for path in out.rglob("*") if path.is_file()}
    capsys.readouterr()
    place = {"then": tmp_path / "then", "raw": out}
    assert main([f"--raw={out}", "--regions=PACW", *(word.format(**place) for word in words)]) == 2
    told = capsys.readouterr().err.strip().splitlines()
    assert said in told[-1]
    assert len([line for line in told if line.startswith("error: ")]) == 1
    assert {str(path): path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    assert not (tmp_path / "then").exists()


def test_answers_older_than_the_load_that_asked_are_asked_for_in_its_words(
    rows: RowSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As where the server's clock is behind, and the hour of the load is asked for right after it."""
    monkeypatch.setenv("EIA_API_KEY", "key")
    cuts = ("--validation_start=2023-10-01", "--test_start=2023-12-01", "--types=D")
    with Emulator(rows, now=parse_hour("2024-01-05T06")) as server:
        words = [f"--api_url={server.url}", f"--output={tmp_path / 'out'}", *ASKED, *PACE, *cuts]
        assert load(words, now=when("2024-01-05T06") + timedelta(minutes=3)) == 0
    capsys.readouterr()
    assert main(["--as_of=2024-01-05T06", f"--raw={tmp_path / 'out'}", f"--output={tmp_path / 'then'}"]) == 0
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("warning")]
    assert len(said) == 1
    assert "no load had begun by then: asked is what the first one did, which began 2024-01-05T06:03" in said[0]
    assert sums(tmp_path / "then") == sums(tmp_path / "out")


def test_a_past_with_answers_lost_is_not_made_up(
    loaded: Path, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = Storage.at(str(tmp_path / "raw"))
    shutil.copytree(out, tmp_path / "raw")
    folder = "raw/eia/region-data/PACW"
    names = {one.key.rpartition("/")[2]: one for one in raw.list(folder)}
    archive = put_archive(raw, folder, {name: Packed(raw.get(one.key), one.modified) for name, one in names.items()})
    raw.delete(*(one.key for one in names.values()))
    raw.put(archive, raw.get(archive)[: len(raw.get(archive)) * 6 // 10])
    assert main([f"--as_of={HOURS[1]}", f"--raw={raw.place}", f"--output={tmp_path / 'then'}"]) == 3
    said = capsys.readouterr()
    assert f"{archive} is damaged: " in said.out + said.err
    assert f"(load {raw.place} once more, which asks for it again; then run this again)" in said.out + said.err
    assert not (tmp_path / "then" / "_SUCCESS").exists()


def test_a_past_state_is_not_written_into_what_it_is_read_from_by_another_name(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "link").symlink_to(out, target_is_directory=True)
    for other in (tmp_path / "link", f"{out}/../{out.name}"):
        assert main([f"--as_of={HOURS[1]}", f"--raw={out}", f"--output={other}"]) == 2
        assert "a past state needs a place of its own" in capsys.readouterr().err


def test_a_past_state_needs_no_memory_of_what_was_asked(loaded: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(loaded / "out/raw/eia", out / "raw/eia")
    shutil.copy(loaded / "out/raw/origin", out / "raw/origin")
    words = (f"--raw={out}", f"--output={tmp_path / 'then'}", *ASKED)
    assert main(["--as_of=2024-01-09T12", *words]) == 0
    kept, then = sums(loaded / "kept1"), sums(tmp_path / "then")
    assert {name: kept[name] for name in kept if name.startswith("tidy")} == {
        name: then[name] for name in then if name.startswith("tidy")
    }


@pytest.mark.parametrize("damage", [b"", pytest.param(b"\xff" * 40, marks=pytest.mark.slow), None])
def test_another_past_is_not_made_up_where_what_was_asked_is_damaged(
    damage: bytes | None, loaded: Path, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raw, then = tmp_path / "raw", tmp_path / "then"
    shutil.copytree(loaded / "out/raw", raw / "raw")
    second = sorted((raw / "raw/asked").iterdir())[1]
    whole = second.read_bytes()
    second.write_bytes(zstandard.compress(b"{}") if damage is None else damage)
    for words in ((), ASKED):
        assert main(["--as_of=2024-01-09T12", f"--raw={raw}", f"--output={then}", *words]) == 2
        said = capsys.readouterr().err
        assert f"raw/asked/{second.name} does not say what was asked then" in said
        assert said.count("\n") == 1
        assert not then.exists()
    assert main(["--as_of=2024-01-05T06", f"--raw={raw}", f"--output={tmp_path / 'first'}"]) == 0
    second.write_bytes(whole)
    assert main(["--as_of=2024-01-09T12", f"--raw={raw}", f"--output={then}"]) == 0
    assert sums(then) == sums(loaded / "kept1")


def test_whose_the_answers_are_is_not_guessed(
    loaded: Path, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raw, then = tmp_path / "raw", tmp_path / "then"
    shutil.copytree(loaded / "out/raw/eia", raw / "raw/eia")
    assert main(["--as_of=2024-01-09T12", f"--raw={raw}", f"--output={then}", *ASKED]) == 2
    assert "holds no raw/origin that says whose hours these are" in capsys.readouterr().err
    (raw / "raw/origin").write_text("the emulator\n")
    assert main(["--as_of=2024-01-09T12", f"--raw={raw}", f"--output={then}", "--source=api", *ASKED]) == 2
    assert "holds hours of the emulator; leave --source out" in capsys.readouterr().err
    assert main(["--as_of=2024-01-09T12", f"--raw={raw}", f"--output={then}", *ASKED]) == 0
    for path in then.glob("tidy/**/*.parquet"):
        assert set(pq.read_table(path)["source"].to_pylist()) <= {"emulator", None}


def test_revisions_that_raw_does_not_tell_any_more_are_kept(
    rows: RowSource, loaded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EIA_API_KEY", "key")
    out, served = tmp_path / "out", Revised(rows, "2024-01-02T00", 20)
    path = out / "revisions/region-data/respondent=PACW/part-00000.parquet"
    shutil.copytree(loaded / "out", out, ignore=shutil.ignore_patterns("PACW"))
    before = path.read_bytes()
    assert at("2024-02-20T00", served, out) == 2
    assert "replaced values of region-data/PACW that raw/ does not tell any more" in capsys.readouterr().err
    assert path.read_bytes() == before

    pq.write_table(pq.read_table(path, partitioning=None).rename_columns({"value": "after"}), path)
    before = path.read_bytes()
    assert at("2024-02-20T00", served, out) == 2
    assert "is of another version: its columns are" in capsys.readouterr().err
    assert path.read_bytes() == before
    assert at("2024-02-20T00", served, out, "--drop_history") == 0
    assert not path.exists()
