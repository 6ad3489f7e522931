# SPDX-License-Identifier: Apache-2.0
"""Readers of blocks in a bucket go by the manifest that they opened, whatever is published meanwhile."""

import pickle
from pathlib import Path

import pytest

from eia930.store.storage import Storage
from ringdata.errors import FolderError
from ringdata.files import Files
from tests.ringdata.conftest import make_record
from tests.storage.publishing import PANELS, content_of, disturb, opened, republish, two_contents


@pytest.fixture
def contents(tmp_path: Path) -> tuple[Path, Path]:
    return two_contents(make_record, tmp_path)


@pytest.mark.parametrize("panel", PANELS)
def test_a_reader_reads_on_what_it_opened(bucket: str, contents: tuple[Path, Path], panel: str) -> None:
    storage = Storage.at(f"{bucket}/some/prefix")
    republish(storage, contents[0], 0)
    blocks, one = opened(f"{storage.place}/{panel}"), content_of(opened(str(contents[0] / panel)))
    sent = pickle.dumps(blocks)
    for number in (1, 2):
        republish(storage, contents[number % 2], number)
        assert content_of(blocks) == content_of(pickle.loads(sent)) == one
    republish(storage, contents[1], 3)
    assert content_of(opened(f"{storage.place}/{panel}")) != one


def test_what_goes_while_it_is_read_is_an_error_of_ours(bucket: str, contents: tuple[Path, Path]) -> None:
    """So the reader looks for it elsewhere: clients say this and that of it."""
    storage = Storage.at(f"{bucket}/some/prefix")
    republish(storage, contents[0], 0)
    name = next(Path(entry.key).name for entry in storage.list(PANELS[0]) if entry.key.endswith(".parquet"))

    def read() -> None:
        with Files(f"{storage.place}/{PANELS[0]}").opened(name) as file:
            storage.delete(f"{PANELS[0]}/{name}")
            file.read_at(8, 0)

    with pytest.raises(FolderError, match=name):
        read()


@pytest.mark.slow
def test_readers_are_not_disturbed_for_long(bucket: str, contents: tuple[Path, Path]) -> None:
    storage = Storage.at(f"{bucket}/some/prefix")
    republish(storage, contents[0], 0)
    disturb(storage, contents, passes=12)
