# SPDX-License-Identifier: Apache-2.0
"""Which tokens of a window a ring rank holds.

context 8, ring 2     contiguous     zigzag (4 chunks: r and 2R-1-r)
rank 0                0 1 2 3        0 1 6 7
rank 1                4 5 6 7        2 3 4 5          (the same causal work for each)
"""

import math
import operator
from typing import Any

from ringdata.errors import ContextError

ORDERS = ("contiguous", "zigzag", "block_stripe", "stripe")
_MASKED_BY_RANK = {"index": "contiguous", "zigzag": "zigzag", "stripe": "stripe"}
_MOST_AHEAD = 48
"""Hours: on a day its forecasts of the next one are published, none of the day after that."""
Span = tuple[int, int]


def unit(order: str, *, ring_size: int, slots: int, block_tokens: int, stripe: int = 1) -> int:
    """Tokens that a context must be a multiple of: whole hours in every chunk and window, whole stripes a rank."""
    if order not in ORDERS:
        raise ContextError(f"no order {order!r}; there are {', '.join(ORDERS)}")
    if ring_size < 1:
        raise ContextError(f"ring_size {ring_size}: give 1 or more")
    if ring_size == 1:
        return slots
    if order == "stripe":
        return math.lcm(stripe * ring_size, slots)
    return {"contiguous": slots, "zigzag": 2 * slots, "block_stripe": block_tokens}[order] * ring_size


def spans(order: str, *, context: int, ring_size: int, ring_rank: int, stripe: int) -> tuple[Span, ...]:
    """Token ranges [start, stop) of a window that the rank holds, in the order in which it holds them.

    `stripe` is the tokens of a stripe in `block_stripe` and `stripe`: rank r holds stripes r, r + R, r + 2R, ...
    """
    if ring_rank > 0 and ring_size == 1:
        raise ContextError(f"ring_rank {ring_rank} of a ring of 1: give ring_size= too, or leave ring_rank out")
    if not 0 <= ring_rank < ring_size:
        raise ContextError(f"ring_rank {ring_rank} of a ring of {ring_size}: give 0 to {ring_size - 1}, or None")
    if order == "contiguous" or ring_size == 1:
        size = context // ring_size
        held = [(ring_rank * size, (ring_rank + 1) * size)]
    elif order == "zigzag":
        size = context // (2 * ring_size)
        held = [(k * size, (k + 1) * size) for k in (ring_rank, 2 * ring_size - 1 - ring_rank)]
    else:
        held = [(first, first + stripe) for first in range(ring_rank * stripe, context, ring_size * stripe)]
    return _joined(held)


def check_causal(causal: str | None, order: str, *, stripe: int = 1) -> None:
    """Refuse an order that a kernel cannot mask: it would take later tokens of another rank for earlier ones.

    `position`: by the positions that come with the tokens; `index`, `zigzag`, `stripe`: by rank, for tokens that lie
    contiguous, in two chunks a rank, or dealt one by one.
    """
    if causal in (None, "position"):
        return
    if causal not in _MASKED_BY_RANK:
        raise ContextError(
            f"causal {causal!r}: give 'position', 'index', 'zigzag' or 'stripe', by how the kernel masks"
        )
    takes = _MASKED_BY_RANK[causal]
    if order != takes or (order == "stripe" and stripe != 1):
        given = f"order {order!r}" + (f" with stripe {stripe}" if order == "stripe" else "")
        also = ", stripe=1" if takes == "stripe" else ""
        raise ContextError(
            f"{given} and a kernel that masks by {causal} is silently wrong; give order={takes!r}{also}, or a kernel "
            "that masks by position"
        )


def whole(name: str, number: Any, *, bits: int = 62) -> int:
    """The number as an int, numpy's integers too; ContextError for what is none, as 8192.0 may be a wrong division.

    Also for one of more than `bits` bits: no array counts so far.
    """
    try:
        value = operator.index(number)
    except TypeError:
        raise ContextError(f"{name} {number!r}: give a whole number (an int)") from None
    if abs(value) >> bits:
        raise ContextError(f"{name} is a number of more than {bits} bits")
    return value


def check_ahead(horizon: int) -> None:
    """Refuse a target that does not lie ahead."""
    if horizon < 1:
        raise ContextError(f"horizon {horizon}: give 1 hour or more; the target lies ahead")


def known_ahead(hours: Any) -> int:
    """Hours ahead that a reader hands out, as an int; ContextError for what nobody has published by then."""
    ahead = whole("ahead", hours)
    if not 0 <= ahead <= _MOST_AHEAD:
        raise ContextError(
            f"ahead {ahead}: give 0 to {_MOST_AHEAD} hours; day-ahead forecasts are not published earlier than that"
        )
    return ahead


def check_multiple(name: str, tokens: int, divisor: int, why: str) -> None:
    """Refuse what does not divide, naming the nearest that do."""
    if tokens > 0 and tokens % divisor == 0:
        return
    below = tokens // divisor * divisor
    nearest = f"{below} or {below + divisor}" if below > 0 else f"{divisor}"
    raise ContextError(f"{name} {tokens} is no multiple of {divisor} ({why}); the nearest that are: {nearest}")


def _joined(held: list[Span]) -> tuple[Span, ...]:
    """Neighbouring ranges as one."""
    joined = held[:1]
    for start, stop in held[1:]:
        if start == joined[-1][1]:
            joined[-1] = (joined[-1][0], stop)
        else:
            joined.append((start, stop))
    return tuple(joined)
