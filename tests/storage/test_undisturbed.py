# SPDX-License-Identifier: Apache-2.0
"""At every step of a publication that others can see, a reader finds one output whole, and one that reads reads on."""

import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eia930.account.publication import finish, publish
from eia930.account.sums import account
from eia930.sources.fetched import Fetched, Tally
from eia930.store.lease import Owner
from eia930.store.manifest import File, put_file
from eia930.store.run import Run
from eia930.store.staging import Staging
from eia930.store.storage import Storage
from ringdata import Cuts, RingBlocks, card_file, config_files, plan_panel, shard_files
from ringdata.sequences import SCHEMA, STATISTICS
from tests.ringdata.conftest import FIRST, Record, make_record
from transforms.block_manifests import open_blocks

CUTS = Cuts(validation=FIRST + 6_000, test=FIRST + 8_000)
NONE = SCHEMA.empty_table().select(["series_id", *STATISTICS])
FOLDERS = {"parquet": "blocks/panel", "tfrecord": "tfds/eia930/panel/1.0.0"}
Window = dict[str, Any]


@dataclass(frozen=True)
class Watched(Storage):
    """A storage that is looked at after whatever others can see of a change."""

    look: Callable[[], None] = lambda: None

    def put(self, key: str, data: bytes | memoryview) -> None:
        super().put(key, data)
        self.look()

    def link(self, key: str, to: str) -> None:
        super().link(key, to)
        self.look()

    def delete(self, *keys: str) -> None:
        for key in keys:
            super().delete(key)
            self.look()


def staged(storage: Storage, record: Record, form: str, shards: int) -> list[File]:
    """The files of a record's panel, where nobody reads them yet."""
    layout = plan_panel(record.members, cuts=CUTS, shards=shards)
    files = [card_file([layout]), *config_files(layout, record.members, record.load, formats=[form])]
    for shard in layout.shards:
        files += shard_files(layout, record.members, shard, record.load, formats=[form])
    return [put_file(Staging.of(storage), file.path, file.data, rows=file.rows) for file in files]


def published(storage: Storage, blocks: Sequence[File], name: str) -> None:
    """As a load ends: its files, its account, the folder's own manifest, the marker."""
    run = Run(Owner.here(name), datetime.now(UTC))
    told = account([], Fetched(Tally(), 0, 0, (), "", ""), run, checks=[], min_completeness=0.0, now=FIRST)
    publish(storage, [], told, run=run, blocks=blocks, statistics=NONE)
    finish(storage, run, open_blocks)


def opened(storage: Storage, form: str) -> RingBlocks:
    return RingBlocks(f"{storage.place}/{FOLDERS[form]}", split="train", context=1024, ring_size=2, ring_rank=1)


def windows(blocks: RingBlocks) -> list[Window]:
    return [blocks[0], blocks[len(blocks) - 1]]


def same(found: Sequence[Window], true: Sequence[Window]) -> bool:
    pairs = zip(found, true, strict=True)
    return all(np.array_equal(one[name], other[name]) for one, other in pairs for name in other)


@pytest.fixture(params=["folder", pytest.param("bucket", marks=pytest.mark.slow)])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    bucket = request.getfixturevalue("bucket") if request.param == "bucket" else None
    return Storage.at(f"{bucket}/out" if bucket else str(tmp_path / "out"))


@pytest.mark.parametrize(
    ("form", "shards"),
    [
        pytest.param("parquet", 2, id="parquet, same names"),
        pytest.param("parquet", 4, id="parquet, other names"),
        pytest.param("tfrecord", 2, id="tfrecord, same names"),
        pytest.param("tfrecord", 4, id="tfrecord, other names", marks=pytest.mark.slow),
    ],
)
def test_readers_find_one_output_whole_at_every_step(storage: Storage, form: str, shards: int) -> None:
    old, new = (make_record(series=2, hours=9_000, seed=seed) for seed in (1, 2))
    published(storage, staged(storage, old, form, 2), "first")
    before = opened(storage, form)
    sent, first = pickle.dumps(before), windows(before)
    published(storage, staged(storage, new, form, shards), "second")
    second = windows(opened(storage, form))
    assert not same(first, second)
    assert same(windows(pickle.loads(sent)), first)
    seen = list[str]()

    def look() -> None:
        """Who opens now finds the one or the other; who has opened the second goes on, here and in another process."""
        found = windows(opened(storage, form))
        seen.append("third" if same(found, first) else "second")
        assert same(found, first if seen[-1] == "third" else second)
        assert same(windows(reading), second)
        assert same(windows(pickle.loads(reading_elsewhere)), second)

    reading = opened(storage, form)
    reading_elsewhere = pickle.dumps(reading)
    published(Watched(storage.url, look), staged(storage, old, form, 2), "third")
    assert seen == sorted(seen)
    assert len(seen) > 10
    assert {"second", "third"} == set(seen)
