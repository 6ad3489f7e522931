# SPDX-License-Identifier: Apache-2.0
"""What the comparison of two outputs finds, and what it asks for; it needs no cluster."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from deploy.flink.compare import main, pairs, question
from eia930.reference.hours import parse_hour

FILES = ("tidy/region-data/respondent=PACW/part-00000.parquet", "blocks/panel/a.parquet", "tfds/eia930/b.tfrecord")


@pytest.fixture
def outputs(tmp_path: Path) -> tuple[Path, Path]:
    here, there = tmp_path / "here", tmp_path / "there"
    for output in (here, there):
        for name in (*FILES, "raw/eia/x.json.zst"):
            (output / name).parent.mkdir(parents=True, exist_ok=True)
            (output / name).write_text(name)
    return here, there


def test_equal_files_are_found_equal(outputs: tuple[Path, Path]) -> None:
    (outputs[1] / "raw/eia/x.json.zst").write_text("what is raw tells of a run")
    found = pairs(*outputs)
    assert [pair.path for pair in found] == sorted(FILES)
    assert all(str(pair) == f"equal     {pair.path} {pair.here} {pair.here}" for pair in found)


def test_a_changed_byte_and_a_missing_file_are_found(outputs: tuple[Path, Path]) -> None:
    here, there = outputs
    (there / FILES[0]).write_text("changed")
    (there / FILES[1]).unlink()
    (there / "tidy" / "more").write_text("more")
    different = [pair for pair in pairs(here, there) if str(pair).startswith("DIFFERENT ")]
    assert {pair.path for pair in different} == {*FILES[:2], "tidy/more"}
    assert [pair.path for pair in different if pair.there == "-"] == [FILES[1]]
    assert [pair.path for pair in different if pair.here == "-"] == ["tidy/more"]


def test_all_hours_and_types_of_recorded_rows_are_asked_for(tmp_path: Path) -> None:
    hours = pa.array([3600 * parse_hour(text) for text in ("2020-01-31T23", "2020-01-01T05")], pa.timestamp("s", "UTC"))
    pq.write_table(pa.table({"period": hours, "type": pa.array(["DF", "D"]).dictionary_encode()}), tmp_path / "rows")
    assert question(tmp_path / "rows") == ("--types=D,DF", "--start=2020-01-01T05", "--end=2020-02-01T00")


def test_without_a_cluster_it_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([f"--folder={tmp_path}"]) == 2
    assert capsys.readouterr().err == f"flink: no cluster is noted in {tmp_path}: run `up` first\n"
