# SPDX-License-Identifier: Apache-2.0
"""Whether a shard that was cut before is what cutting it again would give: by the tidy files, else by their hours.

    raw/cut/<config>/<shard>   both names, and the files

A shard of train depends on no hour of test: so most of them stay when a record grows by an hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from eia930.estimating.causal.output import DemandFills
from eia930.record.assembly import Screening
from eia930.record.tidy_series import SeriesRef
from eia930.record.unchanged.inputs import name_of, named
from eia930.record.unchanged.kept import all_whole, keep, kept
from eia930.screening.loader import TrustedHours
from eia930.store.manifest import File
from eia930.store.storage import Storage
from ringdata.layout import SPLITS, Layout, Member
from transforms.block_plan import slots_of
from transforms.block_settings import BlockSettings

ROOT = "raw/cut"
_TRAIN = SPLITS.index("train")


@dataclass(frozen=True, slots=True)
class Part:
    """One shard of a config; place -1: what stands beside the config's shards."""

    config: str
    place: int


@dataclass(frozen=True)
class Work:
    """What all threads of a worker share: where every hour goes, the series, each screened once, and their fills."""

    members: list[Member]
    layouts: dict[str, Layout]
    load: TrustedHours
    fill: DemandFills | None
    """None where what was not observed is 0."""


class _Cut(msgspec.Struct, frozen=True):
    by_files: str
    by_hours: str
    files: tuple[File, ...]


@dataclass(frozen=True, slots=True)
class CutBefore:
    """What an earlier run cut of a part, if it is known."""

    storage: Storage
    part: str
    cut: _Cut | None

    @classmethod
    def of(cls, storage: Storage, part: str) -> CutBefore:
        """The last that was kept."""
        return cls(storage, part, kept(storage, f"{ROOT}/{part}", part, _Cut))

    def standing(self, *, by_files: str = "", by_hours: str = "") -> Sequence[File] | None:
        """The files of that name, where all are as they were written; else None. What has no name never stands."""
        cut = self.cut
        if cut is None or not ((by_files and cut.by_files == by_files) or (by_hours and cut.by_hours == by_hours)):
            return None
        return cut.files if all_whole(self.storage, cut.files) else None

    def keep(self, by_files: str, by_hours: str, files: Sequence[File]) -> None:
        """For the next run."""
        if by_files:
            keep(self.storage, f"{ROOT}/{self.part}", self.part, _Cut(by_files, by_hours, tuple(files)))


def files_name(part: Part, refs: Sequence[SeriesRef], chosen: BlockSettings, screening: Screening) -> str:
    """Names all that decides a part, nothing read: tidy files by their checksums; empty where that cannot be told."""
    how = name_of(screening)
    return how and named(part, refs, _settings(chosen, how), (chosen.first, chosen.last, slots_of(refs, chosen)))


def hours_name(part: Part, work: Work, chosen: BlockSettings, screening: Screening) -> str:
    """The same by the hours that it is made of, whatever else changed in those files."""
    layout, settings = work.layouts[part.config], _settings(chosen, name_of(screening))
    if part.place < 0:
        # Statistics of train, and what is told of each series: its first and last hour too.
        hours = [work.load.told(member.series_id, _TRAIN) for member in work.members if not member.vacant]
        plans = [one.to_json() for one in work.layouts.values()]
        return named(part, work.members, plans, hours, settings)
    shard = layout.shards[part.place]
    held = [one for run in shard.runs for one in layout.grid.config.held(work.members, run.sequence_id)]
    split = SPLITS.index(shard.split)
    hours = ["" if one.vacant else work.load.told(one.series_id, split) for one in dict.fromkeys(held)]
    if work.fill is not None:
        hours += [work.fill.told(one.series_id, *layout.cuts.hours(shard.split)) for one in dict.fromkeys(held)]
    return named(part, layout.stamp(), shard, [one.series_id for one in dict.fromkeys(held)], hours, settings)


def _settings(chosen: BlockSettings, how: str) -> tuple[object, ...]:
    """What was chosen, and decides every part."""
    return chosen.cuts, chosen.formats, sorted(chosen.against), chosen.inputs, how
