# SPDX-License-Identifier: Apache-2.0
"""What to change in the tables is told a line each: new codes, pairs and kinds, lives that begin or end elsewhere."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from eia930.reference.hours import parse_hour
from eia930.reference.renewal import Loaded, of_list, of_output, of_tables
from eia930.reference.respondents import respondents
from eia930.reference.routes import FUEL, INTERCHANGE, REGION, ROUTES, SUBREGION, Route

FIRST, LAST = parse_hour("2019-01-01T00"), parse_hour("2026-11-01T00")
TODAY = parse_hour("2026-11-28T00")


def came(route: Route, code: str, *kinds: str, first: int = FIRST, last: int = LAST) -> Loaded:
    """These kinds of a respondent have values from `first` to `last`; all hours of all kinds were asked for."""
    return Loaded(route, code, (), FIRST, LAST, dict.fromkeys(kinds, (first, last)))


def whole(code: str, first: int = FIRST, last: int = LAST) -> Loaded:
    """All that the tables expect of an authority in region-data."""
    return came(REGION, code, *REGION.expected(code), first=first, last=last)


def test_the_tables_agree_with_each_other() -> None:
    assert list(of_tables()) == []


def test_an_output_as_the_tables_say_changes_nothing() -> None:
    nsb = whole("NSB", FIRST, parse_hour("2020-01-08T05"))
    assert list(of_output([whole("PACW"), nsb, whole("NW"), whole("AVRN")])) == []
    assert list(of_output([])) == []


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (came(FUEL, "CISO", *FUEL.expected("CISO"), "BAT"), "fuels.csv: add CISO,BAT: hours from 2019-01-01T00"),
        (came(INTERCHANGE, "SWPW", "PSCO"), "neighbours.csv: add SWPW,PSCO: hours from"),
        (came(SUBREGION, "PNM", *SUBREGION.expected("PNM"), "XNEW"), "subregions.csv: add PNM,XNEW"),
        (came(REGION, "PACW", *REGION.types, "X"), "types.csv: add PACW,X"),
        (came(REGION, "XNEW", "D"), "respondents.csv: add XNEW: EBA.XNEW-ALL.D.H has hours from 2019-01-01T00"),
        (came(FUEL, "CAL", "XNEW"), "energy_sources.csv: add XNEW"),
    ],
)
def test_what_the_tables_lack_is_to_be_added(more: Loaded, said: str) -> None:
    (line,) = [line for line in of_output([whole("PACW"), more]) if ": add " in line]
    assert line.startswith(said)


def test_what_never_came_is_named() -> None:
    some = came(REGION, "PACW", "D", "NG", "TI")
    assert list(of_output([some])) == ["types.csv: PACW,DF has no value from 2019-01-01T00 to 2026-11-01T00"]
    assert list(of_output([replace(some, kinds=("D", "NG"))])) == []  # nobody asked for it
    pairs = came(INTERCHANGE, "PACE", *(set(INTERCHANGE.expected("PACE")) - {"PACW"}))
    (line,) = of_output([pairs])
    assert line.startswith("neighbours.csv: PACE,PACW has no value")
    later = came(INTERCHANGE, "PACE", *pairs.seen, first=parse_hour("2023-01-01"))
    assert list(of_output([replace(later, first=parse_hour("2023-01-01"))])) == []  # that pair had ended before


@pytest.mark.parametrize(
    ("code", "first", "last", "found", "told"),
    [
        (
            "PGE",
            FIRST,
            parse_hour("2026-03-31T07"),
            "last hour with a value 2026-03-31T07",
            "nothing",
        ),
        (
            "NSB",
            FIRST,
            parse_hour("2020-02-01T05"),
            "last hour with a value 2020-02-01T05",
            "2020-01-08T05",
        ),
        (
            "NSB",
            FIRST,
            parse_hour("2019-06-01T05"),
            "last hour with a value 2019-06-01T05",
            "2020-01-08T05",
        ),
        ("SIKE", parse_hour("2025-05-01"), LAST, "first hour with a value 2025-05-01T00", "2025-06-01T06"),
        ("BHBA", parse_hour("2026-06-22"), LAST, "first hour with a value 2026-06-22T00", "2026-04-01T07"),
        ("WWA", FIRST, parse_hour("2025-10-01T07"), "last hour with a value 2025-10-01T07", "2025-10-01"),
    ],
)
def test_lives_are_corrected_by_what_came(code: str, first: int, last: int, found: str, told: str) -> None:
    (line,) = of_output([whole("PACW"), whole(code, first, last)])
    assert line == f"respondents.csv: {code}: {found}; the table says {told}"


def test_what_a_server_lists_is_held_against_the_tables() -> None:
    listed = {code: one.name for code, one in respondents().items()} | {"XNEW": "New Power"}
    lines = list(of_list(REGION, "respondent", listed, TODAY))
    assert lines == ["respondents.csv: add XNEW (New Power), which region-data lists as respondent"]
    fuels = {code: name for code, name in FUEL.names().items() if code != "COL"} | {"H2": "Hydrogen"}
    assert list(of_list(FUEL, "fueltype", fuels, TODAY)) == [
        "energy_sources.csv: add H2 (Hydrogen), which fuel-type-data lists as fueltype",
        "energy_sources.csv: COL is expected in fuel-type-data, which does not list it as fueltype",
    ]
    assert list(of_list(FUEL, "fueltype", {}, TODAY)) == [
        "fuel-type-data lists nothing as fueltype: it has no hours there"
    ]
    types = dict(REGION.names()) | dict.fromkeys(REGION.beside, "Carbon dioxide")
    assert list(of_list(REGION, "type", types, TODAY)) == []


def test_the_lists_of_2023_name_nothing_that_the_tables_lack(recorded: Path) -> None:
    snapshot = recorded / "api-metadata" / "facet_options.live_snapshot_2023-07.json"
    then = parse_hour("2023-07-01T00")
    lines = [
        line
        for route, lists in json.loads(snapshot.read_text("utf-8")).items()
        for name, values in lists.items()
        for line in of_list(ROUTES[route], name, {one["id"]: one["name"] for one in values}, then)
    ]
    assert [line for line in lines if ": add " in line] == []
    assert lines == []


def test_sub_regions_of_everybody_are_held_against_one_list() -> None:
    listed = dict.fromkeys(SUBREGION.kinds(), "")
    assert list(of_list(SUBREGION, "subba", listed, TODAY)) == []
