# SPDX-License-Identifier: Apache-2.0
"""What says that an output is whole stands until the first file of it changes, and goes before that."""

import pickle
from pathlib import Path

import pytest

from eia930.store.sparing import Sparing
from eia930.store.storage import Storage

MARKS = ("_SUCCESS", "report/index.html", "report.json")
TIDY, SHARD = "tidy/region-data/a.parquet", "blocks/panel/train.parquet"


@pytest.fixture
def output(tmp_path: Path) -> Sparing:
    storage = Storage.at(str(tmp_path))
    for key in (*MARKS, TIDY, SHARD):
        storage.put(key, key.encode())
    return Sparing.of(storage, MARKS)


def standing(output: Sparing) -> list[str]:
    return [mark for mark in MARKS if output.exists(mark)]


def test_the_same_again_changes_nothing(output: Sparing) -> None:
    output.put(TIDY, TIDY.encode())
    output.put(SHARD, memoryview(SHARD.encode()))
    output.delete("avro/gone", "rejects/gone")
    assert standing(output) == list(MARKS)


@pytest.mark.parametrize("key", [TIDY, SHARD, "tidy/new", "avro/new", "rejects/new", "tfds/new", "series.parquet"])
def test_a_file_that_differs_takes_the_marks_away(key: str, output: Sparing) -> None:
    output.put(key, b"other bytes")
    assert standing(output) == []
    assert output.get(key) == b"other bytes"


def test_a_file_that_goes_takes_the_marks_away(output: Sparing) -> None:
    output.delete("blocks/gone", SHARD)
    assert standing(output) == []
    assert not output.exists(SHARD)


def test_what_is_no_file_of_the_load_leaves_them(output: Sparing) -> None:
    for key in ("raw/run/stop", "raw/eia/a.json.zst", "manifest.json", "report/stopped.json", "report.json"):
        output.put(key, b"other bytes")
    output.delete("raw/run/stop")
    assert standing(output) == list(MARKS)


def test_marks_that_are_written_after_the_first_change_stand(output: Sparing) -> None:
    output.put(TIDY, b"other bytes")
    output.put("report.json", b"of the new load")
    output.put(SHARD, b"other bytes")
    assert standing(output) == ["report.json"]


def test_it_travels_to_a_worker(output: Sparing) -> None:
    there = pickle.loads(pickle.dumps(output))
    there.put(TIDY, TIDY.encode())
    assert standing(output) == list(MARKS)
    there.put(TIDY, b"other bytes")
    assert standing(output) == []
