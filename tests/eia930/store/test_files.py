# SPDX-License-Identifier: Apache-2.0
import hashlib
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest

from eia930.store.manifest import MANIFEST, File, put_file, read_manifest
from eia930.store.storage import Storage


def test_a_file_is_described_as_written(tmp_path: Path) -> None:
    storage = Storage.at(str(tmp_path))
    for data in (b"abc", memoryview(b"abc"), pa.py_buffer(b"abc")):
        found = put_file(storage, "a/b", data, rows=7)
        assert found == File("a/b", 7, 3, hashlib.sha256(b"abc").hexdigest())
        assert storage.get("a/b") == b"abc"


@pytest.mark.parametrize("content", [None, b"", b"[]", b'{"files":[{"path":1}]}', b"{}"])
def test_no_manifest_and_odd_ones_are_empty(tmp_path: Path, content: bytes | None) -> None:
    storage = Storage.at(str(tmp_path))
    if content is not None:
        storage.put(MANIFEST, content)
    assert read_manifest(storage) == []


def test_a_manifest_reads_back(tmp_path: Path) -> None:
    storage = Storage.at(str(tmp_path))
    files = [File("x", 1, 2, "3")]
    storage.put(MANIFEST, msgspec.json.encode({"files": files}))
    assert read_manifest(storage) == files
