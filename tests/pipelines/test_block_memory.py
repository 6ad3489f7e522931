# SPDX-License-Identifier: Apache-2.0
"""An output remembers its cuts and slots: the same command gives the same; what changes is asked for and told."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eia930.reference.hours import parse_hour
from pipelines import blocks, historical
from ringdata import hour, plan_panel, plan_series
from ringdata.layout import SPLITS, Cuts, Layout, Member
from transforms.block_settings import AskedCuts, default_cuts

CUTS = ("--validation_start=2022-06-01", "--test_start=2022-09-01")
YEAR = ("--source=emulator", "--routes=region-data", "--start=2022-01-01", "--end=2023-01-01", "--formats=parquet")


@pytest.fixture(scope="module")
def two_areas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("memory") / "out"
    assert historical.main([*YEAR, "--regions=CISO,ERCO", "--types=D", f"--output={out}", *CUTS]) == 0
    return out


@pytest.fixture
def out(two_areas: Path, tmp_path: Path) -> Path:
    shutil.copytree(two_areas, tmp_path / "out")
    return tmp_path / "out"


def slots(out: Path) -> list[str]:
    return [row["series_id"] for row in pq.read_table(out / "blocks/panel/sequences.parquet").to_pylist()]


def cuts(out: Path) -> Cuts:
    return Layout.from_json((out / "blocks/panel/layout.json").read_bytes()).cuts


def trees(out: Path) -> dict[str, bytes]:
    return {str(p.relative_to(out)): p.read_bytes() for p in sorted((out / "blocks").rglob("*")) if p.is_file()}


CISO, ERCO, AZPS = (f"EBA.{area}-ALL.D.H" for area in ("CISO", "ERCO", "AZPS"))


def unlist(out: Path) -> None:
    """A manifest that does not speak of blocks.json."""
    manifest = json.loads((out / "manifest.json").read_text())
    manifest["files"] = [file for file in manifest["files"] if file["path"] != "blocks.json"]
    (out / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize("removed", [False, True])
def test_the_same_command_without_cuts_gives_the_same_bytes(
    out: Path, capfd: pytest.CaptureFixture[str], *, removed: bool
) -> None:
    before = trees(out)
    if removed:
        shutil.rmtree(out / "blocks")
    assert blocks.main([f"--output={out}", "--formats=parquet"]) == 0
    assert trees(out) == before
    assert historical.main([*YEAR, "--regions=CISO,ERCO", "--types=D", f"--output={out}"]) == 0
    assert trees(out) == before
    assert "change" not in capfd.readouterr().err
    listed = [file["path"] for file in json.loads((out / "manifest.json").read_text())["files"]]
    assert listed.count("blocks.json") == 1


def test_a_change_is_asked_for_and_told(out: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert blocks.main([f"--output={out}", "--formats=parquet", "--validation_start=2022-05-01"]) == 0
    assert cuts(out) == Cuts(hour("2022-05-01"), hour("2022-09-01"))
    said = capfd.readouterr().err
    assert "cuts change from validation 2022-06-01T00, test 2022-09-01T00, embargo 168 h to validation 2022-05" in said
    assert blocks.main([f"--output={out}", "--formats=parquet"]) == 0
    assert cuts(out).validation == hour("2022-05-01")


def test_new_series_come_last_and_gone_ones_keep_their_slot(out: Path) -> None:
    again = [*YEAR, f"--output={out}"]
    assert slots(out) == [CISO, ERCO]
    assert historical.main([*again, "--regions=AZPS,CISO,ERCO", "--types=D"]) == 0
    assert slots(out) == [CISO, ERCO, AZPS]
    kept = trees(out)
    assert historical.main([*again, "--regions=AZPS,ERCO", "--types=D"]) == 0
    rows = pq.read_table(out / "blocks/panel/sequences.parquet").to_pylist()
    assert [(row["series_id"], row["first_hour"] is None) for row in rows] == [
        (CISO, True),
        (ERCO, False),
        (AZPS, False),
    ]
    assert not pq.read_table(out / "blocks/series/train-00000-of-00001.parquet", filters=[("sequence_id", "=", 0)])
    assert historical.main([*again, "--regions=AZPS,CISO,ERCO", "--types=D"]) == 0
    assert trees(out) == kept


def test_slots_can_be_listed(out: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert blocks.main([f"--output={out}", "--formats=parquet", f"--slots={ERCO},{CISO}"]) == 0
    assert slots(out) == [ERCO, CISO]
    assert "slots change: 2 of 2 hold another series" in capfd.readouterr().err
    assert blocks.main([f"--output={out}", "--formats=parquet", f"--slots={CISO}"]) == 0
    assert slots(out) == [CISO, ERCO]
    assert "slots change: 2 of 2 hold another series" in capfd.readouterr().err
    for wrong in ("CISO", f"{ERCO},{ERCO}"):
        assert blocks.main([f"--output={out}", f"--slots={wrong}"]) == 2
        assert capfd.readouterr().err.startswith("error: --slots: ")


def test_answers_restored_without_the_cuts_say_so(out: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    again, whole = [*YEAR, "--regions=CISO,ERCO", "--types=D"], trees(out)
    for name, files in (("bare", ["raw"]), ("backup", ["raw", "blocks.json"])):
        for file in files:
            copy = shutil.copytree if (out / file).is_dir() else shutil.copy
            (tmp_path / name).mkdir(exist_ok=True)
            copy(out / file, tmp_path / name / file)
    capfd.readouterr()
    assert historical.main([*again, f"--output={tmp_path / 'backup'}"]) == 0
    assert "warning" not in capfd.readouterr().err
    assert trees(tmp_path / "backup") == whole
    assert historical.main([*again, f"--output={tmp_path / 'bare'}"]) == 0
    said = capfd.readouterr().err
    assert "warning: blocks.json is not there, so blocks are cut anew; put it back, or give the flags" in said
    assert "warning: cuts change from validation 2022-06-01T00, test 2022-09-01T00" in said


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"\xff",
        b'{"validation_start":"x","test_start":"","embargo_hours":1,"slots":[]}',
        b'{"validation_start":"2022-06-01T00","test_start":"2022-09-01T00","embargo_hours":168,"slots":[],'
        b'"trust_flags":["none"]}',
        b'{"validation_start":"2022-06-01","test_start":"2022-09-01","embargo_hours":1,"slots":[],"inputs":"guess"}',
    ],
)
@pytest.mark.parametrize("listed", [False, True])
def test_a_damaged_memory_is_not_guessed_at(
    out: Path, content: bytes, capfd: pytest.CaptureFixture[str], *, listed: bool
) -> None:
    (out / "blocks.json").write_bytes(content)
    if not listed:
        unlist(out)
    assert blocks.main([f"--output={out}"]) == 2
    said = capfd.readouterr().err
    assert "blocks.json is damaged" in said
    assert said.count("\n") == 1


PROGRAMS: dict[str, Callable[..., int]] = {
    "blocks": lambda out, *words: blocks.main([f"--output={out}", *words]),
    "load": lambda out, *words: historical.main([*YEAR, "--regions=CISO,ERCO", "--types=D", f"--output={out}", *words]),
}
CHANGED = {
    "cuts": ("2022-06-01T00", "2022-05-01T00"),
    "embargo": (": 168", ": 24"),
    "slots": ("CISO", "PACW"),
    "fewer slots": (f'\n  "{CISO}",', ""),
}


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("change", CHANGED)
@pytest.mark.parametrize("listed", [False, True])
def test_a_memory_of_other_blocks_than_those_that_lie_there_is_refused(
    out: Path, change: str, program: str, capfd: pytest.CaptureFixture[str], *, listed: bool
) -> None:
    text = (out / "blocks.json").read_text()
    assert text.replace(*CHANGED[change]) != text
    (out / "blocks.json").write_text(text.replace(*CHANGED[change]))
    if not listed:
        unlist(out)
    before = trees(out)
    assert PROGRAMS[program](out) == 2
    said = capfd.readouterr().err
    assert said.count("\n") == 1
    assert said.startswith(f"error: {out}/blocks.json ")
    assert trees(out) == before


@pytest.mark.parametrize("listed", [False, True])
def test_a_lost_memory_is_not_taken_for_none_beside_blocks(
    out: Path, capfd: pytest.CaptureFixture[str], *, listed: bool
) -> None:
    (out / "blocks.json").unlink()
    if not listed:
        unlist(out)
    for run in PROGRAMS.values():
        assert run(out) == 2
        assert "blocks.json is missing, though blocks/" in capfd.readouterr().err
    shutil.rmtree(out / "blocks")
    assert PROGRAMS["blocks"](out, "--formats=parquet") == 0
    assert cuts(out) == default_cuts(hour("2022-01-01"), hour("2022-12-31T23"))


def masks(out: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted((out / "blocks").rglob("*-of-*.parquet"))]


def test_trusted_flags_are_remembered_and_a_change_is_told(out: Path, capfd: pytest.CaptureFixture[str]) -> None:
    trusting = masks(out)
    assert PROGRAMS["blocks"](out, "--formats=parquet", "--trust_flags=none") == 0
    assert "--trust_flags changes from all to none" in capfd.readouterr().err
    none = masks(out)
    assert none != trusting
    for run in PROGRAMS.values():
        assert run(out, "--formats=parquet") == 0
        assert "warning" not in capfd.readouterr().err
        assert masks(out) == none
    assert PROGRAMS["load"](out, "--formats=parquet", "--trust_flags=single_delta,identical_run") == 0
    assert "from none to identical_run,single_delta" in capfd.readouterr().err
    some = masks(out)
    assert PROGRAMS["blocks"](out, "--formats=parquet") == 0
    assert masks(out) == some
    assert PROGRAMS["blocks"](out, "--formats=parquet", "--trust_flags=all") == 0
    assert masks(out) == trusting


def test_that_flags_were_not_remembered_yet_is_told_once(out: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """By a version before: whoever cut with others would get other masks, and no word."""
    told = json.loads((out / "blocks.json").read_text())
    del told["trust_flags"]
    for words, lines in (((), 1), (("--trust_flags=all",), 0)):
        (out / "blocks.json").write_text(json.dumps(told))
        unlist(out)
        capfd.readouterr()
        assert PROGRAMS["blocks"](out, "--formats=parquet", *words) == 0
        said = capfd.readouterr().err
        assert said.count("did not remember --trust_flags: all count from now on; say --trust_flags as") == lines
        assert PROGRAMS["blocks"](out, "--formats=parquet") == 0
        assert "warning" not in capfd.readouterr().err


def test_a_format_goes_only_where_it_is_asked_to_and_told(out: Path, capfd: pytest.CaptureFixture[str]) -> None:
    def there() -> set[str]:
        return {name for name in ("blocks", "tfds", "avro") if any(p.is_file() for p in (out / name).rglob("*"))}

    load = [word for word in YEAR if not word.startswith("--formats")]
    load += ["--regions=CISO,ERCO", "--types=D", f"--output={out}"]
    assert historical.main([*load, "--formats=avro,parquet,tfrecord"]) == 0
    assert there() == {"blocks", "tfds", "avro"}
    for run in (historical.main(load), blocks.main([f"--output={out}"])):
        assert run == 0
        assert there() == {"blocks", "tfds", "avro"}
        assert "warning" not in capfd.readouterr().err
    assert blocks.main([f"--output={out}", "--formats=tfrecord"]) == 0
    assert capfd.readouterr().err.count("warning: blocks/ goes: --formats leaves parquet out") == 1
    assert there() == {"tfds", "avro"}
    assert historical.main([*load, "--formats=tfrecord", "--dry_run"]) == 0
    assert "avro/ goes" in capfd.readouterr().err
    assert historical.main([*load, "--formats=parquet"]) == 0
    said = capfd.readouterr().err
    assert "warning: tfds/ goes" in said
    assert "warning: avro/ goes" in said
    assert there() == {"blocks"}


@pytest.mark.parametrize(
    "words",
    [
        ("--validation_start=2022-06-01",),
        ("--test_start=2022-09-01",),
        ("--validation_start=2022-08-01",),
        ("--test_start=2022-07-01",),
        ("--embargo_hours=1000",),
    ],
)
def test_cuts_in_part_are_held_against_those_that_are_remembered(
    out: Path, words: tuple[str, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    # The defaults of these hours are 2022-07-01 and 2022-11-01: no flag is held against them.
    for program in PROGRAMS.values():
        assert program(out, "--formats=parquet", *words) == 0
    capfd.readouterr()
    for program in PROGRAMS.values():
        for wrong in (("--validation_start=2022-10-01",), ("--test_start=2022-06-02",), ("--embargo_hours=9999",)):
            assert program(out, *wrong) == 2
            said = capfd.readouterr().err
            assert said.startswith("error: --validation_start, --test_start, --embargo_hours: ")
            assert said.count("\n") == 1


def test_the_tables_tell_whose_a_series_is(out: Path) -> None:
    ciso = pq.read_table(out / "blocks/panel/sequences.parquet").to_pylist()[0]
    told = ("CISO", "D", "authority", "", "", "CAL", False, "America/Los_Angeles")
    names = ("area", "type", "kind", "parent", "partner", "region", "is_sum", "time_zone")
    assert tuple(ciso[name] for name in names) == told


@settings(max_examples=200, deadline=None)
@given(st.integers(parse_hour("2015-07-01T00"), parse_hour("2026-01-01T00")), st.integers(1_024 * 5 + 3_200, 100_000))
def test_no_split_is_empty_where_there_are_hours_enough(first: int, hours: int) -> None:
    last = first + hours - 1
    found = default_cuts(first, last)
    for plan in (plan_series, plan_panel):
        layout = plan([Member("S", first, last)], cuts=found)
        assert all(layout.split(split) for split in SPLITS), found


def test_dates_that_everyone_uses_stand_where_they_fit() -> None:
    assert default_cuts(hour("2015-07-01"), hour("2026-01-01")) == Cuts()
    assert default_cuts(hour("2019-01-01"), hour("2020-12-31T23")) == Cuts(hour("2020-06-01"), hour("2020-10-01"))
    assert AskedCuts(test=hour("2025-01-01")).over(None, hour("2015-07-01"), hour("2026-01-01")).test == hour(
        "2025-01-01"
    )
