# SPDX-License-Identifier: Apache-2.0
"""What stands at the root of an output: series.parquet, checks.parquet, report.json, manifest.json, `_SUCCESS` last."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pyarrow as pa

from eia930.account.model import Account, Program
from eia930.account.series_table import catalogue, write_catalogue
from eia930.account.standing import MARKS
from eia930.account.stored import REPORT, STOPPED, encoded, read_account, write_account
from eia930.account.sums import program_of
from eia930.record.assembly import GroupReport, SeriesReport
from eia930.store.manifest import CHECKS, MANIFEST, SUCCESS, File, Manifest, read_manifest
from eia930.store.run import Run
from eia930.store.storage import Storage


def publish(
    storage: Storage,
    groups: Sequence[GroupReport],
    told: Account,
    *,
    run: Run,
    stretches: Sequence[File] = (),
    blocks: Sequence[File],
    statistics: pa.Table,
) -> None:
    """Write the account of a run, and what goes with it; `finish` comes after it, once the page stands too."""
    files = [file for group in groups for file in group.files]
    files += [*stretches, *blocks, write_catalogue(storage, catalogue(_series(groups)), statistics)]
    if not stretches:
        # An older one would speak of other hours.
        storage.delete(CHECKS)
    _drop_old_blocks(storage, blocks)
    _manifest(storage, files, run)
    if told.exit:
        # The files may be those of an earlier load, whose marks stand: they are true of it, not of this one.
        storage.delete(*(mark for mark in MARKS if mark != REPORT))
    write_account(storage, told)
    storage.delete(STOPPED)


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
    """New blocks beside what an output holds already: the manifest with both; `finish` comes after it.

    Returns the output's URL.
    """
    _drop_old_blocks(storage, blocks)
    series = write_catalogue(storage, catalogue(read_account(storage).series), statistics)
    renewed = ("blocks/", "tfds/", series.path, *(file.path for file in blocks))
    kept = [file for file in read_manifest(storage) if not file.path.startswith(renewed)]
    _write_manifest(storage, [*kept, *blocks, series], run)
    return storage.url


def _manifest(storage: Storage, files: Sequence[File], run: Run) -> None:
    """All files of the output: those of this run, and those of earlier questions that still stand."""
    mine = {file.path: file for file in files}
    present = {entry.key for folder in ("tidy", "avro", "rejects") for entry in storage.list(folder)}
    older = [file for file in read_manifest(storage) if file.path in present and file.path not in mine]
    _write_manifest(storage, [*mine.values(), *older], run)


def _write_manifest(storage: Storage, files: Sequence[File], run: Run) -> None:
    entries = tuple(sorted(files, key=lambda file: file.path))
    storage.put(MANIFEST, encoded(_Written(entries, run.id, program_of(run))))


class _Written(Manifest, frozen=True):
    """The manifest, and what wrote it."""

    run: str
    program: Program


def _drop_old_blocks(storage: Storage, blocks: Sequence[File]) -> None:
    """Shards of an earlier question would stand beside the new ones, with other counts in their names."""
    mine = {file.path for file in blocks}
    found = (entry.key for folder in ("blocks", "tfds") for entry in storage.list(folder))
    storage.delete(*(key for key in found if key not in mine))
    storage.drop_empty_folders("blocks", "tfds")
