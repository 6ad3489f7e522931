# SPDX-License-Identifier: Apache-2.0
"""Deal blocks to shards by arithmetic alone, so that shards can be built apart, in any order, by anyone."""

import heapq
from collections.abc import Sequence
from itertools import pairwise

from ringdata.config import PANEL, SERIES
from ringdata.errors import LayoutError
from ringdata.layout import REPORTED, SPLITS, BlockGrid, BlockRun, Cuts, Layout, Member, Shard

SHARD_TOKENS = 1 << 22


def plan_series(
    members: Sequence[Member], *, cuts: Cuts | None = None, shards: int | None = None, inputs: str = REPORTED
) -> Layout:
    """Config `series`: every member is a sequence of its own (its place is its id), never split over shards.

    `shards` (a power of two; by default one a 4 M tokens) is lowered to the number of sequences where that is less.
    Shards hold equal rows where the sequences allow it; else they differ by at most the longest sequence.
    `inputs` is what `value` holds where nothing was observed: reported (0), or estimate.
    """
    cuts, grid = cuts or Cuts(), BlockGrid(SERIES, 1)
    _check(members, shards)
    found: list[Shard] = []
    for split in SPLITS:
        runs = [
            _run(grid, cuts, split, place, m.first_hour, m.last_hour) for place, m in enumerate(members) if not m.vacant
        ]
        held = [run for run in runs if run.blocks]
        found += _shards(split, _deal(held, _count(grid, held, len(held), shards)))
    return Layout(grid, cuts, tuple(found), inputs=inputs)


def plan_panel(
    members: Sequence[Member], *, cuts: Cuts | None = None, shards: int | None = None, inputs: str = REPORTED
) -> Layout:
    """Config `panel`: one sequence of all members, a slot each (its place is its slot), the slots a power of two.

    Shards are ranges of time of equal rows, give or take one row group (`shards`, `inputs` as in `plan_series`).
    """
    cuts = cuts or Cuts()
    _check(members, shards)
    grid = BlockGrid(PANEL, 1 << (len(members) - 1).bit_length())
    held = [member for member in members if not member.vacant]
    first, last = min(m.first_hour for m in held), max(m.last_hour for m in held)
    found: list[Shard] = []
    for split in SPLITS:
        run = _run(grid, cuts, split, 0, first, last)
        groups = -(-run.blocks // grid.group_blocks)
        found += _shards(split, _cut(grid, run, _count(grid, [run], groups, shards)))
    return Layout(grid, cuts, tuple(found), inputs=inputs)


def _check(members: Sequence[Member], shards: int | None) -> None:
    """Refuse what no layout fits."""
    if all(member.vacant for member in members):
        raise LayoutError("no series given: blocks need at least one")
    for member in members:
        if member.last_hour < member.first_hour and not member.vacant:
            raise LayoutError(f"{member.series_id}: ends at {member.last_hour}, before its start {member.first_hour}")
    if len({member.series_id for member in members}) < len(members):
        raise LayoutError("a series is given twice; each takes one sequence or slot")
    if shards is not None and (shards < 1 or shards & (shards - 1)):
        raise LayoutError(f"{shards} shards: give a power of two, so that such a number of hosts divides it")


def _run(grid: BlockGrid, cuts: Cuts, split: str, sequence_id: int, first_hour: int, last_hour: int) -> BlockRun:
    """The blocks that lie whole within the split and hold an hour of the sequence (maybe none)."""
    begin, end = cuts.hours(split)
    first = max(-(-begin // grid.block_hours), first_hour // grid.block_hours)
    stop = min(end // grid.block_hours, last_hour // grid.block_hours + 1)
    return BlockRun(sequence_id, 0, first * grid.block_hours, max(0, stop - first))


def _count(grid: BlockGrid, runs: list[BlockRun], units: int, shards: int | None) -> int:
    """A power of two of shards, none of them empty; 0 for an empty split."""
    tokens = sum(run.blocks for run in runs) * grid.block_tokens
    wanted = shards or max(1, tokens // SHARD_TOKENS)
    return 1 << (min(wanted, units).bit_length() - 1) if units else 0


def _deal(runs: list[BlockRun], count: int) -> list[list[BlockRun]]:
    """Longest first to the emptiest shard; then by id within each."""
    dealt: list[list[BlockRun]] = [[] for _ in range(count)]
    heap = [(0, number) for number in range(count)]
    for run in sorted(runs, key=lambda run: (-run.blocks, run.sequence_id)):
        rows, number = heapq.heappop(heap)
        dealt[number].append(run)
        heapq.heappush(heap, (rows + run.blocks, number))
    return [sorted(part, key=lambda run: run.sequence_id) for part in dealt]


def _cut(grid: BlockGrid, run: BlockRun, count: int) -> list[list[BlockRun]]:
    """Ranges of time, each a whole number of row groups but the last."""
    groups = -(-run.blocks // grid.group_blocks)
    marks = [min(run.blocks, groups * k // max(count, 1) * grid.group_blocks) for k in range(count + 1)]
    return [
        [BlockRun(run.sequence_id, first, run.start_hour + first * grid.block_hours, stop - first)]
        for first, stop in pairwise(marks)
    ]


def _shards(split: str, dealt: list[list[BlockRun]]) -> list[Shard]:
    return [Shard(split, number, len(dealt), tuple(runs)) for number, runs in enumerate(dealt)]
