# SPDX-License-Identifier: Apache-2.0
"""What is chosen of a panel is what the whole panel holds there, in the order chosen, in any ring and order."""

import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringdata import RingBlocks, describe
from ringdata.errors import ContextError, EmptySplit, MixedVersions
from ringdata.orders import ORDERS, unit

Folders = Callable[[str], Path]
NAMES = [f"EBA.S{number:02d}-ALL.D.H" for number in range(5)]


def by_place(item: dict[str, Any], slots: dict[int, int]) -> dict[tuple[int, int], tuple[Any, ...]]:
    """Each token by hour and slot."""
    columns = (item[name].tolist() for name in ("position", "slot", "value", "observed", "target", "loss_mask"))
    return {(hour, slots[slot]): tuple(rest) for hour, slot, *rest in zip(*columns, strict=True) if slot in slots}


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_a_choice_is_part_of_the_whole(folders: Folders, data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.integers(0, 4), min_size=1, max_size=5, unique=True))
    order, ring = data.draw(st.sampled_from(ORDERS)), data.draw(st.integers(1, 5))
    stripe = data.draw(st.integers(1, 40)) if order == "stripe" else 1
    least = unit(order, ring_size=ring, slots=len(rows), block_tokens=128 * len(rows), stripe=stripe)
    context = least * data.draw(st.integers(1, max(1, 3_000 // least)))
    hours, horizon = context // len(rows), data.draw(st.sampled_from([1, 24]))
    common: dict[str, Any] = {"split": "train", "horizon": horizon}
    whole = RingBlocks(folders("panel"), context=hours * 8, stride=512, **common)
    ring_of: dict[str, Any] = {
        "context": context,
        "stride": 64 * len(rows),
        "ring_size": ring,
        "order": order,
        "stripe": stripe,
    }
    ranks = [RingBlocks(folders("panel"), slots=rows, ring_rank=r, **ring_of, **common) for r in range(ring)]
    index = data.draw(st.integers(0, len(whole) - 1))
    held = [rank[index] for rank in ranks]
    assert {len(item["value"]) for item in held} == {context // ring}
    found = [by_place(item, dict(enumerate(rows))) for item in held]
    together = {place: told for part in found for place, told in part.items()}
    assert sum(map(len, found)) == len(together) == context
    assert together == by_place(whole[index], {row: row for row in rows})
    assert len(ranks[0]) == len(whole)


@pytest.mark.parametrize("stripe", [1, 3, 8, 1024])
def test_a_stripe_of_any_length_holds_its_tokens(folders: Folders, stripe: int) -> None:
    context = 1024 * 24
    whole = RingBlocks(folders("panel"), split="train", context=context)[1]
    for rank in (0, 1, 3):
        ring: dict[str, Any] = {"ring_size": 4, "ring_rank": rank, "order": "stripe", "stripe": stripe}
        blocks = RingBlocks(folders("panel"), split="train", context=context, **ring)
        item = pickle.loads(pickle.dumps(blocks))[1]
        mine = np.arange(context) // stripe % 4 == rank
        assert all(np.array_equal(item[name], whole[name][mine]) for name in whole)


@pytest.mark.parametrize("config", ["panel", "series"])
def test_series_by_name_come_in_their_order(folders: Folders, config: str) -> None:
    names = [NAMES[3], NAMES[0]]
    blocks = RingBlocks(folders(config), split="train", context=2048, series=names)
    assert blocks.sequences["series_id"].to_pylist() == names
    assert [len(part) for part in blocks.scale()] == [2, 2]
    rows = blocks.sequences.to_pylist()
    assert blocks.scale()[0].tolist() == [np.float32(row["train_mean"]) for row in rows]
    if config == "panel":
        assert blocks.sequences["slot"].to_pylist() == [0, 1]
        return
    whole = RingBlocks(folders(config), split="train", context=2048)
    first = next(i for i in range(len(whole)) if whole.window(i).sequence_id == 3)
    assert np.array_equal(blocks[0]["value"], whole[first]["value"])
    assert {blocks.window(i).sequence_id for i in range(len(blocks))} == {0, 1}


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ({"series": ["EBA.S09-ALL.D.H"]}, "no series 'EBA.S09-ALL.D.H' in this folder; the nearest is EBA.S0"),
        ({"slots": [0, 0]}, "each once"),
        ({"slots": [0, 5]}, "one or more of 5 series, each once: there is no slot 5"),
        ({"slots": []}, "one or more of 5 series"),
        ({"slots": [0], "series": NAMES}, "give one of them"),
        ({"slots": [0.0]}, "give a whole number"),
        ({"slots": [0, 1, 2]}, "3 tokens an hour"),
        ({"order": "stripe", "stripe": 0}, "stripe 0: give 1 token or more"),
        ({"order": "block_stripe", "stripe": 64}, "says nothing in order 'block_stripe'; give order='stripe'"),
        ({"causal": "index", "ring_rank": 0}, "order 'zigzag' and a kernel that masks by index"),
    ],
)
def test_choices_that_do_not_fit(folders: Folders, choice: dict[str, Any], words: str) -> None:
    with pytest.raises(ContextError, match=words):
        RingBlocks(folders("panel"), split="train", context=2048, **choice)


def test_a_series_without_a_block_in_the_split(
    tmp_path: Path, record_of: Callable[..., Any], writer: Callable[..., Any]
) -> None:
    record = record_of(series=3, hours=6_000)
    writer(tmp_path, record)
    with pytest.raises(EmptySplit):
        RingBlocks(tmp_path / "blocks/series", split="test", context=1024, series=NAMES[:1])


def test_a_checkpoint_refuses_another_panel(
    folders: Folders, tmp_path: Path, record_of: Callable[..., Any], writer: Callable[..., Any]
) -> None:
    blocks = RingBlocks(folders("panel"), split="train", context=2048)
    again = RingBlocks(folders("panel"), split="validation", context=1024, fingerprint=blocks.fingerprint)
    assert again.fingerprint == blocks.fingerprint
    choices: list[tuple[dict[str, Any], str]] = [
        ({"slots": [1, 0]}, "other tokens an hour and series or their order than expected"),
        ({"fingerprint": "nothing"}, "than expected: the fingerprint is panel-8-"),
    ]
    for choice, words in choices:
        with pytest.raises(MixedVersions, match=words):
            RingBlocks(folders("panel"), split="train", context=2048, **{"fingerprint": blocks.fingerprint, **choice})
    chosen = RingBlocks(folders("panel"), split="train", context=2048, slots=[1, 0])
    writer(tmp_path, record_of(hours=90_100))
    data: dict[str, Any] = {"split": "train", "context": 2048, "fingerprint": chosen.fingerprint}
    assert len(RingBlocks(tmp_path / "blocks/panel", series=[NAMES[1], NAMES[0]], **data))


@pytest.mark.parametrize("form", ["blocks/panel", "blocks/series", "tfds/eia930/panel/1.0.0"])
def test_a_folder_says_how_much_of_each_split_is_observed(
    tmp_path: Path, record_of: Callable[..., Any], writer: Callable[..., Any], form: str
) -> None:
    writer(tmp_path, record_of(series=3, hours=90_000))
    said = describe(tmp_path / form)
    for split in ("train", "validation", "test"):
        blocks = RingBlocks(tmp_path / form, split=split, context=1024)
        seen = np.mean([window["observed"].mean() for window in blocks])
        assert re.search(rf"\n{split:11}20\S+ to .* tokens, {seen * 100:.1f} % observed\n", said)
    assert describe(tmp_path / form, observed=False) == re.sub(r", [\d.]+ % observed", "", said)


def test_a_reader_and_a_folder_say_what_they_hold(folders: Folders) -> None:
    said, read = (
        describe(folders("panel"), observed=False),
        repr(RingBlocks(folders("panel"), split="train", context=2048)),
    )
    assert read.startswith(said)
    assert "blocks of panel, 5 series; 8 tokens an hour, 1,024 a block of 128 hours" in said
    assert "     4    EBA.S04-ALL.D.H  " in said
    assert " ± " in said
    assert "windows of 2,048 tokens, 2,048 apart; 2,048 tokens held; fingerprint panel-8-" in read
    for split in ("train", "validation", "test"):
        assert f"\n{split:11}20" in said
