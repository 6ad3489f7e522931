# SPDX-License-Identifier: Apache-2.0
"""Blocks as ArrayRecord: the same bytes each time, whole or not at all, and one line where it cannot be done."""

import shutil
from pathlib import Path

import pytest

from ringdata.arrayrecord import convert, main
from ringdata.errors import DamagedFile

pytest.importorskip("array_record", reason="array_record is not installed; make test-ml")
TFRECORD = "tfds/eia930/panel/1.0.0"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_same_blocks_give_the_same_bytes(data_set: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    assert convert(data_set / TFRECORD, one) == convert(data_set / TFRECORD, two) > 0
    assert contents(one) == contents(two)
    assert (one / "sequences.parquet").read_bytes() == (data_set / TFRECORD / "sequences.parquet").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]


def test_a_damaged_record_leaves_nothing(data_set: Path, tmp_path: Path) -> None:
    shutil.copytree(data_set / TFRECORD, tmp_path / "copy")
    shard = sorted((tmp_path / "copy").glob("*train.tfrecord-00000-of-?????"))[0]
    held = bytearray(shard.read_bytes())
    held[len(held) // 2] ^= 1
    shard.write_bytes(held)
    with pytest.raises(DamagedFile, match="differ from their checksum"):
        convert(tmp_path / "copy", tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]


def test_what_cannot_be_converted_is_one_line(
    data_set: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = str(tmp_path)
    for words, said in (
        ((str(data_set / "blocks/panel"), f"{here}/new"), "holds no TFRecord: give OUTPUT/tfds/eia930/panel/1.0.0"),
        ((str(data_set / TFRECORD), here), "is there already: give a folder that is not"),
        ((f"{here}/none", f"{here}/new"), "does not exist"),
    ):
        assert main(words) == 2
        told = capsys.readouterr()
        assert said in told.err
        assert (told.out, told.err.count("\n")) == ("", 1)
    assert main((str(data_set / TFRECORD), f"{here}/new")) == 0
    assert " records" in capsys.readouterr().out
