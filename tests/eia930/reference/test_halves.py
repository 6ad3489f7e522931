# SPDX-License-Identifier: Apache-2.0
"""Half-years begin at local midnight: another UTC hour for each clock, and none twice."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eia930.reference.clocks import EARLIEST, LATEST, Clock, clock_of
from eia930.reference.halves import FIRST, Half, halves, parse_half
from eia930.reference.hours import parse_hour, stamp

HALVES = st.builds(Half, st.integers(2015, 2035), st.sampled_from((1, 2)))
HOME = ("PJM", "ERCO", "MISO", "LGEE", "PACE", "AZPS", "EPE", "IPCO", "SEPA", "CISO")


def clock(code: str) -> Clock:
    found = clock_of(code)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("code", "hour"),
    [
        ("PJM", "2015-07-01T05"),
        ("ERCO", "2015-07-01T06"),
        ("SEPA", "2015-07-01T06"),
        ("MISO", "2015-07-01T06"),
        ("LGEE", "2015-07-01T06"),
        ("PACE", "2015-07-01T07"),
        ("CISO", "2015-07-01T08"),
        ("IPCO", "2015-07-01T08"),
        ("AZPS", "2015-07-01T08"),
        ("EPE", "2015-07-01T08"),
    ],
)
def test_the_first_hour_of_the_form(code: str, hour: str) -> None:
    assert stamp(FIRST.hours(clock(code))[0]) == hour
    assert FIRST.hours()[0] == parse_hour("2015-07-01T05")


@pytest.mark.parametrize(("code", "first", "then"), [("PJM", 4343, 4417), ("MISO", 4344, 4416), ("AZPS", 4344, 4416)])
def test_an_hour_moves_from_spring_to_autumn_where_clocks_do(code: str, first: int, then: int) -> None:
    lengths = [last - begin + 1 for begin, last in (Half(2023, part).hours(clock(code)) for part in (1, 2))]
    assert lengths == [first, then]
    begin, last = Half(2024, 1).hours(clock(code))
    assert last - begin + 1 == first + 24


@given(HALVES, st.sampled_from(HOME))
def test_halves_of_a_clock_meet(half: Half, code: str) -> None:
    mine = clock(code)
    assert half.hours(mine)[1] + 1 == half.next.hours(mine)[0]
    assert half.next.before == half
    assert half.hours()[0] <= half.hours(mine)[0]
    assert half.hours(mine)[1] <= half.hours()[1]
    assert parse_half(half.name) == half


@given(st.integers(0, 5000), st.sampled_from((EARLIEST, LATEST)))
def test_days_have_23_24_or_25_hours(days: int, mine: Clock) -> None:
    day = date(2015, 1, 1) + timedelta(days=days)
    length = mine.midnight(day + timedelta(days=1)) - mine.midnight(day)
    assert length == 23 if day.month == 3 and 8 <= day.day <= 14 and day.weekday() == 6 else length in (24, 25)


def test_the_halves_that_hold_some_hours() -> None:
    first, last = Half(2016, 1).hours()
    assert halves(first, last) == (Half(2015, 2), Half(2016, 1), Half(2016, 2))
    assert halves(parse_hour("2016-02-01"), parse_hour("2016-03-01")) == (Half(2016, 1),)
    assert halves(parse_hour("2010-01-01"), parse_hour("2015-07-02")) == (FIRST,)
    assert halves(parse_hour("2010-01-01"), parse_hour("2015-07-01T04")) == ()


@pytest.mark.parametrize("text", ["2015_Jul", "2015_jul_dec", "15_Jul_Dec", "2015_Jul_Dec.csv", ""])
def test_what_is_no_half(text: str) -> None:
    with pytest.raises(ValueError, match="half-year"):
        parse_half(text)


def test_who_has_no_clock() -> None:
    assert clock_of("BCHA") is None
    assert clock_of("NOBODY") is None
