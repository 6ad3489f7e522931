# SPDX-License-Identifier: Apache-2.0
"""The rule of lines gives the counts that others have published of EIA's files, to the line."""

import numpy as np
import pytest

from eia930.emulator.files.quirks import Quirks
from eia930.reference.clocks import LATEST as PACIFIC
from eia930.reference.clocks import clock_of
from eia930.reference.halves import FIRST, Half
from eia930.reference.hours import parse_hour
from eia930.reference.life import Life
from eia930.reference.respondents import Lives
from eia930.sources.files.contents.expected import expected_rows, filing, shortfall
from eia930.sources.files.names import ruled
from tests.eia930.sources.files.drawing import bytes_of, demand, read

YEARS = {
    2015: 293_224,
    2016: 579_744,
    2017: 578_160,
    2018: 575_286,
    2019: 569_400,
    2020: 562_350,
    2021: 557_718,
    2022: 548_958,
    2023: 541_664,
    2024: 535_824,
}
FILES = {
    Half(2022, 1): 273_621,
    Half(2022, 2): 275_330,
    Half(2024, 2): 269_426,
    Half(2025, 1): 264_934,
    Half(2025, 2): 267_218,
    Half(2026, 1): 260_590,
}


def published() -> Lives:
    """The tables; to the hour where they know the day; and the 67th of 2015, whose code nobody has written down."""
    to_the_hour = {"AVRN": Life("2018-07-31T08", ""), "WWA": Life("", "2025-10-01T06")}
    return {**filing(), **to_the_hour, "?": Life("", "2015-10-01T07")}


@pytest.mark.parametrize(("half", "rows"), FILES.items())
def test_a_half_has_as_many_lines_as_its_file(half: Half, rows: int) -> None:
    assert sum(expected_rows(half, published()).values()) == rows


@pytest.mark.parametrize(("year", "rows"), YEARS.items())
def test_a_year_of_utc_has_as_many_lines_as_others_counted(year: int, rows: int) -> None:
    low, high = parse_hour(f"{year}-01-01T00"), parse_hour(f"{year + 1}-01-01T00") - 1
    count = 0
    for code, life in published().items():
        first = (clock_of(code) or PACIFIC).midnight(FIRST.begins) + 1
        hours = life.hours(max(low, first), high, slack=0)
        count += hours[1] - hours[0] + 1 if hours else 0
    assert count == rows


def test_a_closed_half_that_lost_lines_is_named_with_both_numbers() -> None:
    half = Half(2023, 1)
    data = bytes_of(demand("PJM", half, np.arange(1.0, 9)), "balance", half, Quirks())
    alone = {"PJM": Life()}
    file, late = ruled("balance", half), half.hours()[1] + 1000
    whole = read(data, "balance", half).account
    assert shortfall(file, whole, late, alone) == ""
    lines = data.splitlines(keepends=True)
    cut = read(b"".join(lines[:-5]), "balance", half).account
    assert shortfall(file, cut, late, alone) == (
        "EIA930_BALANCE_2023_Jan_Jun.csv: 4,338 rows where 4,343 are expected: PJM 4,338 of 4,343"
    )
    assert shortfall(file, cut, half.hours()[1], alone) == "", "an open half is still filled"
    assert shortfall(file, whole, late, {**alone, "MISO": Life()}).endswith("MISO 0 of 4,344")


def test_nothing_is_expected_of_who_is_unknown() -> None:
    half = Half(2023, 1)
    data = bytes_of(demand("ZZZZ", half, [1.0]), "balance", half)
    late = half.hours()[1] + 99
    account = read(data, "balance", half).account
    assert shortfall(ruled("balance", half), account, late, {}) == ""
    by_day = {"PJM": Life("2023-02-01", "")}
    assert shortfall(ruled("balance", half), account, late, by_day) == "", "of whom the day alone is known"
