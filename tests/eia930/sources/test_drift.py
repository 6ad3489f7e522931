# SPDX-License-Identifier: Apache-2.0
"""A server whose format has changed, against a socket: told by name, never stored, never taken for nulls."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from eia930.emulator import Emulator, RowSource, synthetic
from eia930.question.span import Span
from eia930.reference.hours import parse_hour
from eia930.sources.api.drift import CHANGED
from eia930.sources.api.source import ApiSource
from eia930.sources.fetched import Fetched
from eia930.store.lease import Owner
from eia930.store.run import Run
from eia930.store.storage import Storage
from tests.eia930.making import always, body, row
from tests.eia930.sources.serving import serving

FIRST, LAST = parse_hour("2023-01-01T00"), parse_hour("2023-04-30T23")
SPANS = [Span("region-data", code, FIRST, LAST) for code in ("PACW", "AVA")]
FUEL = [Span("fuel-type-data", "PACW", FIRST, LAST)]


@pytest.fixture(scope="module")
def rows() -> RowSource:
    return synthetic(now=parse_hour("2023-06-01T00"), defects=False)


def fetch(url: str, storage: Storage, spans: list[Span], **other: Any) -> Fetched:
    run = Run(Owner.here(uuid.uuid4().hex), datetime.now(UTC) + timedelta(seconds=1))
    return ApiSource(url, "none:", requests_per_hour=None, **other).fetch(storage, spans, run)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("p_renamed", "expected value, found val; a row: {"),
        ("p_other_unit", 'expected value-units megawatthours, found "MWh"; a row: {'),
        ("p_other_key", "expected type, found kind; a row: {"),
        ("p_other_period", 'expected period YYYY-MM-DDTHH, found "2023-0'),
    ],
)
def test_a_changed_format_is_told_and_nothing_of_it_is_stored(
    rows: RowSource, storage: Storage, fault: str, said: str
) -> None:
    with Emulator(rows, faults=always(fault)) as server:
        done = fetch(server.url, storage, SPANS, hours_per_request=48)
        asked = len(server.requests)
    assert (done.stopped, done.tally.answered) == ("", 0)
    assert storage.list("raw/eia") == []
    # Every hour is named, though most were not asked for once it was plain.
    named = {(one.respondent, hour) for one in done.failures for hour in range(one.first, one.last + 1)}
    assert named == {(span.respondent, hour) for span in SPANS for hour in range(FIRST, LAST + 1)}
    assert asked <= 3 * (8 + 8) < len(done.failures)
    first, last = done.failures[0].reason, done.failures[-1].reason
    for reason in (first, last):
        assert CHANGED in reason
        assert "API version 2.1.8" in reason
    assert said in first
    assert f"not asked: {CHANGED}" in last
    with Emulator(rows) as server:
        assert fetch(server.url, storage, SPANS).failures == ()


@pytest.mark.parametrize("fault", ["p_renamed", "p_other_unit", "p_other_key", "p_other_period", "p_lacks_value"])
def test_what_drifts_now_and_then_is_asked_again_and_nothing_is_lost(
    rows: RowSource, storage: Storage, fault: str
) -> None:
    with Emulator(rows, faults=always(fault, **{fault: 0.08}), seed=7) as server:
        done = fetch(server.url, storage, FUEL, hours_per_request=48, max_in_flight=1)
    assert (done.stopped, done.failures) == ("", ())
    served = list(ApiSource("http://127.0.0.1:1", "none:").columns(storage, FUEL[0]))
    refused = sum(len(one.columns.refused) for one in served)
    assert refused == 0 or fault == "p_lacks_value"
    assert sum(one.columns.received for one in served) == done.tally.rows == 5 * (LAST + 1 - FIRST)
    assert done.tally.retried > 0


def test_a_row_without_its_value_is_asked_for_once_more_and_then_refused(storage: Storage) -> None:
    """It is no null: a null is a row whose value is null."""
    rows = [row(hour, value=None if hour == 3 else "5") for hour in range(24)]
    del rows[7]["value"]
    with serving(lambda _: (200, {}, body(rows))) as served:
        done = fetch(served.url, storage, [Span("region-data", "PACW", FIRST, FIRST + 23)], tries=1)
    assert len(served.asked) == 2
    assert (done.failures, done.tally.faults) == ((), {"Marred": 1})
    (stored,) = ApiSource("http://127.0.0.1:1", "none:").columns(storage, SPANS[0])
    assert [one.reason for one in stored.columns.refused] == ["value is not in the row"]
    assert (len(stored.columns.hour), sum(stored.columns.value != stored.columns.value)) == (23, 1)


def test_a_row_that_was_damaged_once_is_had(storage: Storage) -> None:
    good = [row(hour) for hour in range(24)]
    bad = [*good[:5], {**good[5], "value": "1,0"}, *good[6:]]
    answers = iter([bad, good])
    with serving(lambda _: (200, {}, body(next(answers)))) as served:
        fetch(served.url, storage, [Span("region-data", "PACW", FIRST, FIRST + 23)])
    (stored,) = ApiSource("http://127.0.0.1:1", "none:").columns(storage, SPANS[0])
    assert (len(stored.columns.hour), stored.columns.refused) == (24, ())
