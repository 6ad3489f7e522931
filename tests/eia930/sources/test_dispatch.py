# SPDX-License-Identifier: Apache-2.0
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from eia930.errors import Garbled, Interrupted, KeyRefused, Refused, Stop, Throttled, Unavailable, Unordered
from eia930.question.span import Span
from eia930.question.window import Window
from eia930.reference.hours import parse_hour
from eia930.sources.api.lanes import Lane
from eia930.sources.api.responses import Answer, read_answer
from eia930.sources.dispatch import Dispatcher
from eia930.sources.fetched import Tally
from eia930.sources.rate import Unlimited
from tests.eia930.making import LATER, body, row

FIRST = parse_hour("2023-01-01T00")


def lanes(count: int = 1, *, hours: int = 96, fixed: int | None = 24) -> list[Lane]:
    codes = ["PACW", *(f"B{i}" for i in range(1, count))]
    spans = [Span("region-data", code, FIRST, FIRST + hours - 1) for code in codes]
    return [Lane(span, np.ones(hours, bool), hours_per_request=fixed) for span in spans]


def whole(window: Window) -> Answer:
    rows = [row(hour - FIRST, respondent=window.respondent) for hour in range(window.first, window.last + 1)]
    return read_answer(body(rows), window, LATER)


def quiet(tally: Tally) -> None:
    pass


def dispatcher(
    ask: Callable[[Window], Answer],
    some: list[Lane] | None = None,
    *,
    tick: Callable[[Tally], None] = quiet,
    **other: Any,
) -> Dispatcher:
    return Dispatcher(lanes() if some is None else some, ask=ask, limiter=Unlimited(), tick=tick, **other)


def test_everything_is_asked_once() -> None:
    asked: list[Window] = []

    def ask(window: Window) -> Answer:
        asked.append(window)
        return whole(window)

    work = dispatcher(ask, lanes(3))
    work.run()
    assert (work.stopped, work.failures) == (None, [])
    assert len(asked) == len(set(asked)) == 12
    tally = work.tally
    assert (tally.sent, tally.answered, tally.retried, tally.failed) == (12, 12, 0, 0)
    assert (tally.rows, tally.hours) == (288, 288)
    assert sum(tally.per_minute.values()) == 12


def test_nothing_to_ask() -> None:
    work = dispatcher(whole, [])
    work.run()
    assert work.tally.sent == 0
    assert work.stopped is None


@pytest.mark.parametrize("error", [Unavailable, Garbled, Throttled])
def test_what_may_pass_is_asked_again(error: type[Exception]) -> None:
    failed: set[int] = set()

    def ask(window: Window) -> Answer:
        if window.first not in failed:
            failed.add(window.first)
            raise error("once")
        return whole(window)

    # A pause of its own would be seconds long: the server names a shorter one.
    if error is Throttled:
        failed |= set(range(FIRST + 24, FIRST + 96))
    work = dispatcher(ask)
    work.run()
    assert work.failures == []
    assert work.tally.retried == work.tally.sent - 4 == work.tally.faults[error.__name__] > 0


def test_a_pause_that_the_server_asks_for_holds_everybody() -> None:
    starts: list[float] = []
    refused = threading.Event()

    def ask(window: Window) -> Answer:
        starts.append(time.monotonic())
        if not refused.is_set():
            refused.set()
            raise Throttled("slower", retry_after=0.6)
        return whole(window)

    work = dispatcher(ask, in_flight=1)
    work.run()
    assert work.failures == []
    assert starts[1] - starts[0] >= 0.6


def test_what_cannot_be_had_is_a_failure_and_the_rest_goes_on() -> None:
    def ask(window: Window) -> Answer:
        if window.first == FIRST + 24:
            raise Refused("no such thing", remedy="none")
        return whole(window)

    work = dispatcher(ask)
    work.run()
    (failure,) = work.failures
    assert (failure.first, failure.last, failure.reason, failure.remedy) == (
        FIRST + 24,
        FIRST + 47,
        "no such thing",
        "none",
    )
    assert (work.tally.answered, work.tally.failed, work.stopped) == (3, 1, None)


def test_tries_are_bounded() -> None:
    asked: list[Window] = []

    def ask(window: Window) -> Answer:
        asked.append(window)
        raise Unavailable("away")

    work = dispatcher(ask, lanes(hours=24), tries=3)
    work.run()
    assert len(asked) == work.tally.sent == 3
    assert work.tally.retried == 2
    assert len(work.failures) == 1


def test_a_server_that_is_away_is_not_tried_window_by_window() -> None:
    def ask(window: Window) -> Answer:
        raise Unavailable("away")

    work = dispatcher(ask, lanes(hours=24 * 200), tries=1)
    work.run()
    assert isinstance(work.stopped, Stop)
    assert 25 <= work.tally.sent <= 25 + 8


def test_a_refused_key_ends_it_and_what_is_under_way_is_kept() -> None:
    release = threading.Event()
    kept: list[Window] = []

    def ask(window: Window) -> Answer:
        if window.respondent == "PACW":
            release.set()
            raise KeyRefused("no")
        release.wait(5)
        kept.append(window)
        return whole(window)

    work = dispatcher(ask, [*lanes(4)[1:], *lanes()], in_flight=8)
    work.run()
    assert isinstance(work.stopped, KeyRefused)
    assert work.tally.answered == len(kept) > 0
    assert work.tally.sent <= 8


def test_a_tick_may_stop_it() -> None:
    def tick(tally: Tally) -> None:
        if tally.answered:
            raise Interrupted("enough")

    work = dispatcher(_slowly, lanes(hours=24 * 1000), tick=tick, in_flight=2)
    work.run()
    assert isinstance(work.stopped, Interrupted)
    assert 0 < work.tally.answered < 1000


def _slowly(window: Window) -> Answer:
    time.sleep(0.02)
    return whole(window)


def test_a_defect_of_our_own_is_a_failure_by_name_and_the_rest_goes_on() -> None:
    def ask(window: Window) -> Answer:
        if window.first == FIRST:
            raise ZeroDivisionError("an odd header")
        return whole(window)

    work = dispatcher(ask)
    work.run()
    (failure,) = work.failures
    assert failure.reason.endswith("ZeroDivisionError: an odd header")
    assert "report this as a defect" in failure.remedy
    assert (work.stopped, work.tally.answered, work.tally.failed) == (None, 3, 1)


def test_a_process_that_is_told_to_end_ends() -> None:
    def ask(window: Window) -> Answer:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dispatcher(ask).run()


@pytest.mark.parametrize("fixed", [None, 24])
def test_a_server_that_does_not_heed_the_hours_asked_is_given_up(fixed: int | None) -> None:
    """Every page full and out of order, however little is asked for: shorter and shorter, then no more."""

    def ask(window: Window) -> Answer:
        raise Unordered("a full page out of order")

    work = dispatcher(ask, lanes(hours=24, fixed=fixed), tries=1)
    work.run()
    assert work.failures
    assert work.tally.sent < 60


def test_an_order_that_was_odd_once_costs_one_request() -> None:
    odd = [True]

    def ask(window: Window) -> Answer:
        if odd and odd.pop():
            raise Unordered("a full page out of order")
        return whole(window)

    work = dispatcher(ask)
    work.run()
    assert work.failures == []
    assert work.tally.hours == 96


def test_no_more_than_so_many_are_under_way() -> None:
    lock, now, most = threading.Lock(), [0], [0]

    def ask(window: Window) -> Answer:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.01)
        with lock:
            now[0] -= 1
        return whole(window)

    dispatcher(ask, lanes(10), in_flight=3).run()
    assert most[0] == 3
