# SPDX-License-Identifier: Apache-2.0
"""The tables of who and what exists: each row says whence and until when it speaks, and lives are kept to the hour."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eia930.question.plan import Question, plan
from eia930.record.tidy import tidy_schema
from eia930.reference.hours import parse_hour, stamp
from eia930.reference.life import SLACK, Life
from eia930.reference.respondents import energy_sources, respondents, subregion_names, table, table_names
from eia930.reference.routes import FUEL, INTERCHANGE, REGION, ROUTES, SUBREGION

NOW = (parse_hour("2026-06-01T00"), parse_hour("2026-06-30T23"))


@pytest.mark.parametrize("name", table_names())
def test_every_row_says_whence_it_is_and_until_when_it_speaks(name: str) -> None:
    rows = table(name)
    keys = [tuple(row.values())[: 1 if next(iter(row)) == "code" else 2] for row in rows]
    assert keys == sorted(set(keys))
    for row in rows:
        assert row["source"]
        assert date(2020, 1, 1) <= date.fromisoformat(row["as_of"]) <= date(2026, 11, 28)
        first, last = row.get("first"), row.get("last")
        for text in filter(None, (first, last)):
            parse_hour(text)
        assert not first or not last or first < last


def test_zones_are_zones() -> None:
    for one in respondents().values():
        assert ZoneInfo(one.time_zone)
        assert ZoneInfo(one.reporting_zone)
    assert {code: respondents()[code].reporting_zone for code in ("LGEE", "MISO", "PNM", "IPCO")} == {
        "LGEE": "Etc/GMT+5",  # UTC-5, summer and winter
        "MISO": "Etc/GMT+5",
        "PNM": "America/Phoenix",
        "IPCO": "America/Los_Angeles",
    }


@pytest.mark.parametrize(
    ("code", "last"),
    [
        ("OVEC", "2018-12-01T05"),
        ("NSB", "2020-01-08T05"),
        ("EEI", "2020-02-29T06"),
        ("AEC", "2021-09-01T05"),
        ("HGMA", "2025-06-01T07"),
    ],
)
def test_nobody_is_asked_for_beyond_its_last_hour(code: str, last: str) -> None:
    """A month of slack around a day that was off by a year made 9,720 hours of OVEC missing, four times over."""
    question = Question(("region-data",), (code,), (), parse_hour("2015-07-01"), parse_hour("2026-01-01"))
    (span,) = plan(question)
    assert stamp(span.last) == last


def test_what_came_and_went_is_expected_only_in_its_time() -> None:
    assert "PACW" in INTERCHANGE.expected("PACE", (parse_hour("2022-06-01"), parse_hour("2022-07-01")))
    assert "PACW" not in INTERCHANGE.expected("PACE", NOW)
    assert "WALC" in INTERCHANGE.expected("GRID", NOW)
    assert "OVEC" not in INTERCHANGE.expected("PJM", (parse_hour("2019-02-01"), NOW[1]))
    assert SUBREGION.expected("BHBA") == ("BASI", "SDE", "WYE")
    assert {"ACMA", "CYGA"} <= set(SUBREGION.expected("PNM"))
    assert {"SNB", "WNB", "OES"} <= set(FUEL.kinds())
    assert energy_sources()["SNB"].name == "Solar with integrated battery storage"
    assert SUBREGION.expected("ERCO", (parse_hour("2019-01-01"), parse_hour("2019-05-27T05"))) == ()
    assert REGION.expected("WWA") == ("NG", "TI")


def test_every_route_answers_for_everybody() -> None:
    for route in ROUTES.values():
        assert route.served()
        for code in (*route.served(), "NOWHERE"):
            assert set(route.expected(code, NOW)) <= set(route.expected(code)) <= set(route.kinds())
    assert subregion_names()["PNM", "PNM"] != subregion_names()["PJM", "PS"]


def test_every_route_without_types_has_a_word_of_its_own() -> None:
    named = [route.word for route in ROUTES.values() if not route.types]
    assert all(named)
    assert len(set(named)) == len(named)


def test_no_key_column_has_the_name_of_another_column_of_tidy() -> None:
    for route in ROUTES.values():
        names = tidy_schema(route).names
        assert len(set(names)) == len(names)


HOURS = st.integers(400_000, 500_000)


@given(HOURS, HOURS, HOURS, HOURS)
def test_an_hour_is_exact_and_a_day_has_slack(begin: int, end: int, first: int, last: int) -> None:
    begin, end, first, last = min(begin, end), max(begin, end), min(first, last), max(first, last)
    exact = Life(stamp(begin), stamp(end)).hours(first, last)
    about = Life(stamp(begin)[:10], stamp(end)[:10]).hours(first, last)
    low, high = max(begin, first), min(end, last)
    assert exact == ((low, high) if low <= high else None)
    if exact:
        assert about
        assert about[0] <= low
        assert high <= about[1]
        assert low - about[0] < SLACK + 24
        assert about[1] - high < SLACK + 24
    assert Life().hours(first, last) == (first, last)
    assert Life(stamp(begin), stamp(end)).within(Life()) == Life(stamp(begin), stamp(end))


def test_of_two_lives_the_time_is_that_of_both_whether_an_hour_is_known_or_a_day() -> None:
    day, hour = Life("2026-04-01", "2026-05-01"), Life("2026-04-01T07", "2026-05-01T06")
    assert day.within(hour) == hour.within(day) == hour
    assert day.within(Life()) == Life().within(day) == day
