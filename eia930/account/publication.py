# SPDX-License-Identifier: Apache-2.0
"""What stands at the root of an output: series.parquet, checks.parquet, report.json, manifest.json, `_SUCCESS` last."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from eia930.account.model import Account, Program
from eia930.account.series_table import catalogue, write_catalogue
from eia930.account.stored import STOPPED, encoded, read_account, write_account
from eia930.account.sums import program_of
from eia930.record.assembly import GroupReport, SeriesReport, group_paths
from eia930.store.manifest import CUTS, MANIFEST, SUCCESS, File, Manifest, read_manifest
from eia930.store.objects import publish as publish_files
from eia930.store.objects import remember, sweep
from eia930.store.origin import origin_of
from eia930.store.run import Run, heed_stop
from eia930.store.staging import Staging
from eia930.store.storage import Storage

_CUT = ("blocks/", "tfds/")
_RECORD = ("tidy", "avro", "rejects", "revisions")
_OURS = re.compile(r"-\d{5}-of-\d{5}(\.parquet)?$|/(manifest|layout|dataset_info|features)\.json$|/sequences\.parquet$")
"""Names of what a folder of blocks is made of."""


def publish(
    storage: Storage,
    groups: Sequence[GroupReport],
    told: Account,
    *,
    run: Run,
    stretches: Sequence[File] = (),
    blocks: Sequence[File],
    statistics: pa.Table,
) -> bool:
    """Put the staged files of a run in their places, and its account; `finish` comes after it, once the page stands.

    Whether it did: a load that does not end with 0 leaves a good output as it is, and its account beside that.
    """
    if told.exit and storage.exists(SUCCESS):
        write_account(storage, told, key=STOPPED)
        return False
    table = write_catalogue(Staging.of(storage), catalogue(_series(groups)), statistics)
    files = [file for group in groups for file in group.files] + [*stretches, *blocks, table]
    _put_in_place(storage, [*files, *_standing(storage, groups, files)], run)
    write_account(storage, told)
    storage.delete(STOPPED)
    return True


def _series(groups: Sequence[GroupReport]) -> Iterator[SeriesReport]:
    return (one for group in groups for one in group.series)


def finish(storage: Storage, run: Run, release: Callable[[Storage], None]) -> None:
    """`_SUCCESS`, last of all, and only where every hour asked was answered and every sum and share is as asked.

    `release` lets others read what stands, just before it.
    """
    if read_account(storage).exit == 0:
        release(storage)
        storage.put(SUCCESS, f"{run.id}\n".encode())


def publish_blocks(storage: Storage, blocks: Sequence[File], statistics: pa.Table, run: Run) -> str:
    """New blocks beside what an output holds already; `finish` comes after it. Returns the output's URL."""
    series = write_catalogue(Staging.of(storage), catalogue(read_account(storage).series), statistics)
    renewed = (*_CUT, series.path, *(file.path for file in blocks))
    kept = [file for file in read_manifest(storage) if not file.path.startswith(renewed)]
    _put_in_place(storage, [*kept, *blocks, series], run)
    return storage.url


def _standing(storage: Storage, groups: Sequence[GroupReport], files: Sequence[File]) -> Iterator[File]:
    """Files of earlier questions that still stand beside those of this run."""
    mine = {file.path for file in files}
    # Of a span that was loaded anew nothing stays, such as Avro that is no longer asked for.
    renewed = {path for group in groups for path in group_paths(group.route, group.respondent)}
    present = {entry.key for folder in _RECORD for entry in storage.list(folder)}
    # Where no blocks were cut this time, their cuts and slots are remembered all the same.
    present |= {CUTS} if storage.exists(CUTS) else set()
    for file in read_manifest(storage):
        if file.path in present - renewed - mine:
            yield file


def _put_in_place(storage: Storage, files: Sequence[File], run: Run) -> None:
    """Publish files as a whole, and keep for a while what they supersede."""
    now, origin = datetime.now(UTC), origin_of(storage) or ""

    def manifest(entries: Sequence[File]) -> bytes:
        return encoded(_Written(tuple(entries), origin, run=run.id, program=program_of(run)))

    remember(storage, until=now + timedelta(hours=run.keep_hours))
    publish_files(storage, files, manifest=manifest, fence=lambda: heed_stop(storage, run))
    _drop_strangers(storage, files)
    sweep(storage, now=now)


class _Written(Manifest, frozen=True, kw_only=True):
    """The manifest, and what wrote it."""

    run: str
    program: Program


def _drop_strangers(storage: Storage, files: Sequence[File]) -> None:
    """Shards that no manifest names would be read as blocks of this one by whoever reads a folder as it lies.

    What is no shard, or lies behind a link to a folder, is another's: it stays.
    """
    mine = {file.path for file in files}
    # A folder's own manifest stands until it is written anew.
    mine |= {f"{path.rpartition('/')[0]}/{MANIFEST}" for path in mine}
    found = (entry.key for folder in _CUT for entry in storage.list_own(folder.rstrip("/")))
    storage.delete(*(key for key in found if key not in mine and _OURS.search(key)))
    storage.drop_empty_folders("blocks", "tfds")
