# SPDX-License-Identifier: Apache-2.0
"""The newest window: it ends where the record does, its slices are a window's, and what is not there is unobserved."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ringdata import RingBlocks, latest
from ringdata.errors import ContextError, EmptySplit
from ringdata.orders import ORDERS
from tests.ringdata.conftest import CUTS, HOURS, Record

Folders = Callable[[str], Path]
SLOTS = 8
"""Of the panel: five series and three that stay empty."""
CASES = [*((order, 1) for order in ORDERS), ("stripe", 32)]


def newest(record: Record, rows: list[int]) -> int:
    return record.first + int(np.flatnonzero(record.observed[rows].any(axis=0))[-1])


def test_it_ends_at_the_newest_hour_and_holds_what_the_record_does(folders: Folders, record: Record) -> None:
    found = latest(folders("panel"), context=1024 * SLOTS)
    last = newest(record, list(range(5)))
    hours, slots = found["position"].reshape(-1, SLOTS), found["slot"].reshape(-1, SLOTS)
    np.testing.assert_array_equal(hours[:, 0], np.arange(last - 1023, last + 1))
    assert (slots == np.arange(SLOTS)).all()
    part = slice(last - 1023 - record.first, last + 1 - record.first)
    observed = record.observed[:, part].T
    np.testing.assert_array_equal(found["observed"].reshape(-1, SLOTS)[:, :5], observed)
    assert not found["observed"].reshape(-1, SLOTS)[:, 5:].any()
    value = np.where(observed, record.value[:, part].T, 0).astype(np.float32)
    np.testing.assert_array_equal(found["value"].reshape(-1, SLOTS)[:, :5], value)
    # Of the last hour nobody knows the next.
    assert not found["loss_mask"].reshape(-1, SLOTS)[-1].any()


@pytest.mark.parametrize("number", [0, 3, -1])
@pytest.mark.parametrize("horizon", [1, 24])
def test_where_a_split_has_the_window_it_is_the_same(folders: Folders, number: int, horizon: int) -> None:
    blocks = RingBlocks(folders("panel"), split="train", context=2048 * SLOTS, horizon=horizon)
    true = blocks[number % len(blocks)]
    found = latest(folders("panel"), context=2048 * SLOTS, end=int(true["position"][-1]), horizon=horizon)
    for name in ("value", "observed", "position", "slot"):
        np.testing.assert_array_equal(found[name], true[name])
    # A split's labels end with it; these do not.
    assert (found["loss_mask"] >= true["loss_mask"]).all()
    np.testing.assert_array_equal(found["target"][true["loss_mask"]], true["target"][true["loss_mask"]])


@pytest.mark.parametrize(("order", "stripe"), CASES)
def test_the_ranks_of_a_ring_share_it_out(folders: Folders, order: str, stripe: int) -> None:
    context = 4 * 8192 * SLOTS
    whole = latest(folders("panel"), context=context)
    tokens = whole["position"] * SLOTS + whole["slot"]
    ranks = [
        latest(folders("panel"), context=context, ring_size=4, ring_rank=rank, order=order, stripe=stripe)
        for rank in range(4)
    ]
    assert [len(one["value"]) for one in ranks] == [context // 4] * 4
    place = np.concatenate([one["position"] * SLOTS + one["slot"] for one in ranks])
    back = np.argsort(place)
    np.testing.assert_array_equal(place[back], tokens)
    for name in whole:
        np.testing.assert_array_equal(np.concatenate([one[name] for one in ranks])[back], whole[name])


def test_hours_between_the_splits_are_not_observed(folders: Folders, record: Record) -> None:
    found = latest(folders("panel"), context=16_384 * SLOTS, end=CUTS.test + 8192)
    hours, observed = found["position"], found["observed"]
    assert not observed[(hours >= CUTS.test - CUTS.embargo) & (hours < CUTS.test)].any()
    assert observed[hours < CUTS.test - CUTS.embargo].any()
    assert observed[hours >= CUTS.test].any()


def test_what_has_not_come_is_not_observed(folders: Folders, record: Record) -> None:
    last = newest(record, list(range(5)))
    found = latest(folders("panel"), context=100 * SLOTS, end=last + 40)
    assert not found["observed"][-40 * SLOTS :].any()
    assert found["observed"][: -40 * SLOTS].any()
    beyond = latest(folders("panel"), context=100 * SLOTS, end=record.first - 500)
    assert not beyond["observed"].any()


def test_it_ends_where_what_is_chosen_does(folders: Folders, record: Record) -> None:
    name = record.members[2].series_id
    for config in ("panel", "series"):
        found = latest(folders(config), context=64, series=[name])
        assert found["position"][-1] == newest(record, [2])
        assert (found["slot"] == 0).all()
    by_slot = latest(folders("panel"), context=64, slots=[2])
    np.testing.assert_array_equal(by_slot["value"], found["value"])


def test_day_ahead_forecasts_are_no_news_but_what_they_say_is_known(
    record: Record, tmp_path: Path, writer: Callable[..., Any]
) -> None:
    first, *others = record.members
    writer(tmp_path, replace(record, members=(replace(first, type="DF"), *others)), shards=1)
    folder, last = tmp_path / "blocks/panel", newest(record, [1, 2, 3, 4])
    assert last < newest(record, [0])
    found = latest(folder, context=48 * SLOTS, horizon=24)
    assert found["position"][-1] == last
    known = found["loss_mask"].reshape(48, SLOTS)[-24:]
    np.testing.assert_array_equal(known[:, 0], record.observed[0, last + 1 - record.first :][:24])
    assert known[:, 0].any()
    assert not known[:, 1:].any()
    assert latest(folder, context=48, slots=[0])["position"][-1] == newest(record, [0])
    assert latest(folder, context=48, slots=[0, 3])["position"][-1] == newest(record, [3])


@pytest.mark.parametrize("config", ["panel", "series"])
def test_more_than_there_is_is_refused_before_any_of_it_is_made(config: str, folders: Folders, record: Record) -> None:
    """A terabyte of tokens would end the process."""
    choice: dict[str, Any] = {"series": [record.members[2].series_id]}
    with pytest.raises(ContextError, match=r"no window of 1000000000000 tokens in a record that has \d+; give") as long:
        latest(folders(config), context=10**12, **choice)
    most = int(str(long.value).rpartition(" ")[2])
    assert HOURS <= most <= HOURS + 2 * 1024
    found = latest(folders(config), context=most, **choice)
    assert found["observed"].any()
    with pytest.raises(ContextError, match=f"context of at most {most}"):
        latest(folders(config), context=most + 1, **choice)
    with pytest.raises(ContextError, match="horizon 1000000000000: no target lies in a record that has"):
        latest(folders(config), context=64, horizon=10**12, **choice)
    with pytest.raises(ContextError, match="no window of"):
        latest(folders(config), context=2**40, order="stripe", ring_size=2, ring_rank=0, **choice)


def test_what_cannot_be_is_one_line(
    folders: Folders, record: Record, tmp_path: Path, writer: Callable[..., Any]
) -> None:
    with pytest.raises(ContextError, match="choose one: series="):
        latest(folders("series"), context=64)
    with pytest.raises(ContextError, match="horizon 0"):
        latest(folders("panel"), context=64, horizon=0)
    with pytest.raises(ContextError, match="is no multiple of"):
        latest(folders("panel"), context=SLOTS + 1)
    writer(tmp_path, replace(record, observed=np.zeros_like(record.observed)), shards=1)
    with pytest.raises(EmptySplit, match="no hour of the series chosen is observed"):
        latest(tmp_path / "blocks/panel", context=SLOTS)
