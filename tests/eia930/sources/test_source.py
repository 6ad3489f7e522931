# SPDX-License-Identifier: Apache-2.0
import json
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from eia930.account.verification import faults, parts_of
from eia930.emulator import Emulator, Faults, RowSource
from eia930.errors import Stop, UsageError
from eia930.question.span import Span
from eia930.reference.hours import parse_hour
from eia930.sources.api.key import resolve_key
from eia930.sources.api.source import ApiSource
from eia930.sources.beat import Beat
from eia930.sources.fetched import Fetched
from eia930.sources.patience import Clocks
from eia930.sources.session import NAME
from eia930.store import lease
from eia930.store.lease import Owner
from eia930.store.run import Run, ask_to_stop
from eia930.store.storage import Storage
from tests.eia930.making import body
from tests.eia930.sources.four_months import CAL, FIRST, LAST, PACW, run
from tests.eia930.sources.serving import Asked, Reply, serving

KEY = "CANARYcanary0123456789CANARYcanary012345"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", KEY)


def source(url: str, **other: Any) -> ApiSource:
    return ApiSource(url, "env:A_KEY", **({"requests_per_hour": None} | other))


def fetch(url: str, storage: Storage, *spans: Span, **other: Any) -> Fetched:
    return source(url, **other).fetch(storage, spans, run())


def test_what_is_stored_is_not_asked_again(rows: RowSource, storage: Storage) -> None:
    with Emulator(rows, key=KEY) as server:
        first = fetch(server.url, storage, PACW, CAL)
        again = fetch(server.url, storage, PACW, CAL)
        longer = fetch(server.url, storage, Span("region-data", "PACW", FIRST - 240, LAST), CAL)
    assert (first.stopped, first.failures, first.reused) == ("", (), 0)
    assert first.tally.sent == first.tally.answered == 8
    assert (again.tally.sent, again.reused) == (0, 8)
    assert (longer.tally.sent, longer.reused) == (1, 8)


def test_columns_are_what_was_served(rows: RowSource, storage: Storage) -> None:
    with Emulator(rows) as server:
        fetched = fetch(server.url, storage, PACW)
    stored = list(source("http://127.0.0.1").columns(storage, PACW))
    assert sum(one.columns.received for one in stored) == fetched.tally.rows
    assert {hour for one in stored for hour in one.columns.hour.tolist()} == set(range(FIRST, LAST + 1))


def test_a_damaged_response_is_asked_again(rows: RowSource, storage: Storage) -> None:
    with Emulator(rows) as server:
        fetch(server.url, storage, PACW, CAL)
        (key, *_) = [entry.key for entry in storage.list("raw/eia/region-data/PACW")]
        storage.put(key, storage.get(key)[:-5])
        again = fetch(server.url, storage, PACW, CAL)
        third = fetch(server.url, storage, PACW, CAL)
    assert (again.damaged, again.tally.sent, again.failures) == (1, 1, ())
    assert (third.damaged, third.tally.sent) == (0, 0)


def test_an_answer_in_another_s_folder_is_not_believed(rows: RowSource, storage: Storage) -> None:
    """Nor read where nobody looks first: as its own it would say that there is no row."""
    ava = Span("region-data", "AVA", FIRST, LAST)
    with Emulator(rows) as server:
        fetch(server.url, storage, PACW, ava)
        (key, *_) = [entry.key for entry in storage.list("raw/eia/region-data/AVA")]
        stray = key.replace("/AVA/", "/PACW/").replace(".json.zst", ".20300101T000000Z.json.zst")
        storage.put(stray, storage.get(key))
        with pytest.raises(Stop, match=rf"{stray} is damaged \(it answers region-data/AVA/"):
            list(source(server.url).columns(storage, PACW))
        assert [(one.path, one.what) for one in faults(storage, parts_of(storage)) if one.path == stray] == [
            (stray, "is another answer than its name and folder say")
        ]
        again = fetch(server.url, storage, PACW, ava)
    assert (again.damaged, again.tally.sent, storage.exists(stray)) == (1, 0, False)
    assert {one.columns.received > 0 for one in source("http://127.0.0.1").columns(storage, PACW)} == {True}


def test_a_rerun_opens_no_response_that_it_knows(rows: RowSource, storage: Storage) -> None:
    """Nor does what it knows hide damage: bytes that differ are opened, and asked for again."""
    with Emulator(rows) as server:
        fetch(server.url, storage, PACW, CAL)
        told = {entry.key: storage.get(entry.key) for entry in storage.list("raw/checked")}
        again = fetch(server.url, storage, PACW, CAL)
        assert {entry.key: storage.get(entry.key) for entry in storage.list("raw/checked")} == told
        (key, *_) = [entry.key for entry in storage.list("raw/eia/region-data/PACW")]
        whole = storage.get(key)
        storage.put(key, whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:])
        third = fetch(server.url, storage, PACW, CAL)
    assert sorted(told) == ["raw/checked/fuel-type-data/CAL.json", "raw/checked/region-data/PACW.json"]
    assert (again.tally.sent, again.reused, again.damaged) == (0, 8, 0)
    assert (third.tally.sent, third.damaged) == (1, 1)


def test_a_response_that_is_damaged_after_it_was_known_ends_the_run_and_is_asked_again(
    rows: RowSource, storage: Storage
) -> None:
    """As in a bucket that lost bytes but neither size nor time."""
    with Emulator(rows) as server:
        fetch(server.url, storage, PACW)
        (key, *_) = [entry.key for entry in storage.list("raw/eia/region-data/PACW")]
        whole = storage.get(key)
        storage.put(key, whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:])
        with pytest.raises(Stop, match=f"{key} is damaged"):
            list(source(server.url).columns(storage, PACW))
        again = fetch(server.url, storage, PACW)
        assert (again.damaged, again.tally.sent) == (1, 1)
        assert len(list(source(server.url).columns(storage, PACW))) == 3


def test_a_missing_key_is_said_and_not_raised(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("A_KEY")
    fetched = fetch("http://127.0.0.1:9/v2", storage, PACW)
    assert fetched.stopped_by == "UsageError"
    assert "env:A_KEY" in fetched.stopped


def test_an_error_of_our_own_leaves_no_lease(rows: RowSource, storage: Storage) -> None:
    """A second try, in the same process, neither waits nor fails."""
    bad = Span("region-data", "PACW", LAST, FIRST)
    with Emulator(rows) as server:
        with pytest.raises(ValueError, match="negative dimensions"):
            fetch(server.url, storage, bad)
        assert fetch(server.url, storage, PACW).tally.sent == 3


def test_a_refused_key_stops(rows: RowSource, storage: Storage) -> None:
    with Emulator(rows, key="another") as server:
        fetched = fetch(server.url, storage, PACW, CAL)
    assert fetched.stopped_by == "KeyRefused"
    assert KEY not in fetched.stopped
    assert fetched.tally.answered == 0


def test_a_key_that_is_suspended_on_the_way_is_waited_for(storage: Storage) -> None:
    """The server says what EIA says; the clocks move as nobody has to wait."""
    passed = [0.0]

    def sleep(seconds: float) -> None:
        passed[0] += seconds

    clocks = Clocks(lambda: passed[0], lambda: 1_700_000_000 + passed[0], sleep)
    refused = json.dumps({"error": {"code": "API_KEY_DISABLED", "message": "An api_key was disabled"}}).encode()

    def reply(asked: Asked) -> Reply:
        if served.asked and len(served.asked) > 2 and passed[0] < 1000:
            return 403, {}, refused
        return 200, {}, body([])

    with serving(reply) as served:
        done = fetch(served.url, storage, PACW, CAL, hours_per_request=720, max_in_flight=1, clocks=clocks)
    assert (done.stopped, done.failures) == ("", ())
    assert 1000 < passed[0] < 4000
    assert done.tally.faults == {"KeyRefused": done.tally.retried}
    assert done.tally.hours == 2 * (LAST + 1 - FIRST)


def test_a_key_that_was_good_for_the_lists_alone_is_waited_for_too(storage: Storage) -> None:
    passed = [0.0]

    def sleep(seconds: float) -> None:
        passed[0] += seconds

    clocks = Clocks(lambda: passed[0], lambda: 1_700_000_000 + passed[0], sleep)

    def reply(asked: Asked) -> Reply:
        if "/facet/" in asked.path:
            return 200, {}, b'{"response": {"facets": [{"id": "PACW", "name": "PacifiCorp West"}]}}'
        return (403, {}, b"") if passed[0] < 1000 else (200, {}, body([]))

    with serving(reply) as served:
        asking = source(served.url, max_in_flight=1, clocks=clocks)
        told = asking.lists(storage, ["region-data"], run())
        done = asking.having_asked(told).fetch(storage, [PACW], run())
    assert (told.sent, told.answered, told.trouble) == (2, 2, "")
    assert (done.stopped, done.failures, done.lists) == ("", (), 2)
    assert passed[0] > 1000


@pytest.mark.parametrize(("status", "headers", "answered"), [(503, {}, 0), (429, {"Retry-After": "300"}, 2)])
def test_lists_are_waited_for_as_long_as_the_server_asks_and_no_longer(
    storage: Storage, status: int, headers: dict[str, str], answered: int
) -> None:
    """One that is busy without end is done without after some 20 s; a pause that it names is kept."""
    passed = [0.0]

    def sleep(seconds: float) -> None:
        passed[0] += seconds

    clocks = Clocks(lambda: passed[0], lambda: 1_700_000_000 + passed[0], sleep)
    at: list[float] = []

    def reply(asked: Asked) -> Reply:
        at.append(passed[0])
        if passed[0] < 200:
            return status, headers, b""
        return 200, {}, b'{"response": {"facets": []}}'

    with serving(reply) as served:
        asking = source(served.url, tries=100, max_in_flight=1, clocks=clocks, min_delay=6.0)
        told = asking.lists(storage, ["region-data"], run())
    assert told.answered == answered
    assert bool(told.trouble) == (not answered)
    if answered:
        assert [moment for moment in at[1:] if moment - at[0] < 300] == []
    else:
        assert passed[0] < 60


def test_a_failing_window_is_a_failure_and_only_that(rows: RowSource, storage: Storage) -> None:
    with Emulator(rows, faults=Faults(fail_windows=("PACW:2019-02-20T05",))) as server:
        fetched = fetch(server.url, storage, PACW, CAL, tries=2)
    (failure,) = fetched.failures
    assert failure.first <= parse_hour("2019-02-20T05") <= failure.last
    assert (failure.route, failure.respondent, fetched.stopped) == ("region-data", "PACW", "")
    with Emulator(rows) as server:
        again = fetch(server.url, storage, PACW, CAL)
    assert again.tally.hours == failure.last - failure.first + 1
    assert again.failures == ()


def test_a_server_that_does_not_heed_the_hours_is_given_up(storage: Storage) -> None:
    """It answers every question with the same full page of other hours."""
    page = body([{"period": "2015-07-01T00"}] * 5000, total="60000")
    with serving(lambda _: (200, {}, page)) as served:
        fetched = fetch(served.url, storage, PACW, tries=1)
    assert fetched.failures or fetched.stopped
    assert fetched.tally.answered == 0
    assert len(served.asked) < 60


@contextmanager
def fetching(url: str, storage: Storage, who: Run, **other: Any) -> Iterator[list[Fetched]]:
    """A fetch in a thread, slow enough to be met under way."""
    done: list[Fetched] = []
    long = [Span("region-data", code, FIRST - 24 * 3000, FIRST - 1) for code in ("PACW", "CAL", "MISO")]
    thread = threading.Thread(
        target=lambda: done.append(
            source(url, hours_per_request=24, max_in_flight=2, **other).fetch(storage, long, who)
        )
    )
    thread.start()
    while len(storage.list("raw/eia")) < 3:
        time.sleep(0.02)
    yield done
    thread.join(30)
    assert not thread.is_alive()


def beaten(storage: Storage, times: int) -> None:
    """Wait until the dispatcher has beaten so often, and looked about each time."""
    for _ in range(times):
        before = lease.last_beat(storage, NAME)
        while lease.last_beat(storage, NAME) == before:
            time.sleep(0.02)


def test_a_dispatcher_whose_driver_was_killed_stops_by_itself(rows: RowSource, storage: Storage) -> None:
    program = (
        "import sys, time, msgspec; from eia930.store.lease import Owner;"
        "print(msgspec.json.encode(Owner.here('driver')).decode(), flush=True); time.sleep(600)"
    )
    driver = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert driver.stdout is not None
    who = run(msgspec.json.decode(driver.stdout.readline(), type=Owner))
    with Emulator(rows, latency=(0.05, 0.0)) as server, fetching(server.url, storage, who) as done:
        assert not done
        os.kill(driver.pid, signal.SIGKILL)
        driver.communicate()
    assert done[0].stopped_by == "Interrupted"
    assert "gone" in done[0].stopped
    assert done[0].tally.answered > 0


def test_a_dispatcher_that_is_asked_to_stop_stops(rows: RowSource, storage: Storage) -> None:
    who = run()
    with Emulator(rows, latency=(0.05, 0.0)) as server, fetching(server.url, storage, who) as done:
        ask_to_stop(storage, Run(Owner.here("another"), who.since))
        beaten(storage, 2)
        assert not done
        ask_to_stop(storage, who)
    assert done[0].stopped_by == "Interrupted"
    assert len(storage.list("raw/eia")) == done[0].tally.answered


def test_a_dispatcher_whose_key_another_one_uses_stops(rows: RowSource, storage: Storage) -> None:
    """The worker was thought lost, and the work given to another: the first stops, and the second waits for that."""
    with Emulator(rows, latency=(0.05, 0.0)) as server, fetching(server.url, storage, run()) as done:
        second = fetch(server.url, storage, PACW)
        assert done
    assert done[0].stopped_by == "Superseded"
    assert (second.stopped, second.failures) == ("", ())


def test_a_dispatcher_that_was_killed_is_carried_on_and_its_requests_are_counted(
    rows: RowSource, storage: Storage
) -> None:
    """As when the worker is lost and its work given to another, in the same run."""
    who = run(Owner.here("run"))
    program = (
        "import pickle, sys; source, storage, span, who = pickle.load(sys.stdin.buffer);"
        "source.fetch(storage, [span], who)"
    )
    with Emulator(rows, key=KEY, latency=(0.05, 0.0)) as server:
        assert source(server.url).fetch(storage, [CAL], run()).tally.answered == 5
        asking = source(server.url, hours_per_request=24, max_in_flight=2)
        lost = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE)
        assert lost.stdin is not None
        lost.stdin.write(pickle.dumps((asking, storage, PACW, who)))
        lost.stdin.close()
        while len(storage.list("raw/eia/region-data")) < 30:
            assert lost.poll() is None
            time.sleep(0.02)
        lost.kill()
        lost.wait()
        stored = len(storage.list("raw/eia/region-data"))
        done = asking.fetch(storage, [PACW], who)
        again = asking.fetch(storage, [PACW], who)
        asked = len(server.requests) - 5
    windows = (LAST + 1 - FIRST) // 24
    assert stored < windows
    assert (done.reused, done.tally.answered, again.reused, again.tally.answered) == (0, windows, 0, windows)
    assert windows <= done.tally.sent <= asked <= windows + 2
    news = lease.news_of(storage, NAME, Beat)
    assert news is not None
    assert news.tally.hours <= news.hours_wanted <= LAST + 1 - FIRST


def test_a_worker_with_other_code_sends_nothing(rows: RowSource, storage: Storage) -> None:
    other = Run(Owner.here("run"), datetime.now(UTC), program="0123456789ab")
    with Emulator(rows) as server:
        done = source(server.url).fetch(storage, (PACW,), other)
        assert server.requests == []
    assert done.stopped_by == "UsageError"
    assert "install the same" in done.stopped


@pytest.mark.parametrize(
    "reference", ["", KEY, "env:", "env:NO_SUCH_NAME", "file:", "file:/no/such", "file:~nobody-here/x"]
)
def test_references_without_a_key(reference: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve_key(reference)
    assert KEY not in str(caught.value)


def test_a_worker_without_the_key_says_that_it_is_the_worker(rows: RowSource, storage: Storage) -> None:
    with Emulator(rows) as server:
        done = replace(source(server.url), key="env:NO_SUCH_NAME").fetch(storage, (PACW,), run())
        assert server.requests == []
    assert done.stopped_by == "UsageError"
    assert done.stopped.startswith(f"the worker on {socket.gethostname()}: --api_key env:NO_SUCH_NAME: no key there")
    assert "file:PATH names a file that every worker has" in done.stopped


def test_references(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text(f"  {KEY}\n")
    assert resolve_key(f"file:{tmp_path}/key") == resolve_key("env:A_KEY") == KEY
    for odd in ("a\nb", "schlüssel", "\x00", " "):
        (tmp_path / "key").write_text(odd)
        with pytest.raises(UsageError):
            resolve_key(f"file:{tmp_path}/key")
    (tmp_path / "key").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError):
        resolve_key(f"file:{tmp_path}/key")
