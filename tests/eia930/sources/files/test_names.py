# SPDX-License-Identifier: Apache-2.0
"""The index names the files; where it is not there or is no list, the rule does."""

import pytest

from eia930.emulator.files.making import index, listed
from eia930.emulator.files.world import synthetic_files
from eia930.errors import Garbled
from eia930.reference.halves import FIRST, Half
from eia930.reference.hours import parse_hour
from eia930.sources.files.names import FileName, exists, kinds_for, parse_index, ruled


def test_the_index_lists_every_file() -> None:
    world = synthetic_files(now=parse_hour("2026-09-29"))
    found = parse_index(index(world, "09/29/2026"))
    assert len(found) == 63  # as EIA's on that day
    assert set(found.values()) == {ruled(kind.lower(), half) for kind, half in listed(world)}
    assert all(exists(kind, half) for kind, half in found)


def test_columns_count_by_name_and_the_rest_is_passed_over() -> None:
    text = (
        b"\xef\xbb\xbfFILENAME,Extra,description, Year ,PERIOD\r\n"
        b"a/EIA_x.csv,?,Balance,2015,2\r\n"
        b"y.csv,?,emissions,2015,2\r\n../../z,?,balance,2016,1\r\ny.csv,?,balance,2016,3\r\n"
    )
    assert parse_index(text) == {("balance", FIRST): FileName("balance", FIRST, "EIA_x.csv")}


@pytest.mark.parametrize("body", [b"", b"<!DOCTYPE html>\n<html>", b"YEAR,PERIOD,FILENAME\n2015,2,x.csv\n"])
def test_what_is_no_list_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(Garbled, match="no list of files"):
        parse_index(body)


def test_the_rule() -> None:
    assert ruled("subregion", Half(2018, 2)).name == "EIA930_SUBREGION_2018_Jul_Dec.csv"
    assert ruled("subregion", Half(2018, 2)).folder == "subregion/2018_Jul_Dec"
    assert not exists("subregion", Half(2018, 1))
    assert not exists("balance", Half(2015, 1))
    assert kinds_for(("fuel-type-data",)) == kinds_for(("region-data",)) == ("balance",)
    assert kinds_for(("interchange-data", "region-sub-ba-data")) == ("interchange", "subregion")
