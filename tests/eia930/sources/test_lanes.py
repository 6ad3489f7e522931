# SPDX-License-Identifier: Apache-2.0
import itertools
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from eia930.question.span import Span
from eia930.question.window import Window
from eia930.reference.routes import PAGE
from eia930.sources.api.again import Again
from eia930.sources.api.folds.held import Held
from eia930.sources.api.lanes import Lane, needed
from eia930.sources.api.responses import Answer
from eia930.sources.columns import Columns

FIRST = 400_000
NOW = datetime(2024, 1, 1, tzinfo=UTC)
Counts = NDArray[np.int64]


def lane_of(counts: Counts, wanted: NDArray[np.bool_] | None = None, **other: Any) -> Lane:
    fixed = other.pop("hours_per_request", None)
    span = Span("region-data", "PACW", FIRST, FIRST + len(counts) - 1, **other)
    return Lane(span, np.ones(len(counts), bool) if wanted is None else wanted, hours_per_request=fixed)


def answered(window: Window, counts: Counts, cap: int) -> Answer:
    """What a server with `counts` rows an hour and pages of `cap` rows answers."""
    mine = counts[window.first - FIRST : window.last - FIRST + 1]
    total = int(mine.sum())
    first, last = window.first, window.last
    if total > cap:
        whole = int(np.searchsorted(np.cumsum(mine[::-1] if window.descending else mine), cap, side="right"))
        first, last = (last - whole + 1, last) if window.descending else (first, first + whole - 1)
    nothing = np.array([], np.int64)
    columns = Columns(min(total, cap), nothing, nothing.astype(np.int32), (), nothing.astype(float))
    return Answer(window, first, last, total, columns, b"", NOW)


def play(lanes: list[Lane], counts: Counts, *, cap: int, in_flight: int, seed: int) -> tuple[Counts, list[Answer]]:
    """Ask everything, answers in any order: how often each hour was settled, and the answers."""
    draw, settled = Random(seed), np.zeros(len(counts), np.int64)
    flying: list[tuple[Lane, Window]] = []
    answers: list[Answer] = []
    while True:
        ready = _first(lanes, flying, in_flight)
        flying += ready
        _disjoint([window for _, window in flying])
        if not flying:
            assert all(lane.left == 0 for lane in lanes)
            return settled, answers
        if ready and draw.random() < 0.6:
            continue
        lane, window = flying.pop(draw.randrange(len(flying)))
        answer = answered(window, counts, cap)
        assert lane.answered(answer) == answer.last - answer.first + 1
        settled[answer.first - FIRST : answer.last - FIRST + 1] += 1
        answers.append(answer)


def _room(flying: list[Any], in_flight: int) -> bool:
    return len(flying) < in_flight


def _first(lanes: list[Lane], flying: list[Any], in_flight: int) -> list[tuple[Lane, Window]]:
    for lane in lanes if _room(flying, in_flight) else []:
        if (window := lane.next_window()) is not None:
            return [(lane, window)]
    return []


def _disjoint(windows: list[Window]) -> None:
    ordered = sorted(windows, key=lambda window: window.first)
    for one, other in itertools.pairwise(ordered):
        assert one.first <= one.last < other.first


@given(data=st.data(), cap=st.integers(20, 400), in_flight=st.integers(1, 6), seed=st.integers(0, 2**32))
@settings(deadline=None, max_examples=60)
def test_every_wanted_hour_is_settled_exactly_once(data: st.DataObject, cap: int, in_flight: int, seed: int) -> None:
    """Whatever the density and its changes, holes in what is wanted, the page and the order of answers."""
    draw = np.random.default_rng(seed)
    runs = data.draw(st.lists(st.tuples(st.integers(1, 300), st.integers(0, 12)), min_size=1, max_size=5))
    counts = np.concatenate([draw.binomial(12, density / 12, size) for size, density in runs]).astype(np.int64)
    wanted = draw.random(len(counts)) < data.draw(st.sampled_from((1.0, 0.97, 0.5)))
    fixed = data.draw(st.one_of(st.none(), st.integers(1, 100)))
    density = data.draw(st.floats(0.1, 50))
    lane = lane_of(counts, wanted.copy(), density=density, hours_per_request=fixed)
    lanes = list(lane.halves()) if bool(wanted.any()) and data.draw(st.booleans()) else [lane]
    settled, _ = play(lanes, counts, cap=cap, in_flight=in_flight, seed=seed)
    np.testing.assert_array_equal(settled, wanted)


@pytest.mark.parametrize("density", [3, 4, 5, 8, 11])
@pytest.mark.parametrize("in_flight", [1, 2, 4])
@pytest.mark.parametrize("gaps", [0.0, 0.002])
def test_pages_are_full_on_long_dense_histories(density: int, in_flight: int, gaps: float) -> None:
    """Seven years of hours, now and then one missing: 0.98 of what the pages could hold, but for the one left over."""
    draw = np.random.default_rng(density)
    counts = np.where(draw.random(60_000) < gaps, 0, density).astype(np.int64)
    settled, answers = play([lane_of(counts, density=float(density))], counts, cap=PAGE, in_flight=in_flight, seed=1)
    assert (settled == 1).all()
    assert sum(one.columns.received for one in answers) / (PAGE * (len(answers) - 1)) >= 0.98
    assert len(answers) <= counts.sum() // PAGE + 2


def test_a_fixed_length_is_kept() -> None:
    lane = lane_of(np.full(1000, 4), hours_per_request=300)
    windows = []
    while (window := lane.next_window()) is not None:
        windows.append(window.last - window.first + 1)
        lane.answered(answered(window, np.full(1000, 4), PAGE))
    assert windows == [300, 300, 300, 100]


def test_what_is_given_up_is_not_asked_again() -> None:
    lane = lane_of(np.full(100, 4), hours_per_request=50)
    window = lane.next_window()
    assert window is not None
    lane.given_up(window)
    again = lane.next_window()
    assert again is not None
    assert again.first == window.last + 1


@pytest.mark.parametrize("fixed", [None, 64])
def test_pages_out_of_order_are_asked_for_in_ever_shorter_pieces(fixed: int | None) -> None:
    lane, lengths = lane_of(np.full(100, 4), hours_per_request=fixed, density=500.0), []
    for _ in range(8):
        window = lane.next_window()
        assert window is not None
        lengths.append(window.last - window.first + 1)
        lane.shrink(window)
    assert lane.left == 100
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[-1] <= 2


def test_halves_are_the_whole() -> None:
    wanted = np.random.default_rng(3).random(500) < 0.7
    early, late = lane_of(np.full(500, 4), wanted.copy()).halves()
    assert early.left + late.left == int(wanted.sum())
    assert abs(early.left - late.left) <= 1


def held(first: int, last: int, *, kinds: tuple[str, ...] = (), at: datetime | None = None, age: float = 1) -> Held:
    return Held("", FIRST + first, FIRST + last, kinds, at, NOW - timedelta(days=age))


def asked(span: Span, *stored: Held, refresh: bool = False, since: datetime = NOW) -> list[int]:
    wanted = needed(span, stored, Again(24, since, NOW.timestamp(), refresh))
    return np.flatnonzero(wanted).tolist()


WEEK = Span("region-data", "PACW", FIRST, FIRST + 9)


def test_what_is_stored_is_not_asked() -> None:
    assert asked(WEEK) == list(range(10))
    assert asked(WEEK, held(2, 4), held(-50, 0), held(8, 99)) == [1, 5, 6, 7]
    assert asked(WEEK, held(-9, -1), held(10, 20)) == list(range(10))


def test_kinds_of_what_is_stored() -> None:
    some = Span("region-data", "PACW", FIRST, FIRST + 9, ("D",))
    assert asked(some, held(0, 9)) == []
    assert asked(some, held(0, 9, kinds=("D", "NG"))) == []
    assert asked(some, held(0, 9, kinds=("NG",))) == list(range(10))
    assert asked(WEEK, held(0, 9, kinds=("D",))) == list(range(10))


def test_provisional_hours_are_asked_again_unless_this_run_stored_them() -> None:
    at = datetime.fromtimestamp((FIRST + 9 + 24 - 3) * 3600, tz=UTC)
    assert asked(WEEK, held(0, 9, at=at)) == [7, 8, 9]
    assert asked(WEEK, held(0, 9, at=at), since=NOW - timedelta(days=2)) == []


def test_refresh_asks_for_what_an_earlier_run_stored() -> None:
    assert asked(WEEK, held(0, 4, age=1), held(5, 9, age=3), refresh=True, since=NOW - timedelta(days=2)) == [
        5,
        6,
        7,
        8,
        9,
    ]


def test_the_order_of_what_is_stored_does_not_matter() -> None:
    stored = [held(0, 2), held(2, 5, kinds=("D",)), held(4, 9, at=NOW)]
    assert asked(WEEK, *stored) == asked(WEEK, *stored[::-1])
