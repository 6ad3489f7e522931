# SPDX-License-Identifier: Apache-2.0
"""Whoever reads blocks goes by the manifest that was opened, whatever is published meanwhile."""

import pickle
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eia930.store.objects import sweep
from eia930.store.storage import Storage
from ringdata import RingBlocks, describe, latest
from ringdata.errors import DamagedFile, MixedVersions
from tests.ringdata.conftest import make_record
from tests.storage.publishing import PANELS, content_of, disturb, opened, republish, two_contents


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return two_contents(make_record, tmp_path_factory.mktemp("contents"))


@pytest.fixture
def output(tmp_path: Path, contents: tuple[Path, Path]) -> Storage:
    """An output in which the first content stands."""
    storage = Storage.at(str(tmp_path / "an output"))
    republish(storage, contents[0], 0)
    return storage


def test_readers_are_not_disturbed(output: Storage, contents: tuple[Path, Path]) -> None:
    disturb(output, contents, passes=4)


@pytest.mark.slow
def test_readers_are_not_disturbed_for_long(output: Storage, contents: tuple[Path, Path]) -> None:
    disturb(output, contents, passes=150)


@pytest.mark.parametrize("panel", PANELS)
def test_a_reader_reads_on_what_it_opened_here_and_elsewhere(
    output: Storage, contents: tuple[Path, Path], panel: str
) -> None:
    blocks, one = opened(f"{output.place}/{panel}"), content_of(opened(str(contents[0] / panel)))
    sent = pickle.dumps(blocks)
    for number in (1, 2, 3):
        republish(output, contents[number % 2], number)
        assert content_of(pickle.loads(sent)) == one
    assert content_of(blocks) == one
    assert content_of(opened(f"{output.place}/{panel}")) != one


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(np.array_equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("panel", PANELS)
def test_a_reader_opens_while_files_are_moved_and_the_folder_has_its_older_manifest(
    output: Storage, contents: tuple[Path, Path], panel: str
) -> None:
    """As between a publication and the end of its run: everything is at its place but the folder's own manifest."""
    folder = Path(output.place) / panel
    older = (folder / "manifest.json").read_bytes()
    told = describe(folder)
    republish(output, contents[1], 1)
    assert describe(folder) != told
    (folder / "manifest.json").write_bytes(older)
    one = content_of(opened(str(contents[0] / panel)))
    assert content_of(opened(str(folder))) == one
    assert len(RingBlocks(folder, split="train", context=2048, verify="sha256"))
    assert describe(folder) == told
    assert same(latest(folder, context=2048), latest(contents[0] / panel, context=2048))
    (folder.parent / "link").symlink_to(folder)
    assert content_of(opened(str(folder.parent / "link"))) == one


@pytest.mark.parametrize("panel", PANELS)
def test_a_reader_of_what_is_swept_is_told_to_open_anew(
    output: Storage, contents: tuple[Path, Path], panel: str
) -> None:
    sent = pickle.dumps(opened(f"{output.place}/{panel}"))
    republish(output, contents[1], 1)
    sweep(output, now=datetime.now(UTC) + timedelta(hours=7))
    with pytest.raises(MixedVersions, match="written again since this reader opened it"):
        content_of(pickle.loads(sent))


@pytest.mark.parametrize("panel", PANELS)
def test_a_folder_copied_alone_out_of_an_output_is_whole(
    output: Storage, contents: tuple[Path, Path], panel: str, tmp_path: Path
) -> None:
    republish(output, contents[1], 1)
    shutil.copytree(Path(output.place) / panel, tmp_path / "alone")
    assert content_of(opened(str(tmp_path / "alone"))) == content_of(opened(str(contents[1] / panel)))


def test_damage_in_an_output_is_named_though_it_has_objects(output: Storage, contents: tuple[Path, Path]) -> None:
    republish(output, contents[1], 1)
    (shard,) = (Path(output.place) / PANELS[0]).glob("train-*.parquet")
    data = bytearray(shard.read_bytes())
    data[2_000] ^= 1
    shard.write_bytes(data)
    with pytest.raises(DamagedFile, match=rf"{shard.name}: .* differ from their checksum"):
        content_of(opened(str(shard.parent)))


@pytest.mark.parametrize("panel", PANELS)
def test_a_shard_that_is_being_written_is_no_stranger(output: Storage, contents: tuple[Path, Path], panel: str) -> None:
    folder = Path(output.place) / panel
    (shard,) = (path for path in folder.glob("*train*-00000-of-*") if path.suffix not in (".crc32", ".idx"))
    for name in (f"{shard.name}.crc32#12", f"{shard.name}#1", f".{shard.name}#7"):
        (folder / name.replace("-of-00002", "-of-00009")).write_bytes(b"half")
    assert content_of(opened(str(folder))) == content_of(opened(str(contents[0] / panel)))


@pytest.mark.parametrize("panel", PANELS)
def test_a_shard_that_no_run_of_the_output_wrote_is_still_a_stranger(
    output: Storage, contents: tuple[Path, Path], panel: str
) -> None:
    for number in (1, 2, 3):
        republish(output, contents[number % 2], number)
    folder = Path(output.place) / panel
    (shard,) = (path for path in folder.glob("*train*-00000-of-00001*") if path.suffix not in (".crc32", ".idx"))
    stranger = folder / shard.name.replace("-of-00001", "-of-00008")
    shutil.copyfile(shard, stranger)
    with pytest.raises(MixedVersions, match=rf"{stranger.name} is of another run"):
        opened(str(folder))
