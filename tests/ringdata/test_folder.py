# SPDX-License-Identifier: Apache-2.0
"""A folder that cannot be trusted is refused, by file and with a remedy, before a batch is given."""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ringdata import Cuts, RingBlocks
from ringdata.errors import (
    ContextError,
    DamagedFile,
    EmptySplit,
    FolderError,
    MissingFile,
    MixedVersions,
    NotFinished,
    RingDataError,
)
from ringdata.formats import folder_of
from ringdata.parquet_shard import parquet_checksums

FORMATS = ["parquet", "tfrecord"]


@dataclass(frozen=True)
class Spoilable:
    """A shard in a copy of the data set, its bytes, and every window as it should be."""

    shard: Path
    data: bytes = field(repr=False)
    true: list[dict[str, NDArray[Any]]] = field(repr=False)

    def said_of_flipped(self, place: int, bit: int) -> str:
        """What is said when all is read with one bit flipped; empty where every window is as it was."""
        flipped = bytearray(self.data)
        flipped[place] ^= 1 << bit
        self.shard.write_bytes(flipped)
        try:
            found = list(RingBlocks(self.shard.parent, split="train", context=1024))
        except FolderError as wrong:
            return str(wrong)
        finally:
            self.shard.write_bytes(self.data)
        for one, other in zip(found, self.true, strict=True):
            assert all(np.array_equal(one[name], other[name]) for name in other), f"byte {place}: another value"
        return ""


@pytest.fixture(scope="module")
def spoilable(tmp_path_factory: pytest.TempPathFactory, data_set: Path) -> dict[str, Spoilable]:
    """By format."""
    found = {}
    for form in FORMATS:
        shutil.copytree(data_set, out := tmp_path_factory.mktemp(form) / "out")
        path = shard(folder := out / folder_of("series", form))
        found[form] = Spoilable(path, path.read_bytes(), list(RingBlocks(folder, split="train", context=1024)))
    return found


@pytest.fixture(params=FORMATS)
def copy(request: pytest.FixtureRequest, tmp_path: Path, data_set: Path) -> Path:
    """A folder of blocks in a copy of the data set that a test may spoil."""
    shutil.copytree(data_set, tmp_path / "out")
    return tmp_path / "out" / folder_of("series", request.param)


def shard(folder: Path, split: str = "train") -> Path:
    return next(path for path in sorted(folder.iterdir()) if f"{split}" in path.name and "-00001-of-" in path.name)


def refused(folder: Path, error: type[RingDataError], *words: str, **options: Any) -> None:
    with pytest.raises(error) as caught:
        RingBlocks(folder, split=options.pop("split", "train"), context=4096, **options)
    for word in words:
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)


def root_of(folder: Path) -> Path:
    return folder.parents[3] if "tfds" in folder.parts else folder.parents[1]


def list_again(path: Path) -> None:
    """Let the manifest say that the file is as it is now."""
    listed = path.with_name("manifest.json")
    manifest = json.loads(listed.read_text())
    for entry in manifest["files"]:
        if entry["path"] == path.name:
            entry |= {"bytes": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    listed.write_text(json.dumps(manifest))


def test_a_whole_folder_opens(copy: Path) -> None:
    assert len(RingBlocks(copy, split="train", context=4096, verify="sha256"))


def test_a_folder_that_is_not_finished_is_not_read(copy: Path) -> None:
    (copy / "manifest.json").unlink()
    refused(copy, NotFinished, "no manifest.json", str(copy), "python -m pipelines.blocks")


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    refused(tmp_path / "nowhere", MissingFile, "nowhere does not exist")


def test_a_folder_above_the_blocks(data_set: Path) -> None:
    refused(data_set, MissingFile, "holds no blocks itself: give", "/blocks/panel")
    refused(data_set / "blocks", MissingFile, "holds no blocks itself: give", "/blocks/panel")


def test_blocks_of_a_load_without_a_key_are_hinted_at(
    data_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It writes below the output: whoever leaves that out is told, whatever part of the path he gave."""
    shutil.copytree(data_set, tmp_path / "data/synthetic")
    monkeypatch.chdir(tmp_path)
    there = f"{tmp_path}/data/synthetic"
    for name in ("blocks/panel", "blocks/series", "tfds/eia930/panel/1.0.0"):
        refused(Path("data") / name, MissingFile, f"data/{name} does not exist", f"; {there}/{name} does, whose hours")
    refused(Path("data"), MissingFile, f"data holds no blocks itself: give {there}/blocks/panel")
    refused(Path("data/blocks/panels"), MissingFile, "such as OUTPUT/blocks/panel")


def test_one_slash_is_a_slip(tmp_path: Path) -> None:
    refused(Path("s3:/eia/blocks/panel"), MissingFile, "did you mean s3://eia/blocks/panel?")


@pytest.mark.parametrize("path", ["s3://me:hidden@eia/blocks/panel", "s3://eia/x?secret_key=hidden"])
def test_a_key_in_a_path_is_refused_and_never_shown(path: str) -> None:
    with pytest.raises(ContextError, match="credentials come from the environment") as caught:
        RingBlocks(path, split="train", context=4096)
    assert "hidden" not in str(caught.value)


def test_a_number_beyond_all_measure_is_refused(copy: Path) -> None:
    with pytest.raises(ContextError, match="context is a number of more than 62 bits"):
        RingBlocks(copy, split="train", context=10**30)


@pytest.mark.parametrize("text", ["", "{}", '{"files": [{"path": "x"}]}', "[1]"])
def test_a_manifest_that_is_none(copy: Path, text: str) -> None:
    copy.joinpath("manifest.json").write_text(text)
    refused(copy, DamagedFile, "manifest.json is no manifest")


def test_a_missing_shard(copy: Path) -> None:
    path = shard(copy)
    path.unlink()
    refused(copy, MissingFile, path.name, "is missing")


@pytest.mark.parametrize("name", ["layout.json", "sequences.parquet"])
def test_a_missing_file_beside_the_shards(copy: Path, name: str) -> None:
    (copy / name).unlink()
    refused(copy, MissingFile, f"{name} is missing")


def test_a_shard_cut_short(copy: Path) -> None:
    path = shard(copy)
    path.write_bytes(path.read_bytes()[:-7])
    refused(copy, DamagedFile, path.name, "bytes where manifest.json has", "copy the folder again")


def test_a_shard_cut_short_behind_the_manifests_back(copy: Path) -> None:
    path = shard(copy)
    path.write_bytes(path.read_bytes()[:-7])
    list_again(path)
    if path.suffix == ".parquet":
        refused(copy, DamagedFile, path.name, "cannot be read as a whole Parquet file")
    else:
        refused(copy, DamagedFile, path.name, "bytes where its records take")


def test_other_bytes_of_the_same_length_are_found_on_request(copy: Path) -> None:
    path = shard(copy)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    refused(copy, DamagedFile, path.name, "sha256", verify="sha256")


def test_a_shard_of_another_run(
    copy: Path, record_of: Callable[..., Any], writer: Callable[..., Any], tmp_path: Path
) -> None:
    record = record_of()
    writer(tmp_path / "other", record, cuts=Cuts(380_017 + 60_000, 380_017 + 80_300), shards=4)
    path = shard(copy)
    for name in (path.name, f"{path.name}.idx", f"{path.name}.crc32"):
        other = tmp_path / "other" / path.relative_to(root_of(copy)).with_name(name)
        if other.exists():
            shutil.copyfile(other, path.with_name(name))
            list_again(path.with_name(name))
    refused(copy, MixedVersions, path.name, "another run")


@given(
    form=st.sampled_from(FORMATS),
    place=st.floats(0, 1, exclude_max=True) | st.floats(0.97, 1, exclude_max=True),
    bit=st.integers(0, 7),
)
@example(form="parquet", place=0.99, bit=0)  # in the footer: a column chunk that ends before it begins
@settings(max_examples=60, deadline=None)
def test_a_flipped_bit_is_found_or_changes_nothing(
    spoilable: dict[str, Spoilable], form: str, place: float, bit: int
) -> None:
    held = spoilable[form]
    said = held.said_of_flipped(int(place * len(held.data)), bit)
    assert said == "" or (held.shard.name in said and "\n" not in said)


@pytest.mark.parametrize("form", FORMATS)
def test_a_flipped_bit_of_values_and_marks_is_found(spoilable: dict[str, Spoilable], form: str) -> None:
    held = spoilable[form]
    places = np.random.default_rng(0).integers(4, len(held.data) * 3 // 4, 40).tolist()  # short of Parquet's footer
    found = sum("differ from their checksum" in held.said_of_flipped(place, 4) for place in places)
    assert found > len(places) * 3 / 4, "only what no window takes may pass: ids and running sums"


def test_a_shard_of_another_run_of_the_same_size(
    copy: Path, record_of: Callable[..., Any], writer: Callable[..., Any], tmp_path: Path
) -> None:
    writer(tmp_path / "other", record_of(seed=8))
    path = shard(copy)
    other = tmp_path / "other" / path.relative_to(root_of(copy))
    if path.suffix == ".parquet":
        shutil.copyfile(other, path)
        list_again(path)
        refused_on_reading(copy, path.name)
    else:
        assert path.stat().st_size == other.stat().st_size
        shutil.copyfile(other, path)
        refused_on_reading(copy, path.name)


def refused_on_reading(folder: Path, name: str) -> None:
    blocks = RingBlocks(folder, split="train", context=1024)
    with pytest.raises(DamagedFile, match=rf"{name}: .* differ from their checksum; .*run the pipeline again"):
        list(blocks)


def test_checksums_of_another_shard(copy: Path) -> None:
    path = shard(copy)
    sums = path.with_name(f"{path.name}.crc32")
    sums.write_bytes(sums.read_bytes()[:-4])
    refused(copy, DamagedFile, sums.name, "bytes where manifest.json has")
    list_again(sums)
    refused(copy, MixedVersions, sums.name, "checksums where the shard has")
    sums.unlink()
    refused(copy, MissingFile, sums.name)


def test_small_files_are_always_held_against_the_manifest(copy: Path) -> None:
    for name in ("layout.json", "sequences.parquet", f"{shard(copy).name}.crc32"):
        whole = (copy / name).read_bytes()
        (copy / name).write_bytes(whole[:-2] + bytes([whole[-2] ^ 1]) + whole[-1:])
        refused(copy, DamagedFile, name)
        (copy / name).write_bytes(whole)
    assert len(RingBlocks(copy, split="train", context=4096))


def test_rows_that_the_manifest_counts_otherwise(copy: Path) -> None:
    path, listed = shard(copy), copy / "manifest.json"
    manifest = json.loads(listed.read_text())
    for entry in manifest["files"]:
        entry["rows"] += entry["path"].endswith(path.name)
    listed.write_text(json.dumps(manifest))
    refused(copy, MixedVersions, path.name, "manifest.json has", "rows, layout.json has")


def test_a_file_is_no_folder(copy: Path) -> None:
    refused(shard(copy), MissingFile, "is a file: give the folder")


def test_shards_of_another_count_in_the_same_folder(copy: Path) -> None:
    path = shard(copy)
    stranger = path.with_name(path.name.replace("-of-00004", "-of-00008"))
    shutil.copyfile(path, stranger)
    refused(copy, MixedVersions, stranger.name, "remove it")
    assert len(RingBlocks(copy, split="validation", context=1024))


def test_a_shard_that_the_manifest_does_not_name(copy: Path) -> None:
    listed = copy / "manifest.json"
    manifest = json.loads(listed.read_text())
    manifest["files"] = [entry for entry in manifest["files"] if not entry["path"].endswith(shard(copy).name)]
    listed.write_text(json.dumps(manifest))
    refused(copy, MixedVersions, shard(copy).name, "not in manifest.json")


def test_another_version(copy: Path) -> None:
    path = copy / "layout.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "version": "2.0.0"}))
    refused(copy, MixedVersions, "layout.json is of version 2.0.0", "install the reader")


def test_a_layout_that_is_none(copy: Path) -> None:
    (copy / "layout.json").write_text('{"version": "1.0.0"}')
    refused(copy, DamagedFile, "layout.json is no layout")


def test_a_parquet_file_rewritten_by_another_program(tmp_path: Path, data_set: Path) -> None:
    shutil.copytree(data_set, tmp_path / "out")
    path = shard(tmp_path / "out" / "blocks" / "series")
    layout = json.loads((path.parent / "layout.json").read_text())
    table = pq.read_table(path)
    pq.write_table(table, path, row_group_size=layout["group_blocks"], compression="snappy")
    list_again(path)
    with pytest.raises(FolderError, match=r"differ from their checksum|it is of another run"):
        list(RingBlocks(path.parent, split="train", context=4096))


def test_splits_that_hold_nothing(tmp_path: Path, record_of: Callable[..., Any], writer: Callable[..., Any]) -> None:
    record = record_of(hours=9_000)
    writer(tmp_path, record, cuts=Cuts(380_017 + 8_000, 380_017 + 20_000))
    for folder in (tmp_path / "blocks/series", tmp_path / "tfds/eia930/panel/1.0.0"):
        refused(folder, EmptySplit, "split 'test' holds no block", "train", split="test")
        refused(folder, EmptySplit, "no split 'dev'", "train, validation, test", split="dev")


def test_an_unknown_check_is_refused(copy: Path) -> None:
    with pytest.raises(ValueError, match="'size' or 'sha256'"):
        RingBlocks(copy, split="train", context=4096, verify="md5")


@pytest.mark.parametrize(
    "packing",
    [
        {"compression": "snappy"},
        {"compression": "zstd", "use_dictionary": True},
        {"compression": "zstd", "use_dictionary": False, "data_page_size": 512},
        {"compression": "none", "data_page_version": "2.0"},
    ],
    ids=["snappy", "dictionary", "many pages", "pages of version 2"],
)
def test_a_shard_that_another_writer_packed_is_read_by_arrow(
    tmp_path: Path, data_set: Path, packing: dict[str, Any]
) -> None:
    shutil.copytree(data_set, tmp_path / "out")
    path = shard(tmp_path / "out" / "blocks" / "panel")
    options: dict[str, Any] = {
        "split": "train",
        "context": 1000 * 8,
        "stride": 300 * 8,
        "ring_size": 5,
        "ring_rank": 2,
        "horizon": 24,
    }
    true = list(RingBlocks(path.parent, **options))
    layout = json.loads((path.parent / "layout.json").read_text())
    pq.write_table(pq.read_table(path), path, row_group_size=layout["group_blocks"], **packing)
    sums = path.with_name(f"{path.name}.crc32")
    sums.write_bytes(parquet_checksums(pa.py_buffer(path.read_bytes())))
    for file in (path, sums):
        list_again(file)
    found = list(RingBlocks(path.parent, **options))
    assert len(found) == len(true) > 10
    for one, other in zip(found, true, strict=True):
        assert all(np.array_equal(one[name], other[name]) for name in other)
