# SPDX-License-Identifier: Apache-2.0
"""Blocks against the record they were cut from, hour by hour, and the laws of leakage."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringdata import Cuts, Layout, Member, plan_panel, plan_series, shard_files
from ringdata.blocks import shard_tables
from ringdata.errors import SeriesError
from ringdata.layout import SPLITS
from ringdata.parquet import parquet_bytes
from ringdata.sequences import sequences_table

Record = Any
PLANS = {"series": plan_series, "panel": plan_panel}
# On the grid of blocks: the hour after a split's last block is the next split's first.
ALIGNED = Cuts(validation=1024 * 377, test=1024 * 380, embargo=0)
SMALL = Cuts(validation=380_017 + 6_100, test=380_017 + 9_300, embargo=100)


def rows_of(layout: Layout, record: Record, split: str) -> list[dict[str, Any]]:
    return [
        row
        for shard in layout.split(split)
        for table in shard_tables(layout, record.members, shard, record.load)
        for row in table.to_pylist()
    ]


def truth(record: Record, place: int, hour: int) -> tuple[float, int]:
    """Value and mark of one hour, as a block should hold it."""
    at = hour - record.first
    if not 0 <= at < record.value.shape[1] or not record.observed[place, at]:
        return 0.0, 0
    return float(np.float32(record.value[place, at])), 1


@pytest.mark.parametrize("config", PLANS)
@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("cuts", [SMALL, ALIGNED], ids=["off the grid", "on the grid"])
def test_every_token_and_halo_is_the_records_hour(
    config: str, split: str, cuts: Cuts, record_of: Callable[..., Record]
) -> None:
    record = record_of(series=3, hours=12_000)
    layout = PLANS[config](record.members, cuts=cuts, shards=2)
    slots, end = layout.grid.slots, cuts.hours(split)[1]
    rows = rows_of(layout, record, split)
    assert rows
    for row in rows:
        held = list(zip(row["value"] + row["next_value"], row["observed"] + row["next_observed"], strict=True))
        for token, pair in enumerate(held):
            hour, slot = row["start_hour"] + token // slots, token % slots
            place = row["sequence_id"] if config == "series" else slot
            inside = place < len(record.members) and hour < end
            assert pair == (truth(record, place, hour) if inside else (0.0, 0))


def test_running_sums_count_what_lies_before_a_block_in_its_split(record_of: Callable[..., Record]) -> None:
    record = record_of(series=3, hours=12_000)
    layout = plan_series(record.members, cuts=SMALL)
    for split in SPLITS:
        sums: dict[int, tuple[float, float, float]] = {}
        for row in rows_of(layout, record, split):
            before = sums.get(row["sequence_id"], (0.0, 0.0, 0.0))
            assert (row["cum_n"], row["cum_sum"], row["cum_sumsq"]) == pytest.approx(before, rel=1e-12)
            value = np.array(row["value"])
            terms = (sum(row["observed"]), value.sum(), (value**2).sum())
            sums[row["sequence_id"]] = tuple(a + b for a, b in zip(before, terms, strict=True))


def test_long_panels_are_built_one_range_of_time_at_a_time(
    record_of: Callable[..., Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    record = record_of(series=3, hours=12_000)
    layout = plan_panel(record.members, cuts=SMALL, shards=1)
    whole = [pa.concat_tables(shard_tables(layout, record.members, s, record.load)) for s in layout.shards]
    monkeypatch.setattr("ringdata.blocks.SLAB_TOKENS", 1 << 13)
    for shard, table in zip(layout.shards, whole, strict=True):
        slabs = list(shard_tables(layout, record.members, shard, record.load))
        assert max(len(slab) for slab in slabs) == layout.grid.group_blocks
        assert pa.concat_tables(slabs).equals(table)
        assert parquet_bytes(layout, slabs) == parquet_bytes(layout, [table])


@pytest.mark.parametrize("config", PLANS)
def test_only_hours_of_the_member_and_the_split_are_asked_for(config: str, record_of: Callable[..., Record]) -> None:
    record = record_of(series=3, hours=12_000)
    layout = PLANS[config](record.members, cuts=SMALL)
    known = {member.series_id: member for member in record.members}
    for shard in layout.shards:
        first, end = SMALL.hours(shard.split)

        def load(series_id: str, begin: int, hours: int, first: int = first, end: int = end) -> Any:
            assert first <= begin
            assert begin + hours <= end
            assert known[series_id].first_hour <= begin
            assert begin + hours <= known[series_id].last_hour + 1
            return record.load(series_id, begin, hours)

        list(shard_tables(layout, record.members, shard, load))


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from(sorted(PLANS)), st.sampled_from([SMALL, ALIGNED]))
def test_garbage_in_validation_and_test_changes_no_byte_of_train(
    record_of: Callable[..., Record], seed: int, config: str, cuts: Cuts
) -> None:
    record = record_of(series=2, hours=12_000, seed=seed)
    layout = PLANS[config](record.members, cuts=cuts)
    rng, late = np.random.default_rng(seed), slice(cuts.hours("train")[1] - record.first, None)
    spoilt = replace(record, value=record.value.copy(), observed=record.observed.copy())
    spoilt.value[:, late] = rng.normal(0, 1e9, spoilt.value[:, late].shape)
    spoilt.observed[:, late] = rng.random(spoilt.value[:, late].shape) < 0.5
    for shard in layout.split("train"):
        assert shard_files(layout, record.members, shard, record.load) == shard_files(
            layout, record.members, shard, spoilt.load
        )
    statistics = [sequences_table(layout, record.members, held.load) for held in (record, spoilt)]
    assert statistics[0].equals(statistics[1])


def test_train_statistics_are_of_train_hours_by_date(record: Record, data_set: Any) -> None:
    cuts = Layout.from_json((data_set / "blocks/series/layout.json").read_bytes()).cuts
    table = pq.read_table(data_set / "blocks/series/sequences.parquet").to_pylist()
    for place, row in enumerate(table):
        end = cuts.hours("train")[1] - record.first
        known = record.value[place, :end][record.observed[place, :end]].astype(np.float32).astype(np.float64)
        low, middle, high = np.percentile(known, (25, 50, 75))
        assert (row["train_count"], row["train_mean"], row["train_std"]) == (len(known), known.mean(), known.std())
        assert (row["train_median"], row["train_iqr"]) == (middle, high - low)


def test_a_series_without_train_hours_has_no_statistics() -> None:
    layout = plan_series([Member("late", 50_000, 60_000)], cuts=Cuts(20_000, 30_000))
    row = sequences_table(layout, [Member("late", 50_000, 60_000)], never).to_pylist()[0]
    assert row["train_count"] == 0
    assert [row[name] for name in ("train_mean", "train_std", "train_median", "train_iqr")] == [None] * 4


def never(series_id: str, first: int, hours: int) -> Any:
    raise AssertionError(f"{series_id}: {hours} hours from {first} asked for")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -1e39])
def test_an_observed_value_that_is_no_number_is_refused_by_name(bad: float) -> None:
    value = np.zeros(9_000)
    value[5_000] = bad
    member = Member("EBA.X-ALL.D.H", 0, 8_999)
    layout = plan_series([member], cuts=Cuts(7_000, 8_000, 0))

    def load(series_id: str, first: int, hours: int) -> Any:
        return value[first : first + hours], np.ones(hours, bool)

    with pytest.raises(SeriesError, match=r"EBA\.X-ALL\.D\.H: hour 5000 is marked observed"):
        list(shard_tables(layout, [member], layout.split("train")[0], load))


def test_a_loader_that_gives_too_few_hours_is_refused_by_name() -> None:
    member = Member("EBA.X-ALL.D.H", 0, 8_999)
    layout = plan_series([member], cuts=Cuts(7_000, 8_000, 0))
    with pytest.raises(SeriesError, match=r"EBA\.X-ALL\.D\.H: asked for .* got 3 values"):
        list(shard_tables(layout, [member], layout.shards[0], lambda *_: (np.zeros(3), np.ones(3, bool))))


@pytest.mark.parametrize("config", PLANS)
def test_a_row_group_holds_whole_blocks_of_one_sequence(config: str, data_set: Any) -> None:
    folder = data_set / "blocks" / config
    layout = Layout.from_json((folder / "layout.json").read_bytes())
    for shard in layout.shards:
        file = pq.ParquetFile(folder / shard.parquet)
        ids = [file.read_row_group(g, ["sequence_id"])["sequence_id"] for g in range(file.num_row_groups)]
        assert all(len(column.unique()) == 1 for column in ids)
        assert max(len(column) for column in ids) <= layout.grid.group_blocks
        chunk = file.metadata.row_group(0).column(3)
        assert chunk.has_offset_index
        assert (chunk.compression, chunk.encodings) == ("ZSTD", ("RLE", "BYTE_STREAM_SPLIT"))
        file.close()


def test_the_same_input_gives_the_same_bytes(record: Record, data_set: Any) -> None:
    for config, plan in PLANS.items():
        layout = Layout.from_json((data_set / f"blocks/{config}/layout.json").read_bytes())
        assert plan(record.members, cuts=layout.cuts, shards=4) == layout
        for file in shard_files(layout, record.members, layout.shards[-1], record.load):
            assert (data_set / file.path).read_bytes() == bytes(file.data)
