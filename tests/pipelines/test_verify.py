# SPDX-License-Identifier: Apache-2.0
"""What verify says of a whole, moved, damaged or half output; and that what it says to run does mend it."""

import shlex
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from eia930.emulator import Emulator, synthetic
from eia930.reference.hours import parse_hour
from pipelines import blocks, historical, verify
from tests.eia930.few import FEW, few_files

NOW = parse_hour("2024-03-01T00")
TIDY = "tidy/region-data/respondent=PACW/part-00000.parquet"
CUTS = ["--validation_start=2023-09-01", "--test_start=2023-11-15"]


@pytest.fixture(scope="module")
def server() -> Iterator[Emulator]:
    with Emulator(synthetic(now=NOW), now=NOW) as made:
        yield made


def load(server: Emulator, out: Path) -> int:
    words = ("--regions=PACW,AVRN", "--start=2023-06-01", "--end=2024-02-01", "--formats=parquet,tfrecord,avro")
    pace = ("--requests_per_hour=1000000", "--burst_per_second=1000")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EIA_API_KEY", "0123456789abcdef")
        return historical.main([f"--api_url={server.url}", f"--output={out}", *words, *CUTS, *pace])


@pytest.fixture(scope="module")
def loaded(server: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("verified") / "out"
    assert load(server, out) == 0
    return out


@pytest.fixture
def moved(loaded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(loaded, tmp_path / "some where"))


def said(out: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    capsys.readouterr()
    code = verify.main([f"--output={out}"])
    told = capsys.readouterr()
    assert told.err == ""
    return code, told.out.splitlines()


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_output_that_was_moved_is_whole_and_left_as_it_is(moved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(moved)
    code, lines = said(moved, capsys)
    assert code == 0
    assert len(lines) == 1
    assert lines[0].startswith("whole: ")
    assert lines[0].endswith(f" stored answers in {moved}")
    assert contents(moved) == before


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def hollow(path: Path) -> None:
    path.write_text('{"files": []}\n')


def beside(path: Path) -> None:
    shutil.copy(path, path.with_name(f"copy-of-{path.name}"))


AVRO = "avro/region-data/respondent=PACW/part-00000.avro"
OPENS = "blocks/panel/manifest.json"
SHARD, RECORD, ANSWER = "blocks/panel/*.parquet", "tfds/*/*/*/*.tfrecord-*", "raw/eia/region-data/PACW/*.json.zst"
CASES = [
    *((TIDY, spoil) for spoil in (flip, beside)),
    *((SHARD, spoil) for spoil in (Path.unlink, beside)),
    (OPENS, Path.unlink),
    (ANSWER, flip),
    pytest.param(OPENS, hollow, marks=pytest.mark.slow),
    *(pytest.param(TIDY, spoil, marks=pytest.mark.slow) for spoil in (cut, Path.unlink)),
    *(pytest.param(SHARD, spoil, marks=pytest.mark.slow) for spoil in (flip, cut)),
    *(pytest.param(name, flip, marks=pytest.mark.slow) for name in (AVRO, RECORD)),
    pytest.param("series.parquet", Path.unlink, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("pattern", "spoil"), CASES)
def test_what_it_says_to_run_mends_it(
    pattern: str, spoil: Callable[[Path], None], server: Emulator, moved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = sorted(moved.glob(pattern))[0]
    spoil(path)
    code, lines = said(moved, capsys)
    assert code == 1
    assert len(lines) == 2
    named = path.with_name(f"copy-of-{path.name}") if spoil is beside else path
    assert lines[0].startswith(f"{named.relative_to(moved)} ")
    assert lines[1].startswith("1 of them differ: ")
    mend = lines[0].rpartition("(")[2].removesuffix(")")
    if mend.startswith("rm "):
        Path(shlex.split(mend)[1]).unlink()
    elif mend.startswith("python -m pipelines.blocks"):
        assert mend == f"python -m pipelines.blocks --output='{moved}' with the cuts that it had"
        assert blocks.main([f"--output={moved}", *CUTS]) == 0
    else:
        assert mend == f"python -m pipelines.historical --output='{moved}' with the flags of its load"
        assert load(server, moved) == 0
    assert said(moved, capsys)[0] == 0


@pytest.mark.parametrize("name", ["manifest.json", "report.json"])
def test_what_a_load_says_of_itself_is_looked_for(name: str, moved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (moved / name).unlink()
    (moved / "_SUCCESS").unlink()
    code, lines = said(moved, capsys)
    assert code == 1
    assert lines[0].startswith(f"{name} is missing")


def shorten(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def test_stored_six_month_files_are_held_against_their_commits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    now, out = parse_hour("2019-05-01T00"), tmp_path / "files"
    words = ("--source=files", "--regions=AVRN", "--start=2019-01-01", "--end=2019-04-20")
    with Emulator(synthetic(now=now), files=few_files(*FEW, now=now)) as server:
        assert historical.main([f"--files_url={server.files_url}", f"--output={out}", *words]) == 0
    stored = sorted((out / "raw/files").glob("*/*/*.csv.zst"))
    code, lines = said(out, capsys)
    assert (code, len(lines)) == (0, 1)
    assert f" and {len(stored)} stored answers in " in lines[0]
    for spoil in (flip, shorten, Path.unlink):
        spoil(stored[0])
        code, lines = said(out, capsys)
        assert (code, len(lines)) == (1, 2)
        assert lines[0].startswith(f"{stored[0].relative_to(out)} is ")
        assert "put it back from a backup" in lines[0]


def test_that_no_answers_came_with_it_is_told(moved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(moved / "raw")
    code, lines = said(moved, capsys)
    assert code == 0
    assert lines[0].startswith("whole: ")
    assert lines[1].startswith("note      raw/ has no answers: ")


def test_no_output_is_exit_2_in_one_line_and_makes_no_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify.main([f"--output={tmp_path / 'none'}"]) == 2
    assert capsys.readouterr().err == f"error: --output {tmp_path / 'none'}: there is no such folder\n"
    assert not (tmp_path / "none").exists()
    (tmp_path / "empty").mkdir()
    assert verify.main([f"--output={tmp_path / 'empty'}"]) == 2
    assert capsys.readouterr().err == f"error: --output {tmp_path / 'empty'}: no load has written there\n"
