# SPDX-License-Identifier: Apache-2.0
"""What cutting blocks again says of itself, and leaves behind."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from eia930.emulator import Emulator, synthetic
from eia930.record.tidy_file import AGAIN
from eia930.reference.hours import parse_hour
from eia930.store.manifest import ANEW, MANIFEST
from pipelines import blocks, historical
from ringdata.orders import ORDERS
from ringdata.sequences import STATISTICS
from tests.ringdata.conftest import make_record, write_data_set

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
NOW = parse_hour("2024-03-01T00")
TIDY = "tidy/region-data/respondent=PACW/part-00000.parquet"


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("tensorflow_datasets", reason="dataset_info.json is written by its code")
    out = tmp_path_factory.mktemp("loaded") / "out"
    with pytest.MonkeyPatch.context() as patch, Emulator(synthetic(now=NOW), now=NOW) as server:
        patch.setenv("EIA_API_KEY", "0123456789abcdef")
        words = ("--regions=PACW", "--start=2023-06-01", "--end=2024-02-01", "--requests_per_hour=1000000")
        assert historical.main([f"--api_url={server.url}", f"--output={out}", "--burst_per_second=1000", *words]) == 0
    return out


def cut(out: Path, validation: str, test: str, *words: str) -> int:
    return blocks.main([f"--output={out}", f"--validation_start={validation}", f"--test_start={test}", *words])


def test_blocks_are_counted_by_config_and_split(loaded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cut(loaded, "2023-09-01", "2023-11-15", "--embargo_hours=24") == 0
    said = capsys.readouterr().out
    assert re.search(r"^blocks +series: [1-9]\d* train, [1-9]\d* validation, [1-9]\d* test blocks$", said, re.MULTILINE)
    assert re.search(r"^blocks +panel: [1-9]\d* train, [1-9]\d* validation, [1-9]\d* test blocks$", said, re.MULTILINE)
    assert "EMPTY" not in said
    assert said.endswith(f"output    {loaded}: 4 series under blocks/ and tfds/\n")


@pytest.mark.parametrize("formats", ["parquet", "tfrecord"])
def test_the_catalogue_has_the_statistics_of_the_blocks_beside_it(loaded: Path, formats: str) -> None:
    counts = []
    for validation in ("2023-09-01", "2023-08-01"):
        assert cut(loaded, validation, "2023-11-15", f"--formats={formats}") == 0
        beside = pq.read_table(next(loaded.rglob("series/**/sequences.parquet"))).to_pylist()
        held = pq.read_table(loaded / "series.parquet").to_pylist()
        known = {row["series_id"]: row for row in held}
        for row in beside:
            assert {name: row[name] for name in STATISTICS} == {
                name: known[row["series_id"]][name] for name in STATISTICS
            }
        counts.append(sum(row["train_count"] for row in held))
        listed = {one["path"]: one for one in json.loads((loaded / "manifest.json").read_text())["files"]}
        content = (loaded / "series.parquet").read_bytes()
        assert listed["series.parquet"]["sha256"] == hashlib.sha256(content).hexdigest()
        assert (loaded / "_SUCCESS").exists()
    assert counts[0] > counts[1] > 0


def test_splits_without_a_block_are_named_and_formats_that_are_gone_are_not(
    loaded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cut(loaded, "2023-09-01", "2023-11-15") == 0
    assert any((loaded / "tfds").rglob("*.tfrecord-*"))
    capsys.readouterr()
    assert cut(loaded, "2030-01-01", "2031-01-01", "--formats=parquet") == 0
    said = capsys.readouterr().out
    assert "0 validation, 0 test" in said
    assert said.count("EMPTY") == 1
    assert "EMPTY     validation and test hold no block of series and panel: values stand from 2023-06-01T0" in said
    assert "validation is cut at 2030-01-01T00, test at 2031-01-01T00; move --validation_start" in said
    assert said.endswith("4 series under blocks/\n")
    assert not (loaded / "tfds").exists()


def test_the_load_names_splits_without_a_block(loaded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Emulator(synthetic(now=NOW), now=NOW) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("EIA_API_KEY", "0123456789abcdef")
        words = ("--regions=PACW", "--start=2023-06-01", "--end=2024-02-01", "--requests_per_hour=1000000")
        again = [f"--api_url={server.url}", f"--output={loaded}", "--burst_per_second=1000", *words]
        assert historical.main([*again, "--validation_start=2020-01-01", "--test_start=2021-01-01"]) == 0
    said = capsys.readouterr().out
    assert "EMPTY     train and validation hold no block of series and panel" in said


def test_what_is_superseded_stays_as_long_as_was_asked(loaded: Path, tmp_path: Path) -> None:
    """Each cut says for itself how long what it replaces stays; a later one that says less does not take it away."""
    out = shutil.copytree(loaded, tmp_path / "out", ignore=shutil.ignore_patterns("objects"))
    kept = []
    for validation, hours in (("2023-09-01", 0), ("2023-08-01", 48), ("2023-07-01", 0)):
        assert cut(out, validation, "2023-11-15", "--formats=parquet", f"--keep_hours={hours}") == 0
        kept.append({path.name for path in (out / "objects").rglob("train-*")})
    assert kept[0] == set()
    assert kept[1]
    assert kept[2] == kept[1]


def test_cuts_out_of_order_are_told_as_dates(loaded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cut(loaded, "2031-01-01", "2030-01-01") == 2
    said = capsys.readouterr().err
    assert "validation from 2031-01-01T00, test from 2030-01-01T00, embargo " in said
    assert said.count("\n") == 1


def cut_short(path: Path) -> None:
    path.write_bytes(b"XXXX")


def pages_cut_out(path: Path) -> None:
    """The footer stands: only reading the values tells."""
    data = path.read_bytes()
    path.write_bytes(data[:4] + bytes(len(data) // 2) + data[4 + len(data) // 2 :])


@pytest.mark.parametrize(
    ("name", "spoil", "said"),
    [
        (TIDY, cut_short, f"{TIDY} is damaged or of another load: "),
        (TIDY, pages_cut_out, f"{TIDY} is damaged or of another load: "),
        (TIDY, Path.unlink, f"{TIDY} is missing, though manifest.json lists it"),
        (MANIFEST, Path.unlink, "manifest.json is missing, though _SUCCESS is there"),
        (MANIFEST, cut_short, "manifest.json is damaged"),
    ],
)
def test_a_damaged_output_is_one_line_and_stays_as_it_is(
    name: str,
    spoil: Callable[[Path], None],
    said: str,
    loaded: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    out = shutil.copytree(loaded, tmp_path / "out")
    spoil(out / name)
    before = contents(out)
    assert cut(out, "2023-09-01", "2023-11-15") == 2
    told = capfd.readouterr()
    assert told.out == ""
    assert said in told.err
    assert told.err.endswith(f"({ANEW if name == MANIFEST else AGAIN})\n")
    assert told.err.count("\n") == 1
    assert contents(out) == before
    assert "_SUCCESS" in before


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_blocks_are_the_tidy_rows_and_one_that_is_not_is_found(loaded: Path, tmp_path: Path) -> None:
    assert cut(loaded, "2023-09-01", "2023-11-15", "--embargo_hours=24") == 0
    whole = _checked(loaded)
    assert whole.returncode == 0, whole.stdout + whole.stderr
    assert "garbage after train" in whole.stdout
    assert whole.stdout.endswith("nothing differs\n")
    out = shutil.copytree(loaded, tmp_path / "out")
    (path,) = (out / "tidy").rglob("*.parquet")
    table = pq.ParquetFile(path).read()
    value = table["value"].to_numpy().copy()
    value[1_000] += 1
    pq.write_table(
        table.set_column(table.column_names.index("value"), "value", pa.array(value, from_pandas=True)), path
    )
    broken = _checked(out)
    assert broken.returncode == 1
    assert "DIFFERS parquet series train contiguous ring 1 window 0: value" in broken.stdout


def test_bytes_of_a_rank_are_counted_for_every_order(tmp_path: Path) -> None:
    write_data_set(tmp_path, make_record(series=2))
    count = "from pathlib import Path; from real_blocks import count_bytes; import sys, json\n"
    count += "found = count_bytes(Path(sys.argv[1]), 1); print(json.dumps([found.counts, found.wrong]))"
    line = [sys.executable, "-c", count, str(tmp_path)]
    done = subprocess.run(line, capture_output=True, text=True, check=True, cwd=BENCHMARKS)
    counts, wrong = json.loads(done.stdout.splitlines()[-1])
    assert wrong == []
    # In two formats and configs, alone and on rings of 2, 4 and 8: single tokens dealt round cut every row group.
    assert counts["ways"] + counts["ways whose slices cut row groups, left out"] == 4 * 4 * len(ORDERS)
    assert counts["ways"] >= 4 * (4 * (len(ORDERS) - 1) + 1) // 2


def _checked(out: Path) -> "subprocess.CompletedProcess[str]":
    line = [sys.executable, str(BENCHMARKS / "real_blocks.py"), str(out)]
    return subprocess.run(line, capture_output=True, text=True, check=False, cwd=BENCHMARKS.parent)
