# SPDX-License-Identifier: Apache-2.0
"""The rule of lines gives the counts that others have published of EIA's files, to the line."""

from datetime import date

import numpy as np
import pytest

from eia930.emulator.files.quirks import Quirks
from eia930.reference.clocks import EARLIEST, LATEST, clock_of
from eia930.reference.halves import FIRST, Half
from eia930.reference.hours import parse_hour
from eia930.reference.respondents import respondents
from eia930.sources.files.expected import Life, expected_rows, lives, shortfall
from eia930.sources.files.names import ruled
from tests.eia930.sources.files.drawing import bytes_of, demand, read

# code, first day, end (exclusive): what the counts require where it is not 2015-07-01 to now.
LIVES = {
    "GRMA": ("", "2018-05-03"),
    "AVRN": ("2018-07-31", ""),
    "OVEC": ("", "2018-12-01"),
    "NSB": ("", "2020-01-08"),
    "EEI": ("", "2020-02-29"),
    "GLHB": ("2020-02-29", "2022-09-01"),
    "AEC": ("", "2021-09-01"),
    "GRIF": ("", "2023-11-01"),
    "HGMA": ("", "2025-06-01"),
    "SIKE": ("2025-06-01", ""),
    "WWA": ("", "2025-10-01"),
    "WACM": ("", "2026-04-01"),
    "WAUW": ("", "2026-04-01"),
    "BHBA": ("2026-04-01", ""),
    "SWPW": ("2026-04-01", ""),
}
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


def published() -> tuple[Life, ...]:
    found = []
    for code, about in respondents().items():
        clock = clock_of(code)
        if about.kind == "authority" and clock is not None and code != "WAUE":
            begins, ends = LIVES.get(code, ("", ""))
            first = date.fromisoformat(begins) if begins else FIRST.begins
            found.append(Life(code, clock, first, date.fromisoformat(ends) if ends else None))
    # The 67th of 2015, whose code nobody has written down.
    return (*found, Life("WAUE", LATEST, FIRST.begins, date(2015, 10, 1)))


@pytest.mark.parametrize(("half", "rows"), FILES.items())
def test_a_half_has_as_many_lines_as_its_file(half: Half, rows: int) -> None:
    assert sum(expected_rows(half, published()).values()) == rows


@pytest.mark.parametrize(("year", "rows"), YEARS.items())
def test_a_year_of_utc_has_as_many_lines_as_others_counted(year: int, rows: int) -> None:
    low, high = parse_hour(f"{year}-01-01T00"), parse_hour(f"{year + 1}-01-01T00") - 1
    count = 0
    for life in published():
        first, end = life.clock.midnight(life.begins) + 1, life.clock.midnight(life.ends or date(2030, 1, 1))
        count += max(0, min(high, end) - max(low, first) + 1)
    assert count == rows


def test_a_closed_half_that_lost_lines_is_named_with_both_numbers() -> None:
    half = Half(2023, 1)
    data = bytes_of(demand("PJM", half, np.arange(1.0, 9)), "balance", half, Quirks())
    life = Life("PJM", EARLIEST, FIRST.begins, None)
    file, late = ruled("balance", half), half.hours()[1] + 1000
    whole = read(data, "balance", half).account
    assert shortfall(file, whole, late, [life]) == ""
    lines = data.splitlines(keepends=True)
    cut = read(b"".join(lines[:-5]), "balance", half).account
    assert shortfall(file, cut, late, [life]) == (
        "EIA930_BALANCE_2023_Jan_Jun.csv: 4,338 rows where 4,343 are expected: PJM 4,338 of 4,343"
    )
    assert shortfall(file, cut, half.hours()[1], [life]) == "", "an open half is still filled"
    assert shortfall(file, whole, late, [life, Life("MISO", EARLIEST, FIRST.begins, None)]).endswith("MISO 0 of 4,343")


def test_nothing_is_expected_of_who_is_unknown() -> None:
    half = Half(2023, 1)
    data = bytes_of(demand("ZZZZ", half, [1.0]), "balance", half)
    assert shortfall(ruled("balance", half), read(data, "balance", half).account, half.hours()[1] + 99, []) == ""
    assert {life.code for life in lives()} >= {"PJM", "MISO", "AVRN"}
