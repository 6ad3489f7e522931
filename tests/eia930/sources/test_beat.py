# SPDX-License-Identifier: Apache-2.0
"""The account of a run whose dispatcher was lost is that of both dispatchers."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from eia930.sources.beat import Beat, merged
from eia930.sources.fetched import Tally

BEGAN = 1_700_000_000.0
counts = st.integers(0, 10**6)
by_minute = st.dictionaries(st.integers(0, 90).map(str), st.integers(1, 400), max_size=6)
times = st.one_of(st.none(), st.floats(BEGAN, BEGAN + 9000))


@st.composite
def tallies(draw: st.DrawFn, *, started: st.SearchStrategy[float]) -> Tally:
    return Tally(
        sent=draw(counts),
        answered=(answered := draw(counts)),
        stored=answered,
        retried=draw(counts),
        failed=draw(counts),
        rows=draw(counts),
        hours=draw(counts),
        started=draw(started),
        first_start=draw(times),
        last_start=draw(times),
        last_answer=draw(times),
        faults=draw(st.dictionaries(st.sampled_from(["Garbled", "Throttled"]), st.integers(1, 9))),
        per_minute=draw(by_minute),
        trouble=draw(st.sampled_from(["", "retrying: x"])),
    )


old = tallies(started=st.just(BEGAN))
new = tallies(started=st.floats(BEGAN, BEGAN + 9000))


@given(old, new)
def test_two_tallies_of_one_run_are_added_up(before: Tally, after: Tally) -> None:
    both = merged(before, after)
    for name in ("sent", "answered", "stored", "retried", "rows", "hours"):
        assert getattr(both, name) == getattr(before, name) + getattr(after, name)
    # What the lost one gave up is asked for again.
    assert (both.failed, both.trouble, both.started) == (after.failed, after.trouble, BEGAN)
    for name in ("faults", "per_minute"):
        assert sum(getattr(both, name).values()) == sum(
            [*getattr(before, name).values(), *getattr(after, name).values()]
        )
    later = {int(minute) + int((after.started - BEGAN) // 60) for minute in after.per_minute}
    assert {int(minute) for minute in both.per_minute} == {int(minute) for minute in before.per_minute} | later


@given(old, counts, counts)
def test_what_was_stored_after_the_last_beat_counts_as_answered(tally: Tally, reused: int, more: int) -> None:
    beat = Beat("run", 10, reused, tally)
    found = beat.caught_up(reused + more).tally
    assert found.answered == max(tally.answered, more)
    assert found.sent == max(tally.sent, found.answered)
    assert (found.rows, found.hours, found.failed) == (tally.rows, tally.hours, tally.failed)


def test_requests_that_several_shared_are_counted_as_before_at_so_many_answers_each() -> None:
    beat = Beat("run", 10, 5, Tally(sent=5, answered=4, stored=40))
    assert beat.caught_up(45).tally.answered == 4
    found = beat.caught_up(56).tally
    assert (found.sent, found.answered, found.stored) == (6, 6, 51)


@given(old)
def test_a_beat_is_read_as_it_was_written(tally: Tally) -> None:
    beat = Beat("run", 10, 2, tally)
    assert msgspec.json.decode(msgspec.json.encode(beat), type=Beat) == beat
