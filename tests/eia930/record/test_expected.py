# SPDX-License-Identifier: Apache-2.0
"""Which series count although nobody sent them, in which hours, and who says so."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from eia930.question.pieces import Existing, Piece
from eia930.question.span import Span
from eia930.record.expected import expect, respondent_by
from eia930.record.several.ranked import Ranked
from eia930.reference.hours import parse_hour
from eia930.sources.columns import Columns, Refusal, Stored

FIRST = parse_hour("2023-03-01T00")
LAST = FIRST + 239
FUELS = Span("fuel-type-data", "PACW", FIRST, LAST, named=False)
KNOWN = {"NG", "OTH", "SUN", "WAT", "WND"}


def stored(span: Span, *kinds: str, at: str = "2024-01-01", refused: tuple[str, ...] = ()) -> Stored:
    """An answer of all hours of a span, with a row of each kind in the first of them."""
    columns = Columns(
        len(kinds) + len(refused),
        np.full(len(kinds), span.first),
        np.arange(len(kinds), dtype=np.int32),
        kinds,
        np.ones(len(kinds)),
        tuple(Refusal(place, row, "value is no number") for place, row in enumerate(refused)),
    )
    return Stored("raw/x", span.first, span.last, span.kinds, columns, datetime.fromisoformat(at).replace(tzinfo=UTC))


def told(span: Span, *answers: Stored) -> dict[str, tuple[str, int]]:
    """Kind → by whom it is expected, and in how many hours."""
    grid = Ranked(span)
    for one in answers:
        grid.add(one)
    return {kind: (one.by, int(one.hours.sum())) for kind, one in expect(grid, span).items()}


@pytest.mark.parametrize("answers", [(), (stored(FUELS),), (stored(FUELS, "WND"),)])
def test_what_the_tables_know_is_expected_whether_it_came_or_not(answers: tuple[Stored, ...]) -> None:
    assert told(FUELS, *answers) == dict.fromkeys(KNOWN, ("tables", 240))


def test_every_route_has_the_same_rule() -> None:
    for route, code, some in [
        ("region-data", "PACW", {"D", "DF", "NG", "TI"}),
        ("interchange-data", "PACW", {"BPAT", "CISO"}),
        ("region-sub-ba-data", "CISO", {"PGAE", "SCE"}),
    ]:
        span = replace(FUELS, route=route, respondent=code)
        found = told(span, stored(span))
        assert some <= set(found)
        assert set(found.values()) == {("tables", 240)}


def test_what_came_unexpected_counts_too() -> None:
    found = told(FUELS, stored(FUELS, "XNEW"))
    assert found == dict.fromkeys(KNOWN, ("tables", 240)) | {"XNEW": ("seen", 240)}


def test_named_kinds_are_asked_and_those_of_everybody_are_expected_of_who_is_known_to_have_them() -> None:
    named = replace(FUELS, kinds=("NUC", "WND"), named=True)
    assert told(named, stored(named)) == {"NUC": ("asked", 240), "WND": ("asked", 240)}
    everybody = replace(named, named=False)
    assert told(everybody, stored(everybody)) == {"WND": ("tables", 240)}


def test_a_coverage_file_is_the_whole_word() -> None:
    span = replace(FUELS, existing=(Existing("WND", (Piece(FIRST, LAST),)),))
    assert told(span, stored(span)) == {"WND": ("coverage", 240)}


def test_an_earlier_load_lets_us_expect_what_it_had_in_the_hours_in_which_it_goes_on() -> None:
    span = replace(FUELS, earlier=(Existing("OIL", (Piece(FIRST + 40, LAST),)), Existing("WND", ())))
    assert told(span, stored(span)) == dict.fromkeys(KNOWN, ("tables", 240)) | {"OIL": ("earlier", 200)}


def test_types_of_a_respondent_that_the_server_alone_lists() -> None:
    span = Span("region-data", "XNEW", FIRST, LAST, named=False, listed=True)
    assert told(span, stored(span)) == dict.fromkeys(("D", "DF", "NG", "TI"), ("lists", 240))


def test_lives_bound_what_is_expected() -> None:
    """OVEC's last hour is 2018-12-01T05; batteries have been reported since 2024-07-01."""
    ovec = Span("region-data", "OVEC", parse_hour("2018-12-01T00"), parse_hour("2018-12-01T23"), named=False)
    assert set(told(ovec, stored(ovec)).values()) == {("tables", 6)}
    first = parse_hour("2024-06-30T00")
    new = replace(
        FUELS, respondent="CISO", first=first, last=first + 47, earlier=(Existing("BAT", (Piece(first, first + 47),)),)
    )
    assert told(new, stored(new, at="2025-01-01"))["BAT"] == ("earlier", 24)


def test_hours_that_had_not_ended_when_they_were_answered_are_not_missing() -> None:
    assert told(FUELS, stored(FUELS, at="2023-03-05"))["WND"] == ("tables", 4 * 24 + 1)
    # Of an hour that nobody answered nothing is known: it is missing.
    half = replace(stored(FUELS, at="2023-03-05"), last=FIRST + 119)
    assert told(FUELS, half)["WND"] == ("tables", 4 * 24 + 1 + 120)


def test_a_kind_whose_rows_were_all_refused_counts() -> None:
    rows = ('{"fueltype": "OIL", "value": "x"}', '{"fueltype": "O?L"}', "[]", "")
    found = told(FUELS, stored(FUELS, "WND", refused=rows))
    assert found == dict.fromkeys(KNOWN, ("tables", 240)) | {"OIL": ("seen", 240)}


@pytest.mark.parametrize(
    ("span", "by"),
    [
        (replace(FUELS, named=True), "asked"),
        (FUELS, "tables"),
        (replace(FUELS, respondent="XNEW"), ""),
        (replace(FUELS, respondent="XNEW", listed=True), "lists"),
        (replace(FUELS, respondent="XNEW", listed=True, kinds=("NUC",)), ""),
        (replace(FUELS, respondent="AEC", first=parse_hour("2021-09-02T00"), last=parse_hour("2021-09-09T00")), ""),
    ],
)
def test_who_says_that_a_respondent_has_hours_at_all(span: Span, by: str) -> None:
    assert respondent_by(span) == by


def test_kinds_that_the_server_lists_are_expected_of_nobody_but_count_where_they_were_refused() -> None:
    """A new type is asked of all; rows of it that could not be read say that there is one."""
    listed = Span(
        "region-data", "PACW", FIRST, LAST, ("D", "DF", "NG", "TI", "XNEW"), named=True, typed=False, newer=("XNEW",)
    )
    assert set(told(listed, stored(listed))) == {"D", "DF", "NG", "TI"}
    row = '{"respondent": "PACW", "type": "XNEW"}'
    assert told(listed, stored(listed, refused=(row,)))["XNEW"] == ("seen", 240)
    assert "XOTHER" not in told(listed, stored(listed, refused=(row.replace("XNEW", "XOTHER"),)))
    nobody = Span("fuel-type-data", "XBA", FIRST, LAST, named=False, listed=True, newer=("XNEW",))
    fuel = row.replace("type", "fueltype")
    came = told(nobody, stored(nobody, refused=(fuel, fuel.replace("XNEW", "SUN"), fuel.replace("XNEW", "X?"))))
    assert came == {"SUN": ("seen", 240), "XNEW": ("seen", 240)}
