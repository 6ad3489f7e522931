# SPDX-License-Identifier: Apache-2.0
"""When a stored hour is asked for again: weeks of hourly runs, replayed on names alone."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from eia930.emulator import Emulator, synthetic
from eia930.question.span import Span
from eia930.reference.hours import parse_hour
from eia930.reference.runs import runs
from eia930.sources.api.again import Again
from eia930.sources.api.folds.held import Held
from eia930.sources.api.lanes import needed, serves
from eia930.sources.api.source import ApiSource
from eia930.sources.patience import Clocks
from eia930.store.lease import Owner
from eia930.store.run import Run
from eia930.store.storage import Storage
from tests.pipelines.following import Moved, Moving

FIRST = parse_hour("2024-01-01T00")
SETTLE = 240
ONCE = datetime(2000, 1, 1, tzinfo=UTC)
MONTH = Span("region-data", "PACW", FIRST - SETTLE, FIRST + 720)


def until(now: float, *, ahead: int = 0) -> Span:
    return Span("region-data", "PACW", MONTH.first, int(now // 3600) + ahead)


def replayed(minutes: list[int], ahead: int, away: range) -> tuple[dict[int, list[float]], list[int]]:
    """Hours after each hour's end at which it was asked, and requests a run; none while `away`."""
    held: list[Held] = []
    asked, requests = defaultdict[int, list[float]](list), []
    for number, minute in enumerate(minutes):
        now = (FIRST + number) * 3600 + 60.0 * minute
        if number in away:
            continue
        span, moment = until(now, ahead=ahead), datetime.fromtimestamp(now, UTC)
        wanted = needed(span, held, Again(SETTLE, moment, now))
        starts, lengths = runs(wanted)
        for start, length in zip(starts.tolist(), lengths.tolist(), strict=True):
            first, last = span.first + start, span.first + start + length - 1
            held.append(Held("", first, last, (), moment, moment))
            for hour in range(first, last + 1):
                asked[hour].append(now / 3600 - hour)
        requests.append(len(starts))
        assert not needed(span, held, Again(SETTLE, moment, now)).any()
    return asked, requests


@given(
    seed=st.integers(0, 10**6),
    length=st.integers(100, 360),
    ahead=st.sampled_from((0, 0, 30)),
    away=st.tuples(st.integers(0, 300), st.integers(0, 80)).map(lambda pair: range(pair[0], pair[0] + pair[1])),
)
@settings(max_examples=4, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
def test_hours_are_asked_at_growing_ages_until_they_settle(seed: int, length: int, ahead: int, away: range) -> None:
    draw = Random(seed)
    asked, requests = replayed([draw.randint(0, 59) for _ in range(length)], ahead, away)
    lost = len(away) + 2.0
    for ages in asked.values():
        for age, later in pairwise(ages):
            # Never once it has settled, and no later than a sixth of its age, but for the hours without a run ...
            assert age < SETTLE
            assert later - age <= max(1.0, age / 6) + lost
        for age, later in zip(ages, ages[2:], strict=False):
            # ... and of two pauses one is whole: at least half of that.
            assert later - age >= age / 12 - lost
        assert len([age for age in ages if age > 0]) <= 48
    assert set(requests) <= {0, 1}


def test_three_weeks_of_hourly_runs_ask_for_few_hours_and_often_for_the_newest() -> None:
    asked, requests = replayed([15] * 500, 0, range(0))
    assert set(requests) == {1}
    # What has come and settled within them: each hour about 40 times where asking each run takes 240.
    times = [len(asked[hour]) for hour in range(FIRST, FIRST + 200)]
    assert 30 <= min(times) <= max(times) <= 44
    assert all(later - age == pytest.approx(1.0) for age, later in pairwise(asked[FIRST + 100][:12]))
    assert all(ages[-1] >= SETTLE for hour, ages in asked.items() if hour < FIRST + 200)


@given(age=st.integers(0, 240), length=st.integers(-3, 300), later=st.integers(0, 600), refresh=st.booleans())
@settings(deadline=None)
def test_what_serves_does_not_change_while_a_run_goes_on(age: int, length: int, later: int, *, refresh: bool) -> None:
    at = datetime.fromtimestamp((FIRST + age) * 3600, UTC)
    held = Held("", FIRST, FIRST + max(0, length), (), at, at)
    since = at + timedelta(minutes=later)
    span = Span("region-data", "PACW", FIRST - 5, FIRST + 200)
    terms = [Again(SETTLE, since, since.timestamp() + after, refresh) for after in (0.0, 3600.0, 86400.0)]
    assert len({serves(held, span, one) for one in terms}) == 1


@given(st.integers(1, 40), st.integers(1, 30), st.sampled_from((1.0, 4.0, 90.0)))
@settings(max_examples=8, deadline=None)
def test_settled_hours_are_looked_at_once_a_round(days: int, every: int, density: float) -> None:
    """Off by default; in a round each hour once, in every run about its share."""
    span = Span("region-data", "PACW", FIRST - 60_000, FIRST - 1000, density=density)
    begin = FIRST * 3600.0
    stored = datetime.fromtimestamp(begin, UTC)
    held, times = [Held("", span.first, span.last, (), None, stored)], np.zeros(span.hours, int)
    assert not needed(span, held, Again(SETTLE, stored + timedelta(days=1), begin + 1e9)).any()
    moments = [begin + 3600.0 * every * (step + 1) for step in range(days * 24 // every)]
    for now in moments:
        moment = datetime.fromtimestamp(now, UTC)
        due = needed(span, held, Again(SETTLE, moment, now, revisit_days=days))
        times += due
        starts, lengths = runs(due)
        for start, length in zip((starts + span.first).tolist(), lengths.tolist(), strict=True):
            held.append(Held("", start, start + length - 1, (), moment, moment))
    assert times.max(initial=0) <= 1
    if moments and moments[-1] == begin + 86400.0 * days:
        assert times.min() == 1


def test_a_server_is_asked_for_what_is_due_and_dry_runs_count_the_same(tmp_path: Path) -> None:
    """By an injected clock; a rerun asks for nothing that is not due."""
    storage, sent = Storage.at(str(tmp_path)), list[int]()
    clock = Moved(datetime(2024, 1, 20, 3, 0, tzinfo=UTC))
    with Emulator(Moving(synthetic(now=parse_hour("2024-03-01T00")), clock)) as server:
        source = ApiSource(
            server.url, "none:", requests_per_hour=None, clocks=Clocks(unix=lambda: clock.at.timestamp())
        )
        for hours in (0, 1, 1, 2, 60, 0, 400):
            clock.at += timedelta(hours=hours)
            spans = [Span("region-data", "PACW", parse_hour("2023-12-01T00"), int(clock.at.timestamp() // 3600))]
            planned = source.estimate(storage, spans)
            fetched = source.fetch(storage, spans, Run(Owner.here(f"{len(sent)}"), datetime.now(UTC)))
            assert planned.to_ask == fetched.tally.sent
            sent.append(fetched.tally.rows)
    # Hours younger than 48 where the clock passes a multiple of four, younger than 12 where it passes an odd one.
    assert sent[1:3] == [4 * 48, 4 * 12]
    assert 4 * 60 < sent[4] < sent[0]
    assert sent[5] == 0
