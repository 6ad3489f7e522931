# SPDX-License-Identifier: Apache-2.0
"""Which blocks a catalogue of series gives, by arithmetic: the same on every worker, and told to the user. No Beam."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from eia930.record.tidy_series import SeriesRef
from eia930.reference.hours import stamp
from ringdata.layout import SPLITS, Layout, Member
from ringdata.plan import plan_panel, plan_series
from transforms.block_settings import BlockSettings


def members_of(refs: Sequence[SeriesRef]) -> list[Member]:
    """The series as layouts know them."""
    return [Member(ref.series_id, ref.first, ref.last, time_zone=ref.time_zone) for ref in refs]


def layouts_of(refs: Sequence[SeriesRef], chosen: BlockSettings) -> dict[str, Layout]:
    """Both configs; none where there is no series or no training format was asked for."""
    members = members_of(refs)
    if not members or not chosen.formats:
        return {}
    return {"series": plan_series(members, cuts=chosen.cuts), "panel": plan_panel(members, cuts=chosen.cuts)}


def told(refs: Sequence[SeriesRef], chosen: BlockSettings) -> Iterator[str]:
    """Blocks by config and split, a line each; then a line that names the splits without any."""
    layouts = layouts_of(refs, chosen)
    for config, layout in layouts.items():
        counts = ((split, sum(shard.rows for shard in layout.split(split))) for split in SPLITS)
        yield f"blocks    {config}: {', '.join(f'{n:,} {split}' for split, n in counts)} blocks"
    for configs, splits in _empty(layouts).items():
        first, last = (stamp(hour) for hour in (min(ref.first for ref in refs), max(ref.last for ref in refs)))
        yield (
            f"EMPTY     {_listed(splits)} {'holds' if len(splits) == 1 else 'hold'} no block of {_listed(configs)}: "
            f"values stand from {first} to {last}, validation is cut at {stamp(chosen.cuts.validation)}, test at "
            f"{stamp(chosen.cuts.test)}; move --validation_start and --test_start, or load more hours"
        )


def _empty(layouts: Mapping[str, Layout]) -> dict[tuple[str, ...], list[str]]:
    """Splits without a block, by the configs in which they have none."""
    found: dict[tuple[str, ...], list[str]] = {}
    for split in SPLITS:
        if configs := tuple(name for name, layout in layouts.items() if not layout.split(split)):
            found.setdefault(configs, []).append(split)
    return found


def _listed(words: Sequence[str]) -> str:
    """`a, b and c`."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
