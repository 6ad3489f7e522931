# SPDX-License-Identifier: Apache-2.0
"""A publication is there as a whole or not at all, whenever it is cut off, and disturbs nobody who reads."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eia930.errors import UsageError
from eia930.store.keys import OBJECTS
from eia930.store.manifest import MANIFEST, File, put_file, read_manifest
from eia930.store.objects import publish, read_file, remember, sweep
from eia930.store.staging import Staging
from eia930.store.storage import Storage

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
PATHS = ("tidy/a", "tidy/b", "blocks/c", "avro/d")
Content = dict[str, bytes]


class CutOff(Exception):
    """The run is gone, as after a kill."""


def manifest_of(files: Sequence[File]) -> bytes:
    return msgspec.json.encode({"files": files})


def published(storage: Storage) -> Content | None:
    """What a reader who opens the manifest now reads; AssertionError where a file is not as it was written."""
    if not storage.exists(MANIFEST):
        return None
    return contents(storage, read_manifest(storage))


def contents(storage: Storage, files: Sequence[File]) -> Content:
    found = {file.path: read_file(storage, file) for file in files}
    assert None not in found.values()
    return {path: data for path, data in found.items() if data is not None}


def put(storage: Storage, content: Content, *, fence: Callable[[], None] = lambda: None) -> None:
    files = [put_file(Staging.of(storage), path, data, rows=1) for path, data in content.items()]
    publish(storage, files, manifest=manifest_of, fence=fence)


@dataclass(slots=True)
class State:
    """What stands, and what readers have opened before: files by their manifest, and what they held."""

    current: Content | None = None
    opened: list[tuple[list[File], Content]] = field(default_factory=list)


def look(storage: Storage, state: State, steps: Iterator[int], cut: int) -> None:
    """Read what stands and what was opened before; CutOff at step `cut`."""
    assert published(storage) == state.current
    assert all(contents(storage, files) == held for files, held in state.opened)
    if next(steps, -1) == cut:
        raise CutOff


some_content = st.dictionaries(st.sampled_from(PATHS), st.sampled_from((b"1", b"22", b"333", b"")), max_size=4)


@given(st.lists(st.tuples(some_content, st.integers(0, 9)), min_size=1, max_size=8))
@settings(max_examples=60)
def test_readers_see_a_whole_publication_at_every_step(rounds: list[tuple[Content, int]]) -> None:
    """Each round publishes and is cut off at a step; readers look at every step, new ones and those of before."""
    with TemporaryDirectory() as folder:
        storage, now = Storage.at(folder), BEGIN
        state = State()
        for content, cut in rounds:
            now += timedelta(minutes=1)
            remember(storage, until=now + timedelta(hours=1))
            try:
                put(storage, content, fence=partial(look, storage, state, iter(range(1, 99)), cut))
                sweep(storage, now=now)
                state.current = content
                state.opened.append((read_manifest(storage), content))
            except CutOff:
                pass
            look(storage, state, iter(()), 0)
        if state.current is not None:
            # Who reads by path alone has whole files; a publication that was cut off may have left newer ones.
            assert all(storage.exists(path) for path in state.current)


def test_what_stays_the_same_is_not_touched(tmp_path: object) -> None:
    storage = Storage.at(str(tmp_path))
    put(storage, {"tidy/a": b"1", "tidy/b": b"2"})
    sweep(storage, now=BEGIN)
    before = {entry.key: entry.modified for entry in storage.list("tidy")}
    files = [put_file(Staging.of(storage), path, data, rows=1) for path, data in (("tidy/a", b"1"), ("tidy/b", b"3"))]
    assert [entry.key.split(".")[0] for entry in storage.list(OBJECTS)] == ["objects/tidy/b"]
    publish(storage, files, manifest=manifest_of, fence=lambda: None)
    after = {entry.key: entry.modified for entry in storage.list("tidy")}
    assert after["tidy/a"] == before["tidy/a"]
    assert storage.get("tidy/b") == b"3"


def test_superseded_files_go_after_their_time(tmp_path: object) -> None:
    storage = Storage.at(str(tmp_path))
    put(storage, {"tidy/a": b"1"})
    first = read_manifest(storage)
    remember(storage, until=BEGIN + timedelta(hours=1))
    put(storage, {"tidy/a": b"2"})
    sweep(storage, now=BEGIN + timedelta(minutes=59))
    assert contents(storage, first) == {"tidy/a": b"1"}
    sweep(storage, now=BEGIN + timedelta(minutes=61))
    assert read_file(storage, first[0]) is None
    assert storage.list(OBJECTS) == []
    assert published(storage) == {"tidy/a": b"2"}


def test_a_file_that_is_damaged_is_not_taken_for_whole(tmp_path: object) -> None:
    storage = Storage.at(str(tmp_path))
    put(storage, {"tidy/a": b"1"})
    sweep(storage, now=BEGIN)
    storage.put("tidy/a", b"9")
    assert read_file(storage, read_manifest(storage)[0]) is None


NOT_FINISHED = ("raw/eia/a", "columns/a", "objects/a", "_SUCCESS", "report.json", "../a", "/a", "tidy//a")


@pytest.mark.parametrize("path", NOT_FINISHED)
def test_a_manifest_that_names_what_no_load_finishes_is_damaged(path: str, tmp_path: Path) -> None:
    """By it, what a newer one does not name is removed."""
    storage = Storage.at(str(tmp_path))
    storage.put("manifest.json", json.dumps({"files": [{"path": path, "rows": 1, "bytes": 1, "sha256": "a"}]}).encode())
    with pytest.raises(UsageError, match=f"manifest.json is damaged .it names '{path}'"):
        read_manifest(storage)


def test_a_manifest_without_end_is_damaged(tmp_path: Path) -> None:
    storage = Storage.at(str(tmp_path))
    storage.put("manifest.json", b'{"x":' * 100_000)
    with pytest.raises(UsageError, match=r"manifest\.json is damaged"):
        read_manifest(storage)


def test_a_run_that_was_fenced_off_changes_nothing(tmp_path: object) -> None:
    storage = Storage.at(str(tmp_path))
    put(storage, {"tidy/a": b"1"})

    def fence() -> None:
        raise CutOff

    with pytest.raises(CutOff):
        put(storage, {"tidy/a": b"2", "tidy/b": b"3"}, fence=fence)
    assert storage.get("tidy/a") == b"1"
    assert [entry.key for entry in storage.list("tidy")] == ["tidy/a"]
