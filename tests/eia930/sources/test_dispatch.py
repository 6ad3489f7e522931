# SPDX-License-Identifier: Apache-2.0
import itertools
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from eia930.errors import (
    Garbled,
    Interrupted,
    KeyRefused,
    Refused,
    Stop,
    Throttled,
    Unavailable,
    Unordered,
    Unreachable,
)
from eia930.question.span import Span
from eia930.question.window import Window
from eia930.reference.hours import parse_hour
from eia930.sources.api.lanes import Lane
from eia930.sources.api.responses import Answer, read_answer
from eia930.sources.dispatch import Dispatcher
from eia930.sources.fetched import Tally
from eia930.sources.patience import SUSPENDED, Clocks
from eia930.sources.rate import Unlimited
from tests.eia930.making import LATER, body, row
from tests.flink.waiting import soon

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
) -> Dispatcher[Window, Answer]:
    clocks = other.pop("clocks", None) or Clocks()
    limiter = Unlimited(clocks.monotonic)
    return Dispatcher(lanes() if some is None else some, ask=ask, limiter=limiter, tick=tick, clocks=clocks, **other)


class Hands:
    """Clocks whose hands move when somebody waits, or (`step`) a little at every look."""

    def __init__(self, step: float = 0.0) -> None:
        self.now = 1000.0
        self.step = step

    def look(self) -> float:
        self.now += self.step
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    @property
    def clocks(self) -> Clocks:
        return Clocks(self.look, lambda: 1_700_000_000 + self.now, self.sleep)


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
    hands = Hands()

    def ask(window: Window) -> Answer:
        starts.append(hands.now)
        if len(starts) == 1:
            raise Throttled("slower", retry_after=600)
        return whole(window)

    work = dispatcher(ask, in_flight=1, clocks=hands.clocks)
    work.run()
    assert work.failures == []
    assert starts[1] - starts[0] >= 600


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
    kept: list[Window] = []

    def ask(window: Window) -> Answer:
        if window.respondent == "PACW":
            raise KeyRefused("no")
        # An answer that came before the refusal was seen would show that the key had worked.
        assert soon(lambda: work.stopped is not None)
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

    work = dispatcher(whole, lanes(hours=24 * 1000), tick=tick, in_flight=2, clocks=Hands(step=1.0).clocks)
    work.run()
    assert isinstance(work.stopped, Interrupted)
    assert 0 < work.tally.answered < 1000


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
    together = threading.Barrier(3)

    def ask(window: Window) -> Answer:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        # All answers come in threes, so that a fourth would be seen.
        together.wait(30)
        with lock:
            now[0] -= 1
        return whole(window)

    dispatcher(ask, lanes(9), in_flight=3).run()
    assert most[0] == 3


def test_a_key_that_worked_and_is_refused_is_paused_for() -> None:
    """It was suspended for some minutes: one request after each growing pause, then all goes on."""
    hands, starts, told = Hands(), [], set()

    def ask(window: Window) -> Answer:
        starts.append(hands.now)
        if 2 <= len(starts) <= 5:
            raise KeyRefused("the server refuses the key: status 403")
        return whole(window)

    def tick(tally: Tally) -> None:
        told.add(tally.trouble)

    work = dispatcher(ask, lanes(2), in_flight=1, tries=1, tick=tick, clocks=hands.clocks)
    work.run()
    assert (work.stopped, work.failures) == (None, [])
    assert (work.tally.answered, work.tally.retried, work.tally.faults) == (8, 4, {"KeyRefused": 4})
    pauses = [b - a for a, b in itertools.pairwise(starts)]
    assert [round(one) for one in pauses[1:5]] == [30, 60, 120, 240]
    assert sorted(told - {""})[0].startswith("the key is refused, though it worked before; asked again at ")
    assert work.tally.trouble == ""


def test_a_key_that_stays_refused_ends_it_after_hours() -> None:
    hands, starts = Hands(), []

    def ask(window: Window) -> Answer:
        starts.append(hands.now)
        if len(starts) > 1:
            raise KeyRefused("the server refuses the key: status 403")
        return whole(window)

    work = dispatcher(ask, lanes(2), in_flight=8, worked=True, clocks=hands.clocks)
    work.run()
    assert isinstance(work.stopped, KeyRefused)
    assert 3 * 3600 < hands.now - starts[0] < 4 * 3600
    # Those under way when it was refused, and one after each pause.
    assert len(starts) <= 8 + len(SUSPENDED) + 1
    assert max(b - a for a, b in itertools.pairwise(starts)) <= 3601


def test_a_key_that_worked_earlier_in_the_run_counts_as_one_that_worked() -> None:
    refused = iter([True])

    def ask(window: Window) -> Answer:
        if next(refused, False):
            raise KeyRefused("no")
        return whole(window)

    work = dispatcher(ask, worked=True, clocks=Hands().clocks, in_flight=1)
    work.run()
    assert (work.stopped, work.tally.answered) == (None, 4)


@pytest.mark.parametrize(("wrong", "worked"), [(False, False), (True, True), (True, False)])
def test_a_key_that_never_worked_or_is_wrong_ends_it_at_once(*, wrong: bool, worked: bool) -> None:
    hands = Hands()

    def ask(window: Window) -> Answer:
        raise KeyRefused("no", wrong=wrong)

    work = dispatcher(ask, worked=worked, clocks=hands.clocks)
    work.run()
    assert isinstance(work.stopped, KeyRefused)
    assert hands.now == 1000


@pytest.mark.parametrize("tries", [1, 10, 1000])
def test_where_nobody_was_ever_reached_it_ends_within_a_minute(tries: int) -> None:
    hands = Hands()

    def ask(window: Window) -> Answer:
        raise Unreachable(f"{window.id}: no connection (ConnectionRefusedError: Connection refused)")

    told: set[str] = set()
    work = dispatcher(ask, lanes(9), tries=tries, clocks=hands.clocks, tick=lambda tally: told.add(tally.trouble))
    work.run()
    assert type(work.stopped) is Stop
    assert "ConnectionRefusedError: Connection refused" in work.stopped.what
    assert "region-data" not in work.stopped.what
    assert work.failures == []
    assert hands.now - 1000 < 60
    assert tries == 1 or "retrying: no connection (ConnectionRefusedError: Connection refused)" in told


def test_a_long_pause_that_the_server_asks_for_is_told_until_when() -> None:
    hands, asked, told = Hands(), itertools.count(), set[str]()

    def ask(window: Window) -> Answer:
        if next(asked) == 0:
            raise Throttled(f"{window.id}: status 429", retry_after=3600.0)
        return whole(window)

    work = dispatcher(ask, clocks=hands.clocks, tick=lambda tally: told.add(tally.trouble))
    work.run()
    assert (work.stopped, work.failures) == (None, [])
    assert [one for one in told if one] == ["retrying: status 429; the server asks for a pause until 23:30:00 UTC"]


def test_a_server_that_was_reached_once_is_waited_for() -> None:
    hands = Hands()
    asked = itertools.count()

    def ask(window: Window) -> Answer:
        if next(asked) == 0:
            raise Unavailable("503")
        if hands.now < 1200:
            raise Unreachable("gone for minutes")
        return whole(window)

    work = dispatcher(ask, tries=100, clocks=hands.clocks)
    work.run()
    assert (work.stopped, work.failures, work.tally.answered) == (None, [], 4)
