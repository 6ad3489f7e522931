# SPDX-License-Identifier: Apache-2.0
"""Workers look over what is stored; who asks then trusts them, as long as nobody has stored more since."""

import random
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eia930.emulator import Emulator, RowSource
from eia930.question.span import Span
from eia930.reference.hours import moment_of
from eia930.sources.api.estimate import Manner
from eia930.sources.api.folds.folding import fold
from eia930.sources.api.responses import ResponseStore
from eia930.sources.api.source import ApiSource
from eia930.sources.api.stock.left import Work, left
from eia930.sources.api.stock.looking import look
from eia930.sources.fetched import Fetched
from eia930.sources.session import NAME, at_rest
from eia930.store import lease
from eia930.store.lease import Owner
from eia930.store.run import Run, ask_to_stop
from eia930.store.storage import Storage
from tests.eia930.making import FIRST, answer, row, window
from tests.eia930.sources.four_months import CAL, PACW, run

BOTH = (PACW, CAL)


@pytest.fixture
def server(rows: RowSource) -> Iterator[Emulator]:
    with Emulator(rows) as server:
        yield server


def source(server: Emulator) -> ApiSource:
    return ApiSource(server.url, "none:", requests_per_hour=None)


def looking(server: Emulator, storage: Storage, ours: Run) -> ApiSource:
    """The source after two workers have looked, a span each."""
    asked = source(server)
    seen = [one for span in BOTH for one in asked.look(storage, [span], ours)]
    return asked.having_looked(seen)


def fetch(asked: ApiSource, storage: Storage, ours: Run) -> Fetched:
    return asked.fetch(storage, BOTH, ours)


def test_what_workers_saw_is_neither_listed_nor_read_again(server: Emulator, storage: Storage, tmp_path: Path) -> None:
    first = fetch(source(server), storage, run())
    ours = run()
    ready = looking(server, storage, ours)
    (tmp_path / "out/raw/eia").rename(tmp_path / "away")
    done = fetch(ready, storage, ours)
    assert (done.tally.sent, done.reused, done.stopped) == (0, first.tally.answered, "")
    # Who looks for itself sees nothing there.
    again = fetch(source(server), storage, run())
    assert (again.tally.sent, again.reused) == (first.tally.sent, 0)


def test_a_look_removes_nothing_and_damage_is_asked_for_and_told(server: Emulator, storage: Storage) -> None:
    """However often workers look: who asks finds it, counts it, and asks again."""
    fetch(source(server), storage, run())
    (key, *_) = [entry.key for entry in storage.list("raw/eia/region-data/PACW")]
    damaged = storage.get(key)[:-5]
    storage.put(key, damaged)
    ours = run()
    for _ in range(2):
        ready = looking(server, storage, ours)
        assert [one.span for one in ready.looked] == [CAL.id]
        assert storage.get(key) == damaged
    done = fetch(ready, storage, ours)
    assert (done.damaged, done.tally.sent, done.failures) == (1, 1, ())
    assert fetch(source(server), storage, run()).tally.sent == 0


def test_who_asks_a_second_time_looks_for_itself(server: Emulator, storage: Storage) -> None:
    """A dispatcher that is lost with its worker is begun again, with what workers saw before the first."""
    ours = run()
    ready = looking(server, storage, ours)
    first, second = (fetch(ready, storage, ours) for _ in range(2))
    assert first.tally.sent > 0
    assert (second.tally.sent - first.tally.sent, second.failures) == (0, ())


def test_what_another_run_stored_since_is_not_asked_again(server: Emulator, storage: Storage) -> None:
    ours = run()
    ready = looking(server, storage, ours)
    fetch(source(server), storage, run())
    assert fetch(ready, storage, ours).tally.sent == 0


def test_while_a_dispatcher_may_store_more_nothing_is_told(server: Emulator, storage: Storage) -> None:
    assert at_rest(storage) == 0
    held = lease.acquire(storage, NAME, Owner.here("another"), take_over=False, pause=time.sleep)
    assert at_rest(storage) is None
    assert source(server).look(storage, BOTH, run()) == ()
    held.release()
    assert at_rest(storage) == held.epoch
    assert len(source(server).look(storage, BOTH, run())) == 2


def test_a_killed_dispatcher_is_at_rest_where_that_can_be_told(
    server: Emulator, storage: Storage, tmp_path: Path
) -> None:
    fetch(source(server), storage, run())
    here = Owner.here("killed")
    killed = Owner(here.run, here.host, here.pid, "another birth")
    held = lease.acquire(storage, NAME, killed, take_over=False, pause=time.sleep)
    assert at_rest(storage) == held.epoch
    ours = run()
    ready = looking(server, storage, ours)
    (tmp_path / "out/raw/eia").rename(tmp_path / "away")
    assert fetch(ready, storage, ours).tally.sent == 0
    # Elsewhere nobody knows whether it lives.
    lease.acquire(storage, NAME, Owner("far", "another host", 1, "1.0"), take_over=True, pause=time.sleep)
    assert at_rest(storage) is None


def test_who_was_asked_to_stop_or_was_followed_does_not_begin_to_ask(server: Emulator, storage: Storage) -> None:
    """Nor does it take the dispatcher's place from the run that followed."""
    stopped, followed = run(), run()
    ask_to_stop(storage, stopped)
    lease.acquire(storage, "run", Owner.here("newer"), take_over=False, pause=time.sleep)
    for ours, why in ((stopped, "Interrupted"), (followed, "Superseded")):
        done = fetch(source(server), storage, ours)
        assert (done.stopped_by, done.tally.sent, at_rest(storage)) == (why, 0, 0)


MANNER = Manner(None, 0.0, None, 240, 8, refresh=False)
SPANS = tuple(Span("region-data", name, FIRST, FIRST + 900, density=4.0) for name in ("PACW", "BPAT", "TVA"))


def drawn(storage: Storage, seed: int) -> None:
    """Answers settled and provisional, some in archives, some damaged."""
    draw = random.Random(seed)
    store = ResponseStore(storage, settle_hours=240)
    for span in SPANS:
        for _ in range(draw.choice((0, 1, 5, 40))):
            first = draw.randrange(0, 850)
            last = first + draw.randrange(0, 50)
            at = moment_of(FIRST + last) + timedelta(hours=draw.choice((1, 30, 300, 3000)))
            asked = window(first, last, respondent=span.respondent)
            store.put(answer(asked, [row(first, value="7", respondent=span.respondent)], at=at))
        folder = f"raw/eia/region-data/{span.respondent}"
        if draw.random() < 0.5:
            for _ in range(2):
                fold(storage, folder, before=datetime.now(UTC) + timedelta(seconds=5))
        for entry in storage.list(folder):
            if draw.random() < 0.1:
                storage.put(entry.key, storage.get(entry.key)[:-3])


def told(work: Work) -> tuple[object, ...]:
    lanes = [(type(one).__name__, one.next_window()) for one in work.lanes]
    return lanes, work.hours, work.reused, work.damaged, work.crowded, work.latest


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), alone=st.integers(0, 7))
def test_whoever_looks_the_same_is_left(seed: int, alone: int) -> None:
    """Some spans seen by a worker, the others by who asks: it comes to what one who sees all finds."""
    now = moment_of(FIRST + 1000).timestamp()
    ours = Run(Owner.here("looking"), datetime.now(UTC) + timedelta(hours=1))
    with tempfile.TemporaryDirectory() as place:
        storages = [Storage.at(f"{place}/{name}") for name in ("one", "several")]
        works = []
        for storage, some in zip(storages, ([], [one for n, one in enumerate(SPANS) if alone >> n & 1]), strict=True):
            drawn(storage, seed)
            seen = look(storage, some, ours, MANNER.again(ours.since, now), epoch=0)
            works.append(told(left(storage, SPANS, ours, MANNER, now=now, looked=seen)))
        # When they were written is not the same.
        assert _without_times(works[0]) == _without_times(works[1])


def _without_times(one: tuple[object, ...]) -> tuple[object, ...]:
    *rest, latest = one
    assert isinstance(latest, dict)
    return *rest, {name: sorted((one.key, one.at) for one in some) for name, some in latest.items()}
