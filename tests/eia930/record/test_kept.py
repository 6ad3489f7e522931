# SPDX-License-Identifier: Apache-2.0
"""Whether files are as they were written is told without having one in memory as a whole: a shard is large."""

import tracemalloc
from pathlib import Path

import pytest

from eia930.record.unchanged.kept import all_whole
from eia930.store.manifest import put_file
from eia930.store.staging import Staging
from eia930.store.storage import Storage

LARGE = 32 * 2**20


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage.at(str(tmp_path))


def test_a_large_file_is_summed_in_pieces(storage: Storage) -> None:
    data = bytes(LARGE)
    file = put_file(storage, "blocks/shard", data, rows=1)
    tracemalloc.start()
    assert all_whole(storage, [file])
    put_file(Staging.of(storage), "blocks/shard", data, rows=1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < LARGE / 4
    assert not storage.list("objects")


@pytest.mark.parametrize("odd", [b"", b"shard!", b"shar", b"Shard"])
def test_a_file_that_differs_is_not_whole(storage: Storage, odd: bytes) -> None:
    file = put_file(storage, "blocks/shard", b"shard", rows=1)
    assert all_whole(storage, [file])
    storage.put("blocks/shard", odd)
    assert not all_whole(storage, [file])
    storage.delete("blocks/shard")
    assert not all_whole(storage, [file])
