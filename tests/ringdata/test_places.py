# SPDX-License-Identifier: Apache-2.0
"""Folders of blocks as people move them: copied, linked, rooted elsewhere, pickled away, replaced, far away."""

import pickle
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyarrow.fs import LocalFileSystem, SubTreeFileSystem

from ringdata import RingBlocks, files
from ringdata.errors import ContextError, DamagedFile, MissingFile, MixedVersions, Unreachable
from ringdata.formats import folder_of


def first(place: str | Path, **options: Any) -> dict[str, Any]:
    return RingBlocks(place, split="train", context=8192, **options)[0]


@pytest.fixture(scope="module")
def true(data_set: Path) -> dict[str, Any]:
    return first(data_set / "blocks/panel")


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(np.array_equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("part", ["blocks", "blocks/panel", "tfds", "tfds/eia930/panel/1.0.0"])
def test_a_part_that_was_copied_alone_opens(data_set: Path, tmp_path: Path, part: str, true: dict[str, Any]) -> None:
    shutil.copytree(data_set / part, tmp_path / "X")
    whole = data_set / folder_of("panel", "parquet" if part.startswith("blocks") else "tfrecord")
    assert same(first(tmp_path / "X" / whole.relative_to(data_set / part)), true)


def test_a_link_to_a_folder_opens(data_set: Path, tmp_path: Path, true: dict[str, Any]) -> None:
    (tmp_path / "link").symlink_to(data_set / "blocks/panel")
    assert same(first(tmp_path / "link"), true)


@pytest.mark.parametrize("base", ["", "blocks", "blocks/panel"])
def test_a_file_system_rooted_anywhere_opens(data_set: Path, base: str, true: dict[str, Any]) -> None:
    rooted = SubTreeFileSystem(str(data_set / base), LocalFileSystem())
    inside = "blocks/panel"[len(base) :].strip("/")
    assert same(first(inside, filesystem=rooted), true)


def test_a_relative_path_is_read_from_another_folder(
    data_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, true: dict[str, Any]
) -> None:
    monkeypatch.chdir(data_set / "blocks")
    sent = pickle.dumps(RingBlocks("panel", split="train", context=8192))
    monkeypatch.chdir(tmp_path)
    assert same(pickle.loads(sent)[0], true)


@pytest.mark.parametrize("form", ["parquet", "tfrecord"])
def test_a_shard_that_goes_after_opening(data_set: Path, tmp_path: Path, form: str) -> None:
    shutil.copytree(data_set, tmp_path / "out")
    folder = tmp_path / "out" / folder_of("panel", form)
    blocks = pickle.loads(pickle.dumps(RingBlocks(folder, split="train", context=8192)))
    for path in folder.glob("*train*"):
        path.unlink()
    with pytest.raises(MissingFile, match="is not there"):
        blocks[0]


@pytest.mark.parametrize("form", ["parquet", "tfrecord"])
def test_a_reader_of_an_output_that_was_replaced_says_so(
    data_set: Path, tmp_path: Path, form: str, record_of: Callable[..., Any], writer: Callable[..., Any]
) -> None:
    shutil.copytree(data_set, tmp_path / "out")
    sent = pickle.dumps(RingBlocks(tmp_path / "out" / folder_of("panel", form), split="train", context=8192))
    writer(tmp_path / "out", record_of(seed=8))
    with pytest.raises(MixedVersions, match="written again since this reader opened it: open it anew"):
        list(pickle.loads(sent))


def test_damage_is_still_called_damage(data_set: Path, tmp_path: Path) -> None:
    shutil.copytree(data_set, tmp_path / "out")
    path = next((tmp_path / "out/tfds/eia930/panel/1.0.0").glob("*train.tfrecord-00000-of-00004"))
    data = bytearray(path.read_bytes())
    data[9_000] ^= 1
    path.write_bytes(data)
    with pytest.raises(DamagedFile):
        first(path.parent)


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "one")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "two")


@pytest.mark.usefixtures("keys")
def test_a_bucket_where_nobody_listens_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{closed.getsockname()[1]}")
        with pytest.raises(Unreachable, match=r"s3://eia/blocks/panel: .*credentials") as caught:
            first("s3://eia/blocks/panel")
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("keys")
def test_a_bucket_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_PATIENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(Unreachable, match="no answer in"):
            first("s3://eia/blocks/panel")


def test_an_address_that_no_client_knows() -> None:
    with pytest.raises(Unreachable, match="nowhere://eia/panel: "):
        first("nowhere://eia/panel")


class Fsspec:
    """Any file system that is not pyarrow's."""


def test_a_file_system_that_is_none() -> None:
    with pytest.raises(ContextError, match=r"filesystem is a Fsspec: give one of pyarrow.fs; .*FSSpecHandler"):
        first("blocks/panel", filesystem=Fsspec())


@pytest.mark.parametrize(
    "choice", [{"epoch": 2**70}, {"epoch": -1}, {"replica": 1.0}, {"replicas": 2.0}, {"start": "0"}, {"epoch": 0.0}]
)
def test_epochs_and_replicas_that_are_none(data_set: Path, choice: dict[str, Any]) -> None:
    blocks = RingBlocks(data_set / "blocks/panel", split="train", context=8192)
    with pytest.raises(ContextError, match=next(iter(choice))):
        blocks.windows(**choice)
