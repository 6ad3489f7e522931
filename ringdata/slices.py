# SPDX-License-Identifier: Apache-2.0
"""The slice of every window that one reader holds: which tokens, of which hours and slots, and what is read."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ringdata.covers import Cover, picked_covers, plain_covers
from ringdata.errors import ContextError
from ringdata.layout import BlockGrid
from ringdata.orders import Span, check_causal, check_multiple, spans, unit, whole
from ringdata.shards import Tokens
from ringdata.windows import Reach

Later = Mapping[int, Tokens]
"""Tokens by how many hours they lie after those held: labels, and what is known ahead."""


@dataclass(frozen=True)
class RingSlice:
    """Token ranges `spans` of a window of `context` tokens; `rows` are the slots chosen of a panel, None: all."""

    grid: BlockGrid
    rows: NDArray[np.int64] | None
    context: int
    spans: tuple[Span, ...]

    def __getstate__(self) -> dict[str, Any]:
        """What is counted out again is not worth sending to a worker."""
        return {name: self.__dict__[name] for name in ("grid", "rows", "context", "spans")}

    @property
    def slots(self) -> int:
        """Tokens an hour."""
        return self.grid.slots if self.rows is None else len(self.rows)

    @property
    def size(self) -> int:
        """Tokens held."""
        return sum(stop - start for start, stop in self.spans)

    @cached_property
    def hours(self) -> NDArray[np.int64]:
        """Hours from the window's first to each token held."""
        return np.concatenate([np.arange(start, stop) for start, stop in self.spans]) // self.slots

    @cached_property
    def slot(self) -> NDArray[np.int32]:
        """Slot of each token held."""
        held = np.concatenate([np.arange(start, stop, dtype=np.int32) for start, stop in self.spans])
        return held % np.int32(self.slots)

    @cached_property
    def covers(self) -> tuple[Cover, ...]:
        """What is read for the tokens held."""
        grid = self.grid
        if self.rows is None and all(edge % grid.slots == 0 for span in self.spans for edge in span):
            return plain_covers(self.spans)
        chosen = np.arange(grid.slots) if self.rows is None else self.rows
        return picked_covers(self.spans, chosen, slots=grid.slots, gap=grid.group_blocks * grid.block_hours)

    def published(self, ahead: Tokens, known: NDArray[np.bool_]) -> dict[str, NDArray[Any]]:
        """Two fields more of the tokens held: `ahead` of those whose series is published before its hour.

        `known` bool[slots or more] says which are. Of any other series nothing is handed out.
        """
        kept = known[self.slot]
        value = np.where(kept, ahead.value, np.float32(0))
        return {"ahead_value": value, "ahead_observed": ahead.observed.view(np.bool_) & kept}

    def item(self, tokens: Tokens, labels: Tokens, first: int) -> dict[str, NDArray[Any]]:
        """What a reader hands out of the window that begins at hour `first`: its tokens held, and their labels."""
        return {
            "value": tokens.value,
            "observed": tokens.observed.view(np.bool_),
            "target": labels.value,
            "loss_mask": labels.observed.view(np.bool_),
            "position": self.hours + first,
            "slot": self.slot.copy(),
        }


def fill_later(later: Later, read: Tokens, after: Tokens) -> None:
    """From the tokens `read`, and the hour `after` them: what lies each number of hours after the first of them.

    What lies further is not observed.
    """
    slots = len(after.value)
    for hours, out in later.items():
        size, shift = len(out.value), hours * slots
        kept, end = (min(size, max(0, len(read.value) + more - shift)) for more in (0, slots))
        out.part(0, kept).fill(read.part(shift, shift + kept))
        out.part(kept, end).fill(after.part(0, end - kept))
        out.part(end, size).clear()


def ring_slice(
    grid: BlockGrid,
    rows: NDArray[np.int64] | None,
    *,
    context: int,
    ring_size: int,
    ring_rank: int | None,
    order: str,
    stripe: int,
    causal: str | None,
    reach: Reach,
) -> RingSlice:
    """What rank `ring_rank` of a ring holds, or all of a window. ContextError where they do not fit."""
    ring_size, stripe = whole("ring_size", ring_size), whole("stripe", stripe)
    if ring_rank is not None:
        check_causal(causal, order, stripe=stripe)
    if stripe < 1:
        raise ContextError(f"stripe {stripe}: give 1 token or more")
    slots = grid.slots if rows is None else len(rows)
    block = slots * grid.block_hours
    divisor = unit(order, ring_size=ring_size, slots=slots, block_tokens=block, stripe=stripe)
    if stripe > 1 and order != "stripe":
        raise ContextError(f"stripe {stripe} says nothing in order {order!r}; give order='stripe', or leave it out")
    check_multiple("context", context, divisor, f"{order}, ring_size {ring_size}, {slots} tokens an hour")
    reach.check_context(context, divisor)
    if ring_rank is None:
        return RingSlice(grid, rows, context, ((0, context),))
    rank, size = whole("ring_rank", ring_rank), stripe if order == "stripe" else block
    held = spans(order, context=context, ring_size=ring_size, ring_rank=rank, stripe=size)
    return RingSlice(grid, rows, context, held)
