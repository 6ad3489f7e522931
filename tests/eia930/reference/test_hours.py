# SPDX-License-Identifier: Apache-2.0
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eia930.reference.hours import hour_of, moment_of, parse_hour, stamp

HOURS = st.integers(parse_hour("0001-01-01T00"), parse_hour("9999-12-31T23"))


@given(HOURS)
def test_stamps_read_back(hour: int) -> None:
    assert parse_hour(stamp(hour)) == hour
    assert len(stamp(hour)) == 13
    assert hour_of(moment_of(hour)) == hour


@given(HOURS, HOURS)
def test_stamps_sort_as_hours_do(one: int, other: int) -> None:
    assert (stamp(one) < stamp(other)) == (one < other)


@given(st.integers(0, 10**6), st.integers(0, 3599), st.integers(-14, 14))
def test_a_moment_lies_in_its_hour_in_any_zone(hour: int, second: int, zone: int) -> None:
    moment = (moment_of(hour) + timedelta(seconds=second)).astimezone(timezone(timedelta(hours=zone)))
    assert hour_of(moment) == hour


def test_a_date_is_its_first_stamp() -> None:
    assert parse_hour("2023-01-01") == parse_hour("2023-01-01T00") == 464592
    assert moment_of(464592) == datetime(2023, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["", "2023", "2023-1-1", "2023-02-30", "2023-01-01T24", "2023-01-01 00", "2023-01-01T00:00", "０２２３-01-01", "x"],
)
def test_what_is_no_hour_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="is no") as caught:
        parse_hour(text)
    assert repr(text) in str(caught.value)
