# SPDX-License-Identifier: Apache-2.0
import hashlib
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest

from eia930.errors import UsageError
from eia930.store.manifest import MANIFEST, SUCCESS, File, put_file, read_manifest
from eia930.store.storage import Storage


def test_a_file_is_described_as_written(tmp_path: Path) -> None:
    storage = Storage.at(str(tmp_path))
    for data in (b"abc", memoryview(b"abc"), pa.py_buffer(b"abc")):
        found = put_file(storage, "a/b", data, rows=7)
        assert found == File("a/b", 7, 3, hashlib.sha256(b"abc").hexdigest())
        assert storage.get("a/b") == b"abc"


def test_before_a_load_has_published_there_is_no_entry(tmp_path: Path) -> None:
    assert read_manifest(Storage.at(str(tmp_path))) == []


ODD = [b"", b"[]", b'{"files":[{"path":1}]}', b"{}", b'{"files":[{"path":"\xff"}]}', b"\xff"]


@pytest.mark.parametrize("content", ODD)
def test_an_odd_manifest_is_not_taken_for_none(tmp_path: Path, content: bytes) -> None:
    storage = Storage.at(str(tmp_path))
    storage.put(MANIFEST, content)
    with pytest.raises(UsageError, match=r"manifest\.json is damaged"):
        read_manifest(storage)


def test_nor_is_one_that_a_finished_output_has_lost(tmp_path: Path) -> None:
    storage = Storage.at(str(tmp_path))
    storage.put(SUCCESS, b"run")
    with pytest.raises(UsageError, match=r"manifest\.json is missing, though _SUCCESS is there"):
        read_manifest(storage)


def test_a_manifest_reads_back(tmp_path: Path) -> None:
    storage = Storage.at(str(tmp_path))
    files = [File("x", 1, 2, "3")]
    storage.put(MANIFEST, msgspec.json.encode({"files": files}))
    assert read_manifest(storage) == files
