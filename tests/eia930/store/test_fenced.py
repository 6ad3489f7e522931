# SPDX-License-Identifier: Apache-2.0
"""A run that another has followed changes nothing, by whatever way of writing."""

import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from eia930.errors import Superseded
from eia930.store import lease
from eia930.store.fenced import Fenced, Look
from eia930.store.run import Run
from eia930.store.storage import Storage

WRITES: dict[str, Callable[[Storage], object]] = {
    "put": lambda storage: storage.put("a", b"older"),
    "create": lambda storage: storage.create("new", b"older"),
    "delete": lambda storage: storage.delete("a"),
    "link": lambda storage: storage.link("b", "a"),
    "folders": lambda storage: storage.drop_empty_folders("empty"),
}


def a_run(storage: Storage, name: str) -> Run:
    owner = lease.Owner.here(name)
    lease.acquire(storage, "run", owner, take_over=False, pause=lambda _: None).release()
    return Run(owner, datetime.now(UTC))


def seen(folder: Path) -> dict[str, bytes | None]:
    ours = (path for path in folder.rglob("*") if "raw" not in path.relative_to(folder).parts)
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in ours}


@pytest.mark.parametrize("write", WRITES)
def test_whoever_was_followed_writes_nothing(write: str, tmp_path: Path) -> None:
    storage = Storage.at(str(tmp_path))
    storage.put("a", b"newer")
    storage.put("b", b"another")
    (tmp_path / "empty").mkdir()
    older = a_run(storage, "older")
    newer = a_run(storage, "newer")
    before = seen(tmp_path)
    # As it travels to a worker.
    fenced = pickle.loads(pickle.dumps(Fenced.of(storage, older)))
    with pytest.raises(Superseded, match="another run has followed"):
        WRITES[write](fenced)
    assert seen(tmp_path) == before
    WRITES[write](Fenced.of(storage, newer))
    assert seen(tmp_path) != before


WRITTEN: dict[str, tuple[Callable[[Storage], object], bytes | None]] = {
    "put": (lambda storage: storage.put("manifest.json", b"mine"), b"mine"),
    "create": (lambda storage: storage.create("manifest.json", b"mine"), b"newer"),
    "delete": (lambda storage: storage.delete("manifest.json"), None),
    "link": (lambda storage: storage.link("other", "manifest.json"), b"linked"),
}


@pytest.mark.parametrize("name", ["manifest.json", "report.json", "blocks.json", "raw/origin"])
@pytest.mark.parametrize("there", [b"older", None])
def test_a_look_reads_what_an_output_says_of_itself_once(name: str, there: bytes | None, tmp_path: Path) -> None:
    storage = Storage.at(str(tmp_path))
    storage.put("other", b"1")
    if there is not None:
        storage.put(name, there)
    look = Look.now(storage)
    assert content(look, name) == there
    storage.put(name, b"newer")
    assert content(look, name) == there
    assert content(Look.now(storage), name) == content(pickle.loads(pickle.dumps(look)), name) == b"newer"
    assert look.get("other") == b"1"
    storage.put("other", b"2")
    assert look.get("other") == b"2"


@pytest.mark.parametrize("how", WRITTEN)
def test_what_is_written_through_a_look_is_seen(how: str, tmp_path: Path) -> None:
    storage = Storage.at(str(tmp_path))
    storage.put("other", b"linked")
    storage.put("manifest.json", b"older")
    look = Look.now(storage)
    assert look.get("manifest.json") == b"older"
    storage.put("manifest.json", b"newer")
    write, expected = WRITTEN[how]
    write(look)
    assert content(look, "manifest.json") == content(storage, "manifest.json") == expected


def content(storage: Storage, key: str) -> bytes | None:
    try:
        return storage.get(key)
    except KeyError:
        return None
