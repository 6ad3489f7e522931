# SPDX-License-Identifier: Apache-2.0
import itertools
import time
from bisect import bisect_right
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eia930.sources.rate import Limiter, Pace, Unlimited


@dataclass(slots=True)
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def most_within(starts: list[float], seconds: float) -> int:
    """The most starts in any rolling window of so many seconds, both ends included."""
    return max((bisect_right(starts, start + seconds) - i for i, start in enumerate(starts)), default=0)


def drive(limiter: Limiter, clock: Clock, idle: list[float], *, until: float, limit: int = 40_000) -> list[float]:
    """Start as soon as allowed; after each start, be idle for the next of `idle` seconds."""
    starts: list[float] = []
    while clock.now < until and len(starts) < limit:
        delay = limiter.wait()
        if delay > 0:
            clock.now += max(delay, 1e-6)
            continue
        limiter.start()
        starts.append(clock.now)
        clock.now += idle[len(starts) % len(idle)] if idle else 0.0
    return starts


idleness = st.lists(st.one_of(st.just(0.0), st.floats(0, 2), st.sampled_from((30.0, 600.0, 3600.0))), max_size=12)


@given(st.integers(1, 2500), st.integers(1, 12), st.sampled_from((0.0, 0.0, 0.72, 5.0)), idleness)
@settings(deadline=None, max_examples=40)
def test_never_more_than_allowed(per_hour: int, per_second: int, min_delay: float, idle: list[float]) -> None:
    """In any rolling second and any rolling hour, however it is used."""
    clock = Clock()
    starts = drive(Pace(per_hour, per_second, min_delay, clock), clock, idle, until=1000 + 2.5 * 3600, limit=5000)
    assert most_within(starts, 1.0) <= per_second
    assert most_within(starts, 3600.0) <= per_hour
    assert all(later - start > min_delay - 1e-6 for start, later in itertools.pairwise(starts))


@given(st.integers(2, 12), st.lists(st.floats(0, 0.199), min_size=5, max_size=200))
@settings(deadline=None, max_examples=40)
def test_a_server_that_books_them_late_counts_no_more(per_second: int, late: list[float]) -> None:
    """Each start reaches the server a little later than it left, each by its own delay."""
    clock = Clock()
    starts = drive(Pace(3600 * per_second, per_second, clock=clock), clock, [], until=2000, limit=len(late))
    booked = sorted(start + delay for start, delay in zip(starts, late, strict=False))
    assert most_within(booked, 1.0) <= per_second


@given(st.lists(st.floats(0, 1800), min_size=1, max_size=12))
@settings(deadline=None, max_examples=30)
def test_restarts_add_nothing(lives: list[float]) -> None:
    """A run that is killed and started again, and again: together they keep the hour and the second."""
    clock, starts = Clock(), list[float]()
    for life in lives:
        starts += drive(Pace(600, 3, clock=clock), clock, [], until=clock.now + life)
        clock.now = max([clock.now, *starts[-1:]])
    assert most_within(starts, 1.0) <= 3
    assert most_within(starts, 3600.0) <= 600


@pytest.mark.parametrize(("per_hour", "per_second"), [(6300, 3), (9000, 5), (3600, 1), (100, 3), (1, 1), (2, 3)])
def test_a_steady_load_gets_what_is_allowed(per_hour: int, per_second: int) -> None:
    clock = Clock()
    starts = drive(Pace(per_hour, per_second, clock=clock), clock, [], until=1000 + 3 * 3600.0)
    allowed = min(
        (per_hour - per_second) / 3600 if per_hour > 2 * per_second else 0,
        1 / (1 / per_second + 0.201 / max(2, per_second)),
    )
    assert len(starts) / 10_800 >= 0.99 * allowed
    assert starts


def test_the_pace_of_this_loader_is_three_and_a_half_pages_in_two_seconds() -> None:
    """6,300 an hour and 3 a second give 1.749 requests a second: 0.9995 of 1.75."""
    assert Pace(6300, 3).filling == pytest.approx(1.75, rel=0.0006)


def test_the_first_second_belongs_to_whoever_ran_before() -> None:
    clock = Clock()
    assert Pace(6300, 3, clock=clock).wait() >= 1.0


@pytest.mark.parametrize("kind", ["pace", "unlimited"])
def test_a_pause_that_the_server_asks_for_is_kept(kind: str) -> None:
    clock = Clock()
    limiter: Limiter = Pace(6300, 3, clock=clock) if kind == "pace" else Unlimited(clock)
    drive(limiter, clock, [], until=1010, limit=5)
    limiter.hold(100.0)
    limiter.hold(5.0)
    assert limiter.wait() == pytest.approx(100.0)
    clock.now += 99.0
    assert limiter.wait() == pytest.approx(1.0)
    clock.now += 1.1
    assert limiter.wait() == 0.0


def test_no_burst_after_a_pause() -> None:
    clock = Clock()
    pace = Pace(6300, 3, clock=clock)
    pace.hold(600.0)
    starts = drive(pace, clock, [], until=2000)
    assert starts[0] >= 1600.0
    assert most_within(starts, 1.0) <= 3
    assert most_within(starts, 10.0) <= 3 + 1.75 * 10 + 1


def test_its_own_clock_is_the_machines() -> None:
    before = time.monotonic()
    wait = Pace(3600, 1).wait()
    assert 0 < wait <= 2.0 + time.monotonic() - before


def test_what_was_sent_just_before_counts_in_the_first_hour() -> None:
    clock = Clock()
    per_hour, owed = 600, 8
    pace = Pace(per_hour, 3, clock=clock, owed=owed)
    began = clock.now
    starts = drive(pace, clock, [], until=clock.now + 2 * 3600.0)
    assert sum(start < began + 3600 for start in starts) + owed <= per_hour
    assert sum(start < began + 3600 for start in starts) + owed > 0.95 * per_hour


def test_who_is_alone_starts_at_once_and_keeps_the_limits_all_the_same() -> None:
    clock = Clock()
    assert Pace(1_000_000, 3, clock=clock).wait() == 1.0
    alone = Pace(1_000_000, 3, clock=clock, alone=True)
    assert alone.wait() < 0.01
    starts = drive(alone, clock, [], until=clock.now + 30)
    assert most_within(starts, 1.0) <= 3
