# SPDX-License-Identifier: Apache-2.0
"""Where hours go: laws of splits, blocks and shards that need no values."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringdata import Cuts, Layout, Member, hour, plan_panel, plan_series
from ringdata.config import PANEL, Config
from ringdata.errors import LayoutError
from ringdata.layout import SPLITS, BlockGrid

LAWS = settings(max_examples=60, deadline=None)
MEMBERS = st.lists(st.tuples(st.integers(-5_000, 90_000), st.integers(0, 60_000)), min_size=1, max_size=9).map(
    lambda spans: [Member(f"S{place}", first, first + length) for place, (first, length) in enumerate(spans)]
)
CUTS = st.tuples(st.integers(10_000, 60_000), st.integers(1, 40_000), st.integers(0, 300)).map(
    lambda cut: Cuts(cut[0], cut[0] + cut[1] + cut[2], cut[2])
)
SHARDS = st.sampled_from([None, 1, 2, 8, 64])


def blocks_of(layout: Layout, split: str) -> list[tuple[int, int]]:
    """(sequence, first hour) of every block, in row order."""
    return [
        (run.sequence_id, run.start_hour + block * layout.grid.block_hours)
        for shard in layout.split(split)
        for run in shard.runs
        for block in range(run.blocks)
    ]


def test_default_cuts_are_the_first_hours_of_2023_and_2024() -> None:
    assert Cuts() == Cuts(hour("2023-01-01"), hour("2024-01-01T00"), 168)
    assert Cuts().hours("train")[1] == hour("2022-12-25")


@pytest.mark.parametrize("cuts", [(10, 10, 0), (10, 20, 10), (10, 20, -1), (20, 10, 0)])
def test_cuts_that_leave_no_validation_hour_are_refused(cuts: tuple[int, int, int]) -> None:
    with pytest.raises(LayoutError, match="cuts out of order"):
        Cuts(*cuts)


def test_cuts_are_refused_by_their_dates() -> None:
    with pytest.raises(LayoutError, match="validation from 2031-01-01T00, test from 2030-01-01T00"):
        Cuts(hour("2031-01-01"), hour("2030-01-01"))


@pytest.mark.parametrize(
    "cuts",
    [
        (hour("0001-01-01"), hour("0002-01-01"), 168),
        (hour("2023-01-01"), hour("9999-12-31T23"), 18_000_000),
        (hour("2023-01-01"), hour("9999-12-31T23") + 1, 168),
        (-(1 << 40), 1 << 40, 0),
    ],
)
def test_cuts_that_have_no_date_are_refused(cuts: tuple[int, int, int]) -> None:
    """The card of the blocks tells them as dates."""
    with pytest.raises(LayoutError, match="outside the calendar"):
        Cuts(*cuts)


def test_the_first_and_the_last_hour_of_the_calendar_are_cuts() -> None:
    assert Cuts(hour("0001-01-01"), hour("9999-12-31T23"), 0).hours("train")[1] == hour("0001-01-01")


@pytest.mark.parametrize(("slots", "tokens", "hours", "group"), [(1, 1024, 1024, 8), (64, 1024, 16, 8)])
@pytest.mark.parametrize("config", [PANEL])
def test_small_grids(config: Config, slots: int, tokens: int, hours: int, group: int) -> None:
    grid = BlockGrid(config, slots)
    assert (grid.block_tokens, grid.block_hours, grid.group_blocks) == (tokens, hours, group)


def test_wide_panels_keep_sixteen_hours_a_block() -> None:
    assert (BlockGrid(PANEL, 1024).block_tokens, BlockGrid(PANEL, 1024).block_hours) == (16_384, 16)
    assert (BlockGrid(PANEL, 256).group_blocks, BlockGrid(PANEL, 1024).group_blocks) == (2, 1)
    with pytest.raises(LayoutError, match="power of two"):
        BlockGrid(PANEL, 96)


@LAWS
@given(MEMBERS, CUTS, SHARDS)
def test_a_block_lies_whole_in_its_split_and_every_such_block_is_there(
    members: list[Member], cuts: Cuts, shards: int | None
) -> None:
    layout = plan_series(members, cuts=cuts, shards=shards)
    size = layout.grid.block_hours
    for split in SPLITS:
        first, end = cuts.hours(split)
        found = blocks_of(layout, split)
        assert all(start % size == 0 and first <= start and start + size <= end for _, start in found)
        wanted = {
            (place, start)
            for place, member in enumerate(members)
            for start in range(member.first_hour // size * size, member.last_hour + 1, size)
            if first <= start and start + size <= end
        }
        assert len(found) == len(set(found))
        assert set(found) == wanted


@LAWS
@given(MEMBERS, CUTS, SHARDS)
def test_panel_rows_follow_time_over_shards(members: list[Member], cuts: Cuts, shards: int | None) -> None:
    layout = plan_panel(members, cuts=cuts, shards=shards)
    assert layout.grid.slots >= len(members) > layout.grid.slots // 2
    for split in SPLITS:
        starts = [start for _, start in blocks_of(layout, split)]
        size = layout.grid.block_hours
        assert starts == list(range(starts[0], starts[0] + len(starts) * size, size)) if starts else True
        rows = [shard.rows for shard in layout.split(split)]
        assert not rows or max(rows) - min(rows) <= 2 * layout.grid.group_blocks
        assert all(run.first_block % layout.grid.group_blocks == 0 for s in layout.split(split) for run in s.runs)


@LAWS
@given(MEMBERS, CUTS, SHARDS)
def test_series_shards_are_a_power_of_two_none_empty_and_even(
    members: list[Member], cuts: Cuts, shards: int | None
) -> None:
    layout = plan_series(members, cuts=cuts, shards=shards)
    for split in SPLITS:
        rows = [shard.rows for shard in layout.split(split)]
        sequences = [run.sequence_id for shard in layout.split(split) for run in shard.runs]
        longest = max((run.blocks for shard in layout.split(split) for run in shard.runs), default=0)
        assert len(sequences) == len(set(sequences))
        assert len(rows) & (len(rows) - 1) == 0
        assert not rows or (min(rows) > 0 and max(rows) - min(rows) <= longest)


def test_equal_sequences_fill_equal_shards() -> None:
    members = [Member(f"S{place}", 0, 99_999) for place in range(32)]
    layout = plan_series(members, cuts=Cuts(60_000, 80_000), shards=8)
    assert {shard.rows for shard in layout.split("train")} == {4 * 58}


@LAWS
@given(MEMBERS, CUTS, SHARDS)
def test_layout_json_gives_the_layout_back(members: list[Member], cuts: Cuts, shards: int | None) -> None:
    for plan in (plan_series, plan_panel):
        layout = plan(members, cuts=cuts, shards=shards)
        assert Layout.from_json(layout.to_json()) == layout


def test_layout_json_with_other_block_sizes_is_refused() -> None:
    fields = json.loads(plan_series([Member("S", 0, 9_999)], cuts=Cuts(5_000, 8_000)).to_json())
    with pytest.raises(ValueError, match="another version"):
        Layout.from_json(json.dumps({**fields, "block_tokens": 512}).encode())


def test_new_months_only_append_blocks() -> None:
    cuts = Cuts(40_000, 60_000)
    before = plan_panel([Member("S", 0, 70_000)], cuts=cuts)
    after = plan_panel([Member("S", 0, 71_000)], cuts=cuts)
    for split in SPLITS:
        old, new = blocks_of(before, split), blocks_of(after, split)
        assert new[: len(old)] == old


@pytest.mark.parametrize(
    ("members", "shards", "words"),
    [
        ([], None, "no series"),
        ([Member("S", 5, 4)], None, "S: ends at 4"),
        ([Member("S", 0, 4), Member("S", 0, 4)], None, "twice"),
        ([Member("S", 0, 4)], 3, "power of two"),
        ([Member("S", 0, 4)], 0, "power of two"),
    ],
)
def test_what_no_layout_fits_is_refused(members: list[Member], shards: int | None, words: str) -> None:
    for plan in (plan_series, plan_panel):
        with pytest.raises(LayoutError, match=words):
            plan(members, shards=shards)
