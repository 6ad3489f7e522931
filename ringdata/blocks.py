# SPDX-License-Identifier: Apache-2.0
"""From hours of series to tables of blocks: one row a block, its labels' halo beside it."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ringdata.errors import LayoutError, SeriesError
from ringdata.layout import ESTIMATE, REPORTED, BlockGrid, BlockRun, Layout, Member, Shard

SLAB_TOKENS = 1 << 22

Load = Callable[[str, int, int], tuple[NDArray[np.floating[Any]], NDArray[np.bool_]]]
"""`load(series_id, first_hour, hours)` gives `value` float[hours] in MW and `observed` bool[hours]: what is not
observed may hold anything. It is asked only for hours of the member, and of the split that is being built."""

Fill = Callable[[str, int, int], tuple[NDArray[np.integer[Any]], NDArray[np.floating[Any]]]]
"""`fill(series_id, first_hour, hours)` gives hours since 1970 UTC that lie among those asked for, and a value in MW for
each: what `value` holds there if it was not observed. It is asked for hours of the split from the member's first on,
also after its last."""


def schema(grid: BlockGrid) -> pa.Schema:
    """Columns of the blocks; no column holds a null."""
    tokens, slots = grid.block_tokens, grid.slots
    types: dict[str, Any] = {
        "sequence_id": pa.int32(),
        "block_index": pa.int32(),
        "start_hour": pa.int64(),
        "value": _list(pa.float32(), tokens),
        "observed": _list(pa.uint8(), tokens),
        "next_value": _list(pa.float32(), slots),
        "next_observed": _list(pa.uint8(), slots),
    }
    types |= dict.fromkeys(grid.config.sums, pa.float64())
    return pa.schema([pa.field(name, type_, nullable=False) for name, type_ in types.items()])


def shard_tables(
    layout: Layout, members: Sequence[Member], shard: Shard, load: Load, fill: Fill | None = None
) -> Iterator[pa.Table]:
    """The shard's rows in order, as tables of about 4 M tokens: whole sequences in `series`, ranges of time in `panel`.

    `fill` goes with a layout of inputs estimate. LayoutError where it does not; SeriesError where an observed value, or
    one that is filled in, is not a finite float32, or `load` gives another number of hours.
    """
    if (fill is None) != (layout.inputs == REPORTED):
        raise LayoutError(f"the layout is of inputs {layout.inputs}: fill= goes with {ESTIMATE}, and with nothing else")
    for parts in _slabs(layout.grid, shard):
        pieces = [_columns(layout, members, shard.split, part, load) for part in parts]
        for part, piece in zip(parts, pieces, strict=True):
            if fill is not None:
                piece["value"] = _filled(layout, members, shard.split, part, fill, piece)
        columns = {field.name: [piece[field.name] for piece in pieces] for field in schema(layout.grid)}
        arrays = [_array(columns[field.name], field.type) for field in schema(layout.grid)]
        yield pa.Table.from_arrays(arrays, schema=schema(layout.grid))


def observed_hours(member: Member, first: int, end: int, load: Load) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Hours [first, end) of one series as float32 MW (0 where not observed) and 0/1; asks only for hours it has."""
    value, observed = np.zeros(end - first, np.float32), np.zeros(end - first, np.uint8)
    begin, stop = max(first, member.first_hour), min(end, member.last_hour + 1)
    if begin >= stop:
        return value, observed
    raw, seen = load(member.series_id, begin, stop - begin)
    if len(raw) != stop - begin or len(seen) != stop - begin:
        raise SeriesError(
            f"{member.series_id}: asked for {stop - begin} hours from {begin}, "
            f"got {len(raw)} values and {len(seen)} marks"
        )
    _check_finite(member, begin, raw, seen)
    np.copyto(value[begin - first : stop - first], raw, where=seen, casting="same_kind")
    observed[begin - first : stop - first] = seen
    return value, observed


def _list(item: pa.DataType, size: int) -> pa.DataType:
    return pa.list_(pa.field("element", item, nullable=False), size)


def _slabs(grid: BlockGrid, shard: Shard) -> Iterator[list[BlockRun]]:
    """The shard's runs in portions of about SLAB_TOKENS; a long run of a panel is cut between row groups."""
    step = max(1, SLAB_TOKENS // grid.block_tokens // grid.group_blocks) * grid.group_blocks
    held: list[BlockRun] = []
    for run in shard.runs:
        size = run.blocks if grid.config.alone else step  # running sums want the whole of a sequence
        for first in range(0, run.blocks, size):
            if held and sum(part.blocks for part in held) + size > step:
                yield held
                held = []
            hour = run.start_hour + first * grid.block_hours
            held.append(BlockRun(run.sequence_id, run.first_block + first, hour, min(size, run.blocks - first)))
    if held:
        yield held


def _hours(
    layout: Layout, members: Sequence[Member], split: str, run: BlockRun, load: Load
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """The run's hours and the one after it, [hours + 1, slots]; what lies at or past the split's end is masked."""
    hours = run.blocks * layout.grid.block_hours + 1
    end = min(run.start_hour + hours, layout.cuts.hours(split)[1])
    value = np.zeros((layout.grid.slots, hours), np.float32)
    observed = np.zeros((layout.grid.slots, hours), np.uint8)
    for slot, member in enumerate(layout.grid.config.held(members, run.sequence_id)):
        known = slice(0, end - run.start_hour)
        value[slot, known], observed[slot, known] = observed_hours(member, run.start_hour, end, load)
    return np.ascontiguousarray(value.T), np.ascontiguousarray(observed.T)


def _check_finite(member: Member, first: int, value: NDArray[np.floating[Any]], observed: NDArray[np.bool_]) -> None:
    """A mark says that the value can be trusted; one that no float32 holds cannot be."""
    bad = np.flatnonzero(observed & ~(np.abs(value) <= np.finfo(np.float32).max))
    if len(bad):
        raise SeriesError(
            f"{member.series_id}: hour {first + int(bad[0])} is marked observed but holds {value[bad[0]]}; "
            "mark it unobserved, or mend it, before blocks are cut"
        )


def _columns(
    layout: Layout, members: Sequence[Member], split: str, run: BlockRun, load: Load
) -> dict[str, NDArray[Any]]:
    """All columns of a run's rows."""
    grid, places = layout.grid, np.arange(run.blocks)
    value, observed = _hours(layout, members, split, run, load)
    columns: dict[str, NDArray[Any]] = {
        "sequence_id": np.full(run.blocks, run.sequence_id, np.int32),
        "block_index": (run.first_block + places).astype(np.int32),
        "start_hour": run.start_hour + places * grid.block_hours,
        "value": value[:-1],
        "observed": observed[:-1],
        "next_value": value[grid.block_hours :: grid.block_hours],
        "next_observed": observed[grid.block_hours :: grid.block_hours],
    }
    if grid.config.sums:
        columns |= _running(value[:-1].reshape(run.blocks, -1), observed[:-1].reshape(run.blocks, -1))
    return columns


def _filled(
    layout: Layout, members: Sequence[Member], split: str, run: BlockRun, fill: Fill, columns: dict[str, NDArray[Any]]
) -> NDArray[np.float32]:
    """`value` of a run with what is filled in; the halo, a view of the same hours, and the sums stay as they are."""
    value: NDArray[np.float32] = columns["value"].copy()
    stop = min(run.start_hour + len(value), layout.cuts.hours(split)[1])
    for slot, member in enumerate(layout.grid.config.held(members, run.sequence_id)):
        first = max(run.start_hour, member.first_hour)
        if member.vacant or first >= stop:
            continue
        hour, told = (np.asarray(part) for part in fill(member.series_id, first, stop - first))
        if len(hour) != len(told) or ((hour < first) | (hour >= stop)).any():
            raise SeriesError(f"{member.series_id}: fills outside the {stop - first} hours from {first} asked for")
        if not (np.abs(told) <= np.finfo(np.float32).max).all():
            raise SeriesError(f"{member.series_id}: a fill between {first} and {stop} is not finite")
        free = columns["observed"][hour - run.start_hour, slot] == 0
        value[hour[free] - run.start_hour, slot] = told[free]
    return value


def _array(pieces: list[NDArray[Any]], kind: pa.DataType) -> pa.Array:
    """One column of several runs."""
    flat = np.concatenate([piece.reshape(-1) for piece in pieces])
    if not pa.types.is_fixed_size_list(kind):
        return pa.array(flat, kind)
    return pa.FixedSizeListArray.from_arrays(pa.array(flat), type=kind)


def _running(value: NDArray[np.float32], observed: NDArray[np.uint8]) -> dict[str, NDArray[np.float64]]:
    """Count, sum and sum of squares of the observed values before each block, from the split's first block on."""
    wide = value.astype(np.float64)
    totals = {
        "cum_n": observed.sum(axis=1, dtype=np.float64),
        "cum_sum": wide.sum(axis=1),
        "cum_sumsq": np.einsum("ij,ij->i", wide, wide),
    }
    return {name: np.concatenate(([0.0], np.cumsum(total)[:-1])) for name, total in totals.items()}
