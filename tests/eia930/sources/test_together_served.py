# SPDX-License-Identifier: Apache-2.0
"""Requests for several respondents against servers that fail: nobody loses an hour by the company."""

import pickle
import subprocess
import sys
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from eia930.emulator import Emulator, Faults, RowSource, synthetic
from eia930.question.span import Span
from eia930.reference.hours import parse_hour
from eia930.reference.routes import ROUTES
from eia930.sources.api.source import ApiSource
from eia930.sources.beat import Beat
from eia930.sources.fetched import Fetched
from eia930.sources.patience import Clocks
from eia930.sources.session import NAME
from eia930.store import lease
from eia930.store.lease import Owner
from eia930.store.run import Run
from eia930.store.storage import Storage
from tests.eia930.making import body
from tests.eia930.sources.serving import Asked, Reply, serving
from tests.flink.waiting import soon

FIRST, LAST = parse_hour("2019-01-01T00"), parse_hour("2019-01-20T23")
CODES = ("AVA", "CISO", "ERCO", "NEVP", "PACE", "PACW", "PGE", "PSCO")
SPANS = [Span("region-data", code, FIRST, LAST) for code in CODES]
Cell = tuple[str, int, str]


@pytest.fixture(scope="module")
def rows() -> RowSource:
    return synthetic(now=parse_hour("2019-06-01T00"))


@pytest.fixture(scope="module")
def truth(rows: RowSource, tmp_path_factory: pytest.TempPathFactory) -> dict[Cell, str]:
    storage = Storage.at(str(tmp_path_factory.mktemp("truth")))
    with Emulator(rows) as server:
        assert fetch(server.url, storage, together=False).tally.sent == len(CODES)
    return cells(storage)


def fetch(url: str, storage: Storage, spans: Sequence[Span] = SPANS, **other: Any) -> Fetched:
    """Nobody waits: the clocks move instead."""
    passed = [0.0]

    def sleep(seconds: float) -> None:
        passed[0] += seconds

    clocks = Clocks(lambda: passed[0], lambda: 1_700_000_000 + passed[0], sleep)
    run = Run(Owner.here(uuid.uuid4().hex), datetime.now(UTC) + timedelta(seconds=1))
    return ApiSource(url, "none:", requests_per_hour=None, clocks=clocks, **other).fetch(storage, spans, run)


def cells(storage: Storage, spans: Sequence[Span] = SPANS) -> dict[Cell, str]:
    """What is stored, by respondent, hour and kind."""
    reading = ApiSource("http://127.0.0.1", "none:")
    return {
        (span.respondent, hour, one.columns.kinds[kind]): repr(value)
        for span in spans
        for one in reading.columns(storage, span)
        for hour, kind, value in zip(
            one.columns.hour.tolist(), one.columns.kind.tolist(), one.columns.value.tolist(), strict=True
        )
        if one.first <= hour <= one.last
    }


def test_a_few_full_pages_in_the_place_of_many(rows: RowSource, storage: Storage, truth: dict[Cell, str]) -> None:
    with Emulator(rows) as server:
        done = fetch(server.url, storage)
        again = fetch(server.url, storage)
    assert (done.stopped, done.failures, done.tally.sent) == ("", (), -(-len(truth) // 5000))
    assert done.tally.hours == len(CODES) * (LAST - FIRST + 1)
    assert (again.tally.sent, again.reused) == (0, len(storage.list("raw/eia")))
    assert cells(storage) == truth


@pytest.mark.parametrize(
    "faults",
    [
        Faults(p_503=0.4),
        Faults(p_cut=0.4),
        Faults(p_total_wrong=0.4),
        Faults(p_total_changes=0.4),
        Faults(p_error_200=0.4),
        Faults(p_lacks_value=0.6),
        Faults(p_bad_unit=0.6),
        Faults(p_duplicates=0.6),
        Faults(unstable_order=True, ints=True),
    ],
    ids=str,
)
def test_passing_faults_cost_requests_and_no_row(
    rows: RowSource, storage: Storage, truth: dict[Cell, str], faults: Faults
) -> None:
    with Emulator(rows, faults=faults, seed=3) as server:
        done = fetch(server.url, storage)
    assert (done.stopped, done.failures) == ("", ())
    refused = faults.p_lacks_value or faults.p_bad_unit
    found = cells(storage)
    assert found.items() <= truth.items()
    # A row that cannot be read is asked for twice alone; then it is refused, by name.
    assert len(truth) - len(found) <= (2 * len(CODES) if refused else 0)


@pytest.mark.parametrize("faults", [Faults(), Faults(p_503=0.2, p_total_wrong=0.1, unstable_order=True)], ids=str)
def test_a_long_tape_is_asked_for_from_both_ends(rows: RowSource, tmp_path: Path, faults: Faults) -> None:
    spans = [Span("region-data", code, FIRST, LAST + 500) for code in ROUTES["region-data"].served()[:24]]
    alone, company = (Storage.at(str(tmp_path / name)) for name in ("alone", "company"))
    with Emulator(rows) as server:
        fetch(server.url, alone, spans, together=False)
    with Emulator(rows, faults=faults, seed=1) as server:
        done = fetch(server.url, company, spans)
        ways = ["sort%5B0%5D%5Bdirection%5D=desc" in one.query for one in server.requests]
    assert (done.stopped, done.failures, done.tally.hours) == ("", (), sum(one.hours for one in spans))
    assert set(ways) == {False, True}
    assert faults.p_503 or done.tally.sent <= done.tally.rows // 5000 + 2
    assert cells(company, spans) == cells(alone, spans)


def test_one_who_cannot_be_had_takes_nobody_along(rows: RowSource, storage: Storage, truth: dict[Cell, str]) -> None:
    with Emulator(rows, faults=Faults(fail_windows=("NEVP:2019-01-05T05",))) as server:
        done = fetch(server.url, storage, tries=2)
    (failure,) = done.failures
    assert (failure.respondent, failure.first, failure.last, done.stopped) == ("NEVP", FIRST, LAST, "")
    assert cells(storage) == {cell: value for cell, value in truth.items() if cell[0] != "NEVP"}
    with Emulator(rows) as server:
        assert fetch(server.url, storage).tally.sent == 1
    assert cells(storage) == truth


def test_a_dispatcher_that_was_killed_is_carried_on_and_its_requests_are_counted(
    rows: RowSource, storage: Storage, truth: dict[Cell, str]
) -> None:
    """Requests, not the many answers that they leave: no page of the run's account is fuller than full."""
    who = Run(Owner.here("run"), datetime.now(UTC))
    program = (
        "import pickle, sys; source, storage, spans, who = pickle.load(sys.stdin.buffer);"
        "source.fetch(storage, spans, who)"
    )
    with Emulator(rows, latency=(0.5, 0.0)) as server:
        asking = ApiSource(server.url, "none:", requests_per_hour=None)
        lost = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE)
        assert lost.stdin is not None
        lost.stdin.write(pickle.dumps((asking, storage, SPANS, who)))
        lost.stdin.close()
        # What it stored after its last beat could only be guessed at.
        assert soon(lambda: (news := lease.news_of(storage, NAME, Beat)) is not None and news.tally.stored >= 5, 60)
        lost.kill()
        lost.wait()
        done = asking.fetch(storage, SPANS, who)
        asked = len(server.requests)
    assert (done.stopped, done.failures, done.reused) == ("", (), 0)
    assert asked - 1 <= done.tally.sent <= asked
    assert done.tally.answered <= done.tally.sent
    assert cells(storage) == truth


def test_a_server_that_takes_one_respondent_only_is_asked_for_one(storage: Storage) -> None:
    def reply(asked: Asked) -> Reply:
        if asked.path.count("facets%5Brespondent%5D") > 1:
            return 400, {}, b'{"error": "one respondent", "code": 400}'
        return 200, {}, body([])

    with serving(reply) as served:
        done = fetch(served.url, storage)
    assert (done.stopped, done.failures, done.tally.answered) == ("", (), len(CODES))


def test_a_server_that_leaves_out_all_but_the_first_is_asked_for_each_alone(
    rows: RowSource, storage: Storage, truth: dict[Cell, str]
) -> None:
    with Emulator(rows, faults=Faults(first_only=True)) as server:
        done = fetch(server.url, storage)
        again = fetch(server.url, storage)
    assert (done.stopped, done.failures, again.tally.sent, again.warnings) == ("", (), 0, ())
    assert done.tally.sent <= 2 * len(CODES)
    assert cells(storage) == truth
    (warning,) = done.warnings
    assert warning.startswith("the server left out 6 of those whom one request named, region-data/CISO, ")


def test_an_update_of_young_hours_loses_nobody_whom_the_server_leaves_out(rows: RowSource, storage: Storage) -> None:
    """None of these hours is long past, but rows of most are stored: that nothing comes of them is doubted."""
    told = []
    for hour, faults in ((LAST + 1, Faults()), (LAST + 2, Faults(first_only=True))):
        clocks = Clocks(unix=lambda hour=hour: 3600.0 * hour + 60)  # type: ignore[misc]
        run = Run(Owner.here(uuid.uuid4().hex), datetime.now(UTC) + timedelta(seconds=1))
        spans = [replace(span, first=LAST - 40) for span in SPANS]
        with Emulator(rows, now=hour, faults=faults) as server:
            source = ApiSource(server.url, "none:", requests_per_hour=None, clocks=clocks)
            told.append(source.fetch(storage, spans, run))
    first, second = told
    assert (first.failures, first.warnings, second.failures) == ((), (), ())
    assert second.tally.hours < len(CODES) * 40
    assert second.tally.sent <= len(CODES) + 1
    (warning,) = second.warnings
    assert warning.startswith(f"the server left out {len(CODES) - 1} of those whom one request named")
    assert all(one.columns.received for span in spans for one in source.columns(storage, span))


def test_a_changed_format_is_told_as_for_one(rows: RowSource, storage: Storage) -> None:
    with Emulator(rows, faults=Faults(p_renamed=1.0)) as server:
        done = fetch(server.url, storage)
    assert len(done.failures) == len(CODES)
    assert all("the server's format has changed" in one.reason for one in done.failures)
    assert storage.list("raw/eia") == []
    assert done.tally.sent <= 3 * (len(CODES) + 2)
