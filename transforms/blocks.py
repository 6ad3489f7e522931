# SPDX-License-Identifier: Apache-2.0
"""Blocks: the series of an output → training shards, one element a shard, values read by reference."""

from __future__ import annotations

from collections.abc import Iterator

import apache_beam as beam
from apache_beam.utils.shared import Shared

from eia930.record.assembly import Screening
from eia930.record.tidy_series import SeriesRef, TidySeries
from eia930.screening.loader import TrustedHours
from eia930.store.failure import telling
from eia930.store.manifest import CUTS, File, put_file
from eia930.store.run import Run, heed_stop
from eia930.store.storage import Storage
from ringdata.layout import SPLITS
from ringdata.output import BlockFile, card_file, config_files, shard_files
from transforms.block_memory import memory_bytes
from transforms.block_plan import layouts_of, members_of
from transforms.block_settings import BlockSettings
from transforms.unchanged.cut import CutBefore, Part, Work, files_name, hours_name


class Blocks(beam.PTransform):
    """PCollection[list[SeriesRef]] of one element → PCollection[File]: what the manifest says of each file."""

    def __init__(self, storage: Storage, chosen: BlockSettings, *, screening: Screening, run: Run) -> None:
        super().__init__()
        self._storage = storage
        self._chosen = chosen
        self._screening = screening
        self._run = run

    def expand(self, catalogue: beam.PCollection) -> beam.PCollection:
        """Names of shards cross the shuffle; every worker lays out the same plan from the same catalogue."""
        build = _BuildFn(self._storage, self._chosen, self._screening, self._run)
        return (
            catalogue
            | "Lay out" >> beam.FlatMap(_parts, self._chosen)
            | "Spread" >> beam.Reshuffle()
            | "Build" >> beam.ParDo(build, beam.pvalue.AsSingleton(catalogue))
        )


class _BuildFn(beam.DoFn):
    def __init__(self, storage: Storage, chosen: BlockSettings, screening: Screening, run: Run) -> None:
        self._storage = storage
        self._chosen = chosen
        self._screening = screening
        self._run = run
        self._shared = Shared()

    def process(self, part: Part, refs: list[SeriesRef]) -> Iterator[File]:
        with telling(self._storage, self._run, "Blocks"):
            heed_stop(self._storage, self._run)
            before = CutBefore.of(self._storage, f"{part.config}/{part.place}")
            by_files = files_name(part, refs, self._chosen, self._screening)
            files = before.standing(by_files=by_files)
            if files is None:
                # One for all threads of a worker, and for this pipeline alone.
                work = self._shared.acquire(lambda: self._work(refs))
                by_hours = by_files and hours_name(part, work, self._chosen, self._screening)
                files = before.standing(by_hours=by_hours)
                if files is None:
                    files = [_put(self._storage, file) for file in _files(part, work, self._chosen)]
                before.keep(by_files, by_hours, files)
            yield from files

    def _work(self, refs: list[SeriesRef]) -> Work:
        return Work(members_of(refs, self._chosen), layouts_of(refs, self._chosen), self._loader(refs))

    def _loader(self, refs: list[SeriesRef]) -> TrustedHours:
        first, last = self._chosen.first, self._chosen.last
        splits = tuple(self._chosen.cuts.hours(split) for split in SPLITS)
        series = TidySeries(self._storage, refs, first=first, last=last)
        inside = tuple((max(begin, first), min(end, last + 1)) for begin, end in splits)
        return TrustedHours(series, first=first, splits=inside, screening=self._screening, against=self._chosen.against)


def _files(part: Part, work: Work, chosen: BlockSettings) -> list[BlockFile]:
    """A shard in every format, or what stands beside the shards of a config; memory and card with the first."""
    layout, formats = work.layouts[part.config], chosen.formats
    if part.place >= 0:
        return shard_files(layout, work.members, layout.shards[part.place], work.load, formats=formats)
    files = config_files(layout, work.members, work.load, formats=formats)
    if part.config == next(iter(work.layouts)):
        slots = tuple(member.series_id for member in work.members)
        files.append(BlockFile(CUTS, memory_bytes(chosen, slots)))
        files += [card_file(list(work.layouts.values()))] if "parquet" in formats else []
    return files


def _parts(refs: list[SeriesRef], chosen: BlockSettings) -> Iterator[Part]:
    for config, layout in layouts_of(refs, chosen).items():
        yield Part(config, -1)
        yield from (Part(config, place) for place in range(len(layout.shards)))


def _put(storage: Storage, block: BlockFile) -> File:
    return put_file(storage, block.path, block.data, rows=block.rows)
