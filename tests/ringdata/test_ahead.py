# SPDX-License-Identifier: Apache-2.0
"""What is handed out ahead of its hour is a published forecast's, of that hour and no later one, and of its own split.

Of the small record every other series is a day-ahead forecast (DF).
"""

import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ringdata import Cuts, RingBlocks, latest
from ringdata.errors import ContextError, MixedVersions
from ringdata.orders import ORDERS, unit

Record = Any
Folders = Callable[[str], Path]
Item = dict[str, NDArray[Any]]
SLOTS = 8
KINDS = ("D", "DF", "D", "DF", "D")
AHEAD = 24
FIELDS = ("ahead_value", "ahead_observed")
FORMS = ("blocks/panel", "blocks/series", "tfds/eia930/panel/1.0.0", "tfds/eia930/series/1.0.0")


def of_kinds(record: Record) -> Record:
    return replace(record, members=tuple(replace(m, type=k) for m, k in zip(record.members, KINDS, strict=True)))


@pytest.fixture(scope="module")
def mixed(record: Record) -> Record:
    return of_kinds(record)


@pytest.fixture(scope="module")
def output(mixed: Record, tmp_path_factory: pytest.TempPathFactory, writer: Callable[..., Any]) -> Path:
    folder = tmp_path_factory.mktemp("ahead")
    writer(folder, mixed)
    return folder


def truth(record: Record, sequences: NDArray[np.int64], hours: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Value and mark of a row of the record at an hour, each by token; -1: no such series."""
    rows, places = sequences, hours - record.first
    there = (rows >= 0) & (places >= 0) & (places < record.value.shape[1])
    observed = np.zeros(len(rows), bool)
    observed[there] = record.observed[rows[there], places[there]]
    value = np.zeros(len(rows), np.float32)
    value[observed] = record.value[rows[observed], places[observed]]
    return value, observed


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_it_is_the_forecast_of_a_later_hour_and_of_no_other_series(
    output: Path, mixed: Record, data: st.DataObject
) -> None:
    form, split = data.draw(st.sampled_from(FORMS)), data.draw(st.sampled_from(["train", "validation", "test"]))
    ahead, horizon = data.draw(st.sampled_from([1, 23, 24, 48])), data.draw(st.sampled_from([1, 24, 168]))
    slots = SLOTS if "panel" in form else 1
    options: dict[str, Any] = {"split": split, "context": data.draw(st.integers(1, 2_000)) * slots, "horizon": horizon}
    blocks = RingBlocks(output / form, ahead=ahead, **options)
    index = data.draw(st.integers(0, len(blocks) - 1))
    item, window = blocks[index], blocks.window(index)
    assert [item[name].dtype for name in FIELDS] == [np.float32, np.bool_]
    end = min(blocks.layout.cuts.hours(split)[1], window.track.start_hour + window.track.tokens // slots + 1)
    later, series = item["position"] + ahead, item["slot"] + window.sequence_id
    kind = np.array([*KINDS, "", "", ""])[series]
    value, observed = truth(mixed, np.where((kind == "DF") & (later < end), series, -1), later)
    np.testing.assert_array_equal(item["ahead_observed"], observed)
    np.testing.assert_array_equal(item["ahead_value"], value)
    without = RingBlocks(output / form, **options)[index]
    assert list(item) == [*without, *FIELDS]
    assert all(np.array_equal(item[name], without[name]) for name in without)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_each_rank_has_its_own_tokens(output: Path, data: st.DataObject) -> None:
    rows = data.draw(st.one_of(st.none(), st.lists(st.integers(0, 4), min_size=1, unique=True)))
    if rows and not {1, 3} & set(rows):
        rows.append(3)
    slots = len(rows) if rows else SLOTS
    order, ring = data.draw(st.sampled_from(ORDERS)), data.draw(st.integers(1, 5))
    stripe = data.draw(st.integers(1, 9)) if order == "stripe" else 1
    least = unit(order, ring_size=ring, slots=slots, block_tokens=128 * slots, stripe=stripe)
    options: dict[str, Any] = {"split": "train", "context": least * data.draw(st.integers(1, 4)), "slots": rows}
    options |= {"ahead": data.draw(st.sampled_from([1, 24])), "horizon": data.draw(st.sampled_from([1, 24]))}
    whole = RingBlocks(output / "blocks/panel", **options)
    index = data.draw(st.integers(0, len(whole) - 1))
    ranks = [
        RingBlocks(output / "blocks/panel", ring_size=ring, ring_rank=r, order=order, stripe=stripe, **options)
        for r in range(ring)
    ]
    parts = [pickle.loads(pickle.dumps(rank))[index] for rank in ranks]
    together = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    back = np.lexsort((together["slot"], together["position"]))
    item = whole[index]
    assert list(together) == list(item)
    assert all(np.array_equal(together[name][back], item[name]) for name in item)


def changed(record: Record, hour: int) -> Record:
    """Other values, and other gaps: of forecasts after `hour` + AHEAD, of every other series after `hour`."""
    rng = np.random.default_rng(1)
    value, observed = record.value.copy(), record.observed.copy()
    for row, member in enumerate(record.members):
        first = hour + 1 + (AHEAD if member.type == "DF" else 0) - record.first
        part = slice(first, member.last_hour + 1 - record.first)
        shape = value[row, part].shape
        value[row, part], observed[row, part] = rng.integers(50_000, 90_000, shape), rng.random(shape) > 0.5
    return replace(record, value=value, observed=observed)


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_nothing_later_moves_it(
    output: Path, mixed: Record, split: str, tmp_path: Path, writer: Callable[..., Any]
) -> None:
    """All that is not yet known at an hour is made another: no token of that hour or before has another field."""
    one = RingBlocks(output / FORMS[0], split=split, context=1024 * SLOTS, ahead=AHEAD)
    hour = one.window(len(one) // 2).start_hour + 500
    writer(tmp_path, changed(mixed, hour))
    for form in FORMS:
        options: dict[str, Any] = {"context": 1024 * (SLOTS if "panel" in form else 1), "ahead": AHEAD}
        blocks, others = (RingBlocks(place / form, split=split, **options) for place in (output, tmp_path))
        pairs = [(blocks[place], others[place]) for place in range(len(blocks))]
        if "panel" in form:
            now = [latest(place / form, end=hour + 100, **options) for place in (output, tmp_path)]
            pairs.append((now[0], now[1]))
        known = moved = 0
        for here, there in pairs:
            then = here["position"] <= hour
            for name in FIELDS:
                np.testing.assert_array_equal(here[name][then], there[name][then])
            known += int(here["ahead_observed"][then].sum())
            moved += int((here["ahead_value"] != there["ahead_value"])[~then].sum())
        assert known > 100, "there was something that could have moved"
        assert moved > 100, "what is known later was another"


def test_a_cut_is_not_crossed(mixed: Record, tmp_path: Path, writer: Callable[..., Any]) -> None:
    """The last hours of a split have no hour ahead, though the forecast stands in the first block of the next split."""
    cut = -(-(mixed.first + 60_000) // 128) * 128
    writer(tmp_path, mixed, cuts=Cuts(validation=cut, test=cut + 8_192, embargo=0))
    for form in ("blocks/panel", "tfds/eia930/panel/1.0.0"):
        options: dict[str, Any] = {"context": 256 * SLOTS, "stride": SLOTS, "ahead": AHEAD}
        train, after = (RingBlocks(tmp_path / form, split=split, **options) for split in ("train", "validation"))
        last = train[len(train) - 1]
        assert last["position"][-1] == cut - 1 == after.window(0).start_hour - 1
        assert after[0]["observed"].reshape(-1, SLOTS)[:AHEAD, [1, 3]].any()
        observed = last["ahead_observed"].reshape(-1, SLOTS)
        assert not observed[-AHEAD:].any()
        assert observed[:-AHEAD, [1, 3]].any(axis=0).all()


@pytest.mark.parametrize("form", ["blocks/panel", "tfds/eia930/panel/1.0.0"])
def test_the_newest_window_knows_what_is_forecast_already(output: Path, mixed: Record, form: str) -> None:
    # The last forecast ends before the last demand: the window ends where it does, by hand.
    end = mixed.members[3].last_hour - 10
    for slots, order, ring in ((None, "zigzag", 4), ([3, 0, 1], "stripe", 3), ([3, 0, 1], "contiguous", 1)):
        chosen = np.array(slots if slots else range(SLOTS))
        options: dict[str, Any] = {"context": 120 * len(chosen), "end": end, "slots": slots, "ahead": AHEAD}
        item = latest(output / form, **options)
        kind = np.array([*KINDS, "", "", ""])[chosen[item["slot"]]]
        series = np.where(kind == "DF", chosen[item["slot"]], -1)
        value, observed = truth(mixed, series, item["position"] + AHEAD)
        np.testing.assert_array_equal(item["ahead_observed"], observed)
        np.testing.assert_array_equal(item["ahead_value"], value)
        assert item["ahead_observed"][-AHEAD * len(chosen) :].any()
        parts = [latest(output / form, ring_size=ring, ring_rank=r, order=order, **options) for r in range(ring)]
        together = {name: np.concatenate([part[name] for part in parts]) for name in item}
        back = np.lexsort((together["slot"], together["position"]))
        assert all(np.array_equal(together[name][back], item[name]) for name in item)
    one = latest(output / "blocks/series", context=64, series=[mixed.members[3].series_id], ahead=AHEAD)
    assert not one["ahead_observed"].any() or one["ahead_observed"][: -AHEAD - 1].any()
    np.testing.assert_array_equal(one["ahead_value"][:-AHEAD], one["value"][AHEAD:])


def test_the_fingerprint_names_it_where_it_is_handed_out(output: Path) -> None:
    plain = RingBlocks(output / "blocks/panel", split="train", context=2048)
    known = RingBlocks(output / "blocks/panel", split="train", context=2048, ahead=AHEAD)
    assert known.fingerprint == f"{plain.fingerprint}-ahead24"
    assert list(plain[0]) == ["value", "observed", "target", "loss_mask", "position", "slot"]
    for blocks, ahead in ((plain, 24), (known, 0), (known, 23)):
        with pytest.raises(MixedVersions, match=r"other hours ahead than expected.*series=, slots= or ahead="):
            RingBlocks(
                output / "blocks/panel", split="train", context=2048, ahead=ahead, fingerprint=blocks.fingerprint
            )
    RingBlocks(output / "blocks/panel", split="train", context=2048, ahead=24, fingerprint=known.fingerprint)


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ({"ahead": -1}, "ahead -1: give 0 to 48 hours; day-ahead forecasts are not published earlier than that"),
        ({"ahead": 49}, "ahead 49: give 0 to 48 hours"),
        ({"ahead": 24.0}, r"ahead 24\.0: give a whole number"),
        ({"ahead": None}, "ahead None: give a whole number"),
        ({"ahead": "24"}, "ahead '24': give a whole number"),
        ({"ahead": 1 << 70}, "ahead is a number of more than 62 bits"),
        ({"ahead": 24, "slots": [0, 2]}, r"ahead 24: no series chosen is published ahead of its hour \(type DF\)"),
    ],
)
def test_what_cannot_be_known_is_refused(output: Path, choice: dict[str, Any], words: str) -> None:
    with pytest.raises(ContextError, match=words):
        RingBlocks(output / "blocks/panel", split="train", context=2048, **choice)
    with pytest.raises(ContextError, match=words):
        latest(output / "blocks/panel", context=2048, **choice)


def test_numbers_of_numpy_are_numbers(output: Path) -> None:
    blocks = RingBlocks(output / "blocks/panel", split="train", context=2048, ahead=np.int64(24))  # type: ignore[arg-type]
    assert blocks.fingerprint.endswith("-ahead24")


def test_a_split_shorter_than_that_is_refused(
    tmp_path: Path, record_of: Callable[..., Any], writer: Callable[..., Any]
) -> None:
    record = record_of(series=60, hours=2_000)
    members = tuple(replace(member, first_hour=record.first, type="DF") for member in record.members)
    cuts = Cuts(validation=record.first + 1_000, test=record.first + 1_000 + 168 + 40, embargo=168)
    writer(tmp_path, replace(record, members=members), cuts=cuts)
    with pytest.raises(ContextError, match=r"ahead 48: no hour so far ahead lies in split 'validation'.* at most \d+"):
        RingBlocks(tmp_path / "blocks/panel", split="validation", context=64 * 16, ahead=48)
