# SPDX-License-Identifier: Apache-2.0
"""An output whose blocks are published again and again by a run's own code, and readers who look on."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from eia930.account.publication import finish, publish
from eia930.account.sums import account
from eia930.sources.fetched import Fetched, Tally
from eia930.store.lease import Owner
from eia930.store.manifest import File, put_file
from eia930.store.run import Run
from eia930.store.staging import Staging
from eia930.store.storage import Storage
from ringdata import BlockFile, Cuts, RingBlocks, config_files, manifest_files, plan_panel, shard_files
from ringdata.formats import folder_of
from ringdata.manifest import MANIFEST, read_entries
from ringdata.sequences import SCHEMA, STATISTICS
from transforms.block_manifests import open_blocks

FIRST = 380_017
PANELS = [folder_of("panel", form) for form in ("parquet", "tfrecord")]
CUTS = Cuts(FIRST + 9_000, FIRST + 10_500, 168)
_NOTHING = SCHEMA.empty_table().select(["series_id", *STATISTICS])


def two_contents(record_of: Callable[..., Any], folder: Path) -> tuple[Path, Path]:
    """Panels of one shape and of other values, in both formats; the second is dealt to other shards besides."""
    places = folder / "one", folder / "other"
    for place, seed, shards in zip(places, (7, 8), (2, 1), strict=True):
        record = record_of(series=2, hours=12_000, seed=seed)
        layout = plan_panel(record.members, cuts=CUTS, shards=shards)
        beside = config_files(layout, record.members, record.load, formats=["parquet"])
        files = [BlockFile(f"{panel}/{Path(file.path).name}", file.data) for file in beside for panel in PANELS]
        for shard in layout.shards:
            files += shard_files(layout, record.members, shard, record.load)
        for file in [*files, *manifest_files({file.path: file.entry for file in files})]:
            path = place / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(bytes(file.data))
    return places


def republish(storage: Storage, content: Path, number: int) -> None:
    """Publish all of a data set over what stands, as a run does at its end."""
    run = Run(Owner.here(f"run-{number}"), datetime.now(UTC), "code")
    told = account([], Fetched(Tally(), 0, 0, (), "", ""), run)
    publish(storage, [], told, run=run, blocks=_staged(storage, content), statistics=_NOTHING)
    finish(storage, run, open_blocks)


def _staged(storage: Storage, content: Path) -> list[File]:
    rows = {
        listed.parent / name: entry.rows
        for listed in content.rglob(MANIFEST)
        for name, entry in read_entries(listed.read_bytes()).items()
    }
    files = sorted(path for path in content.rglob("*") if path.is_file() and path.name != MANIFEST)
    staging = Staging.of(storage)
    return [
        put_file(staging, path.relative_to(content).as_posix(), path.read_bytes(), rows=rows.get(path, 0))
        for path in files
    ]


def opened(place: str) -> RingBlocks:
    return RingBlocks(place, split="train", context=2_048)


def content_of(blocks: RingBlocks) -> str:
    """A digest of every window, and of the table beside them."""
    told = sha256()
    for item in blocks:
        for array in item.values():
            told.update(array.tobytes())
    told.update(repr(blocks.sequences.to_pylist()).encode())
    return told.hexdigest()


@dataclass(frozen=True, slots=True)
class Seen:
    """What a reader found when it opened, and every time it read on by what it had opened."""

    at_first: str
    later: tuple[str, ...]


def look(place: str, passes: int) -> list[Seen]:
    """Open, read, and read on by readers opened before, a number of times."""
    held: list[tuple[RingBlocks, list[str]]] = []
    for _ in range(passes):
        held.append(((blocks := opened(place)), [content_of(blocks)]))
        for older, found in held[-3:]:
            found.append(content_of(older))
    return [Seen(found[0], tuple(found[1:])) for _, found in held]


def check_seen(seen: Sequence[Seen], contents: set[str]) -> None:
    """Nobody found a mix, nor ever another content than at first."""
    assert seen
    assert all(one.at_first in contents for one in seen)
    assert all(set(one.later) == {one.at_first} for one in seen)


def disturb(storage: Storage, contents: tuple[Path, Path], passes: int) -> None:
    """Readers in threads and other processes, while one publication follows the other until they are done."""
    true = {content_of(opened(str(content / panel))) for content in contents for panel in PANELS}
    assert len(true) == 2, "both formats say the same"
    places = [f"{storage.place}/{panel}" for panel in PANELS]
    with ThreadPoolExecutor(2) as threads, ProcessPoolExecutor(2, get_context("spawn")) as processes:
        reading: list[Future[Any]] = [pool.submit(look, at, passes) for pool in (threads, processes) for at in places]
        number = 0
        while not all(one.done() for one in reading):
            number += 1
            republish(storage, contents[number % 2], number)
        assert number > 1
        for one in reading:
            check_seen(one.result(), true)
