# SPDX-License-Identifier: Apache-2.0
"""Which tokens a rank holds."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringdata.errors import ContextError
from ringdata.orders import ORDERS, check_causal, check_multiple, spans, unit

LAWS = settings(max_examples=60, deadline=None)


def tokens(order: str, context: int, ring_size: int, ring_rank: int, stripe: int = 2) -> list[int]:
    held = spans(order, context=context, ring_size=ring_size, ring_rank=ring_rank, stripe=stripe)
    return [token for start, stop in held for token in range(start, stop)]


def test_orders_by_hand() -> None:
    assert [tokens("contiguous", 8, 2, r) for r in (0, 1)] == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert [tokens("zigzag", 8, 2, r) for r in (0, 1)] == [[0, 1, 6, 7], [2, 3, 4, 5]]
    assert [tokens("block_stripe", 8, 2, r) for r in (0, 1)] == [[0, 1, 4, 5], [2, 3, 6, 7]]
    assert [tokens("stripe", 8, 2, r, 1) for r in (0, 1)] == [[0, 2, 4, 6], [1, 3, 5, 7]]


@LAWS
@given(st.sampled_from(ORDERS), st.integers(1, 64), st.integers(1, 4))
def test_ranks_part_the_window_evenly(order: str, ring_size: int, many: int) -> None:
    context = many * unit(order, ring_size=ring_size, slots=1, block_tokens=2, stripe=2)
    held = [tokens(order, context, ring_size, rank) for rank in range(ring_size)]
    assert sorted(token for part in held for token in part) == list(range(context))
    assert {len(part) for part in held} == {context // ring_size}


@LAWS
@given(st.integers(1, 64), st.integers(1, 9), st.integers(1, 16), st.integers(1, 3))
def test_stripes_go_round_the_ring(ring_size: int, stripe: int, slots: int, many: int) -> None:
    context = many * unit("stripe", ring_size=ring_size, slots=slots, block_tokens=1, stripe=stripe)
    assert context % slots == 0
    for rank in range(ring_size):
        held = tokens("stripe", context, ring_size, rank, stripe)
        assert held == [token for token in range(context) if token // stripe % ring_size == rank]
        assert len(held) == context // ring_size


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("causal", "takes"), [("index", "contiguous"), ("zigzag", "zigzag"), ("stripe", "stripe")])
def test_a_kernel_that_masks_by_rank_takes_one_order(causal: str, takes: str, order: str) -> None:
    check_causal("position", order)
    check_causal(None, order)
    with pytest.raises(ContextError, match="give 'position', 'index', 'zigzag' or 'stripe'"):
        check_causal("indices", order)
    if order == takes:
        check_causal(causal, order)
    else:
        with pytest.raises(ContextError, match=f"silently wrong; give order='{takes}'"):
            check_causal(causal, order)


def test_a_kernel_of_single_stripes_takes_no_wide_ones() -> None:
    with pytest.raises(ContextError, match=r"with stripe 2 and .* give order='stripe', stripe=1"):
        check_causal("stripe", "stripe", stripe=2)


@LAWS
@given(st.integers(1, 64), st.integers(1, 4))
def test_zigzag_gives_each_rank_the_same_causal_work(ring_size: int, many: int) -> None:
    context = many * unit("zigzag", ring_size=ring_size, slots=1, block_tokens=1)
    assert len({sum(tokens("zigzag", context, ring_size, rank)) for rank in range(ring_size)}) == 1


@pytest.mark.parametrize(
    ("order", "size", "rank", "words"),
    [
        ("stripes", 2, 0, "there are contiguous"),
        ("zigzag", 0, 0, "1 or more"),
        ("zigzag", 4, 4, "0 to 3, or None"),
        ("zigzag", 1, 3, "ring_rank 3 of a ring of 1: give ring_size= too"),
    ],
)
def test_rings_that_are_none(order: str, size: int, rank: int, words: str) -> None:
    with pytest.raises(ContextError, match=words):
        spans(
            order,
            context=unit(order, ring_size=size, slots=1, block_tokens=1),
            ring_size=size,
            ring_rank=rank,
            stripe=1,
        )


@LAWS
@given(st.integers(-5, 10_000), st.integers(1, 300))
def test_the_nearest_multiples_are_named(context: int, divisor: int) -> None:
    if context > 0 and context % divisor == 0:
        check_multiple("context", context, divisor, "why")
        return
    with pytest.raises(ContextError) as caught:
        check_multiple("context", context, divisor, "why")
    named = [int(word) for word in str(caught.value).rsplit(": ", 1)[1].split(" or ")]
    assert all(near > 0 and near % divisor == 0 and abs(near - max(context, 0)) <= divisor for near in named)
