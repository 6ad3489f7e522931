# SPDX-License-Identifier: Apache-2.0
"""In which order spans leave the dispatcher, so that workers that take them in turn get about the same.

A cluster deals a reshuffle out in turn (Flink: rebalance), whatever the elements weigh, to a number of workers that is
not known here.
"""

from __future__ import annotations

from collections.abc import Sequence

from eia930.question.pieces import wanted_hours
from eia930.question.span import Span, known

LANES = 32
"""Even over these is even over as many workers, and over 2, 4, 8 and 16, each of which takes whole lanes together."""


def dealt(spans: Sequence[Span]) -> list[Span]:
    """The same spans, longest first; in each round the longest goes to the lane that has least so far."""
    longest_first = sorted(spans, key=lambda span: (-expected_rows(span), span.id))
    loads, order = [0.0] * LANES, list[Span]()
    for begin in range(0, len(longest_first), LANES):
        turn = longest_first[begin : begin + LANES]
        emptiest = sorted(range(len(turn)), key=loads.__getitem__)
        by_lane = dict(zip(emptiest, turn, strict=True))
        for lane in range(len(turn)):
            loads[lane] += expected_rows(by_lane[lane])
            order.append(by_lane[lane])
    return order


def expected_rows(span: Span) -> float:
    """About how many rows a span has, as the tables expect."""
    return float(wanted_hours(known(span), span.first, span.last).sum()) * span.density
