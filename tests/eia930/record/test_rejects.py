# SPDX-License-Identifier: Apache-2.0
"""What is not kept stands in `rejects/` as EIA sent it, and is counted; responses are stored, as a load reads them."""

import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eia930.question.span import Span
from eia930.record.assembly import GroupReport, assemble
from eia930.record.rejects import REPEATED, REVISED, WITHDRAWN
from eia930.reference.routes import ROUTES
from eia930.sources.api.source import ApiSource
from eia930.sources.fetched import Failure
from eia930.store.storage import Storage
from tests.eia930.making import FIRST, row
from tests.eia930.record.holding import HOURS, SCREENING, Folder, watched

DOCUMENTED = (Path(__file__).parents[3] / "docs/formats.md").read_text("utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(str(tmp_path))


def law(report: GroupReport, lines: list[dict[str, Any]]) -> None:
    """Lines by count and reason are those that the account names, and no row is left out of it."""
    told = Counter((counter, why) for counter, whys in report.rejects.items() for why in whys for _ in range(whys[why]))
    assert told == Counter((line["counter"], line["reason"]) for line in lines)
    assert report.received == report.kept + report.duplicate + report.rejected
    assert sum(report.rejects["rejected"].values()) == report.rejected
    assert sum(report.rejects["duplicate"].values()) <= report.duplicate


@given(st.data())
def test_every_line_is_a_row_of_the_response_that_it_names(data: Any) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder, number = Folder(place), iter(range(1000))
        for _ in range(data.draw(st.integers(1, 5))):
            kinds = data.draw(st.sampled_from([(), (), ("D",)]))
            folder.hold_drawn(data, number, kinds=kinds, late=data.draw(st.integers(0, 2)))
        report, lines = folder.load()
        law(report, lines)
        for line in lines:
            assert line["row"] in folder.served(line["request"])
        # Every row has a name of its own: none is told of twice.
        assert len({line["row"]["type-name"] for line in lines}) == len(lines)
        for line in lines:
            if line["reason"] == REVISED:
                theirs = [one for one in folder.served(line["winner"]) if one["period"] == line["row"]["period"]]
                assert line["stands"] in [one["value"] for one in theirs]
            assert (line["counter"] == "duplicate") == ("winner" in line)


@pytest.mark.parametrize("value", [None, "3"])
def test_of_two_responses_of_one_second_the_winner_is_the_one_that_has_the_row(
    folder: Folder, value: str | None
) -> None:
    holds = folder.hold(0, 5, [row(4, value=value)], late=1)
    folder.hold(1, 5, [], late=1)
    was = folder.hold(2, 6, [row(4, value="1")])
    report, (line,) = folder.load()
    law(report, [line])
    assert (line["request"], line["winner"], line["stands"]) == (was, holds, value)


@pytest.mark.parametrize("route", ROUTES)
def test_rows_that_lose_are_told_as_eia_sent_them(tmp_path: Path, route: str) -> None:
    folder, kind = Folder(str(tmp_path), route=route), "ABC" if route != "region-data" else "D"
    old = [row(hour, kind, value, route=route) for hour, value in enumerate(("5", "6", "7.50"))]
    was = folder.hold(0, 3, [*old, row(3, kind, "8", route=route), row(3, kind, "9", route=route)])
    now = folder.hold(0, 2, [row(0, kind, "5", route=route), row(1, kind, "66", route=route)], late=1)
    report, lines = folder.load()
    law(report, lines)
    repeated = {"request": was, "row": row(3, kind, "8", route=route), "counter": "duplicate"}
    assert lines == [
        {"reason": REPEATED, **repeated, "winner": was, "stands": "9"},
        {"reason": REVISED, "request": was, "row": old[1], "counter": "duplicate", "winner": now, "stands": "66"},
        {"reason": WITHDRAWN, "request": was, "row": old[2], "counter": "duplicate", "winner": now},
    ]
    # One more row lost to an equal one, which no line needs to tell.
    assert report.duplicate == 4


def test_rejected_rows_and_requests_that_failed_are_counted_by_reason(folder: Folder) -> None:
    odd = [row(1, value="1,060"), row(2, value="-"), {**row(3), "value-units": "megawatts"}]
    key = folder.hold(0, 3, [row(0), *odd])
    failure = Failure("region-data/PACW/x", "region-data", "PACW", FIRST + 4, FIRST + 7, "away", "again")
    report, lines = folder.load(failure)
    law(report, lines)
    assert [line["row"] for line in lines] == [*odd, ""]
    assert [line["request"] for line in lines] == [key] * 3 + [failure.request]
    assert report.rejects == {
        "duplicate": {},
        "failures": {"away": 1},
        "rejected": {"value is no number": 2, "value-units is not megawatthours": 1},
    }


def test_of_a_response_that_is_gone_meanwhile_a_row_has_eias_columns(folder: Folder) -> None:
    was = folder.hold(0, 3, [row(0, value="5")])
    folder.hold(0, 3, [row(0, value="6")], late=1)

    class Vanishing(ApiSource):
        """Its oldest response is gone as soon as it was read."""

        def columns(self, storage: Storage, span: Span) -> Any:
            yield from list(super().columns(storage, span))
            storage.delete(was)

    source = Vanishing("http://127.0.0.1:1", "none:")
    span = Span("region-data", "PACW", FIRST, FIRST + HOURS - 1)
    report = assemble(folder.storage, source, span, screening=SCREENING)
    (line,) = folder.storage.get(report.files[-1].path).splitlines()
    told = json.loads(line)
    assert told["request"] == was
    assert told["row"] == {"period": "2023-01-01T00", "respondent": "PACW", "type": "D", "value": "5"}


def test_only_answers_that_hold_a_row_that_lost_are_read_again_and_each_once(folder: Folder) -> None:
    lost = folder.hold(0, 3, [row(0, value="5"), row(1, value="6")])
    folder.hold(0, 1, [row(0, value="7"), row(1, value="8")], late=1)
    folder.hold(4, 7, [row(5), row(6, value="1,0")])
    read: list[str] = []

    span = Span("region-data", "PACW", FIRST, FIRST + HOURS - 1)
    report = assemble(folder.storage, watched(read), span, screening=SCREENING)
    assert read == [lost]
    assert (report.duplicate, report.rejected) == (2, 1)


@pytest.mark.parametrize("reason", [REPEATED, REVISED, WITHDRAWN])
def test_the_documentation_has_each_reason_of_a_row_that_lost(reason: str) -> None:
    assert f"| `{reason}` | `duplicate` |" in DOCUMENTED
