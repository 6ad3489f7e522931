# SPDX-License-Identifier: Apache-2.0
"""The law of windows cut by what is known of the months: every row is asked for once, none of them in vain."""

from datetime import UTC, datetime

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from eia930.question.pieces import Piece, bounds, mend, wanted_hours
from eia930.question.span import Span
from eia930.question.window import Window
from eia930.reference.hours import parse_hour
from eia930.reference.routes import PAGE
from eia930.sources.api.lanes import Lane
from eia930.sources.api.responses import Answer
from eia930.sources.columns import Columns

FIRST = parse_hour("2020-01-01T00")
MONTH = 200
"""Hours of a month here: short, so that windows and months cut each other in every way."""
EMPTY = np.zeros(0)

runs = st.lists(st.tuples(st.booleans(), st.integers(1, 150)), min_size=1, max_size=12)


def there(laid: list[tuple[bool, int]]) -> NDArray[np.bool_]:
    """bool[hours], whole months of them."""
    flags = np.concatenate([np.full(length, state) for state, length in laid])
    return np.concatenate([flags, np.zeros(-len(flags) % MONTH, bool)])


def pieces(rows: NDArray[np.bool_]) -> tuple[Piece, ...]:
    """What a count would say: the months with rows, and how many hours of each are sure to hold one."""
    months = rows.reshape(-1, MONTH)
    return tuple(
        Piece(FIRST + i * MONTH, FIRST + (i + 1) * MONTH - 1, MONTH - int(month.sum()) + 1)
        for i, month in enumerate(months)
        if month.any()
    )


def answered(window: Window, rows: NDArray[np.int64]) -> Answer:
    """A page of the window, from its end; rows is int[hours] of rows in each hour."""
    low, stop = window.first - FIRST, window.last + 1 - FIRST
    inside = rows[low:stop][::-1] if window.descending else rows[low:stop]
    total = int(inside.sum())
    received = min(total, PAGE)
    whole = len(inside) if total <= PAGE else int(np.searchsorted(np.cumsum(inside), PAGE))
    first, last = (
        (window.last - whole + 1, window.last) if window.descending else (window.first, window.first + whole - 1)
    )
    columns = Columns(received, EMPTY.astype(np.int64), EMPTY.astype(np.int32), (), EMPTY)
    return Answer(window, first, last, total, columns, b"", datetime(2026, 1, 1, tzinfo=UTC))


@settings(deadline=None, max_examples=300)
@given(
    laid=runs,
    kinds=st.sampled_from([1, 30, 90]),
    size=st.sampled_from([None, 7, 60, 500]),
    ends=st.sampled_from([1, 2]),
)
def test_every_row_is_asked_for_once_and_none_in_vain(
    laid: list[tuple[bool, int]], kinds: int, size: int | None, ends: int
) -> None:
    present = there(laid)
    rows = present.astype(np.int64) * kinds
    span = Span("region-data", "PACW", FIRST, FIRST + len(rows) - 1, density=float(kinds), pieces=pieces(present))
    lane = Lane(span, wanted_hours(span.pieces or (), span.first, span.last), hours_per_request=size)
    settled = np.zeros(len(rows), int)
    flying: list[Window] = []
    while True:
        while len(flying) < ends and (window := lane.next_window()) is not None:
            flying.append(window)
        if not flying:
            break
        page = answered(flying.pop(), rows)
        assert page.total > 0
        settled[page.first - FIRST : page.last + 1 - FIRST] += 1
        lane.answered(page)
    assert lane.left == 0
    assert settled.max(initial=0) <= 1
    assert np.all(settled[present] == 1)


def test_a_month_that_the_question_cuts_short_goes_with_its_neighbour() -> None:
    known = (Piece(0, 99, 60), Piece(100, 199, 1))
    allowed = bounds(known, 70, 199)
    assert np.flatnonzero(allowed).tolist() == [0, *range(31, 131)]
    allowed = bounds((Piece(0, 99, 1), Piece(100, 199, 60)), 0, 120)
    assert np.flatnonzero(allowed).tolist() == [*range(100), 121]


def test_hours_that_are_held_leave_no_unsure_remainder() -> None:
    allowed = bounds((Piece(0, 99, 10),), 0, 99)
    wanted = np.ones(100, bool)
    wanted[:15] = False
    wanted[55:] = False
    mend(allowed, wanted)
    assert np.flatnonzero(allowed[15:55]).tolist() == [15, 25]
