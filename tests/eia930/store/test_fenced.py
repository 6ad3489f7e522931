# SPDX-License-Identifier: Apache-2.0
"""A run that another has followed changes nothing, by whatever way of writing."""

import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from eia930.errors import Superseded
from eia930.store import lease
from eia930.store.fenced import Fenced
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
