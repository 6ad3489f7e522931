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
from ringdata.layout import ESTIMATE, SPLITS
from ringdata.output import BlockFile, card_file, config_files, shard_files
from transforms.block_memory import memory_bytes
from transforms.block_plan import layouts_of, members_of
from transforms.block_settings import BlockSettings
from transforms.unchanged.cut import CutBefore, Part, Work, files_name, hours_name
from transforms.unchanged.fills import inputs_of


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
        how = (self._storage, self._chosen, self._screening, self._run)
        parts = catalogue | "Lay out" >> beam.FlatMap(_parts, self._chosen) | "Spread" >> beam.Reshuffle()
        after = [beam.pvalue.AsSingleton(catalogue)]
        if self._chosen.inputs == ESTIMATE:
            # Of all series together, so once, before any shard.
            after.append(beam.pvalue.AsSingleton(catalogue | "Inputs" >> beam.ParDo(_InputsFn(*how))))
        return parts | "Build" >> beam.ParDo(_BuildFn(*how), *after)


class _Working(beam.DoFn):
    """What has the series of an output at hand."""

    def __init__(self, storage: Storage, chosen: BlockSettings, screening: Screening, run: Run) -> None:
        self._storage = storage
        self._chosen = chosen
        self._screening = screening
        self._run = run
        self._shared = Shared()

    def _loader(self, refs: list[SeriesRef]) -> TrustedHours:
        first, last = self._chosen.first, self._chosen.last
        splits = tuple(self._chosen.cuts.hours(split) for split in SPLITS)
        series = TidySeries(self._storage, refs, first=first, last=last)
        inside = tuple((max(begin, first), min(end, last + 1)) for begin, end in splits)
        return TrustedHours(series, first=first, splits=inside, screening=self._screening, against=self._chosen.against)


class _InputsFn(_Working):
    def process(self, refs: list[SeriesRef]) -> Iterator[int]:
        """Has the fills kept where every worker finds them; how many series have some."""
        with telling(self._storage, self._run, "Inputs"):
            heed_stop(self._storage, self._run)
            if not layouts_of(refs, self._chosen):
                yield 0
                return
            fills = inputs_of(self._storage, refs, self._loader(refs), self._chosen, self._screening)
            yield len(fills.by_series)


class _BuildFn(_Working):
    def process(self, part: Part, refs: list[SeriesRef], filled: int = 0) -> Iterator[File]:
        """The files of a part; `filled` is known once the fills are kept."""
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
        load = self._loader(refs)
        estimate = self._chosen.inputs == ESTIMATE
        fill = inputs_of(self._storage, refs, load, self._chosen, self._screening) if estimate else None
        return Work(members_of(refs, self._chosen), layouts_of(refs, self._chosen), load, fill)


def _files(part: Part, work: Work, chosen: BlockSettings) -> list[BlockFile]:
    """A shard in every format, or what stands beside the shards of a config; memory and card with the first."""
    layout, formats = work.layouts[part.config], chosen.formats
    if part.place >= 0:
        return shard_files(layout, work.members, layout.shards[part.place], work.load, formats=formats, fill=work.fill)
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
