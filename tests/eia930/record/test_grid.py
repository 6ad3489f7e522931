# SPDX-License-Identifier: Apache-2.0
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eia930.question.span import Span
from eia930.record.grid import Grid
from eia930.record.rejects import REPEATED, REVISED, WITHDRAWN
from eia930.sources.api.responses import Answer
from eia930.sources.columns import Columns, Filled, Stored
from tests.eia930.making import FIRST, LATER, answer, row, window

HOURS = 12
KINDS = ("D", "NG")
rows = st.lists(
    st.tuples(st.integers(0, HOURS + 3), st.sampled_from(KINDS), st.one_of(st.none(), st.integers(0, 3).map(str))),
    max_size=20,
)


@dataclass(frozen=True)
class Given:
    """A response: the hours that it settles, and its rows; `late` orders them by retrieval."""

    first: int
    last: int
    kinds: tuple[str, ...]
    rows: tuple[tuple[int, str, str | None], ...]
    late: int

    def answer(self) -> Answer:
        asked = window(self.first, self.last, kinds=self.kinds)
        return answer(asked, [row(*one) for one in self.rows], at=LATER + timedelta(hours=self.late))


@st.composite
def responses(draw: Any) -> list[Given]:
    found = []
    for late in draw(st.permutations(range(draw(st.integers(1, 5))))):
        first, last = sorted((draw(st.integers(-2, HOURS + 2)), draw(st.integers(-2, HOURS + 2))))
        kinds = draw(st.sampled_from(((), (), ("D",), ("NG",))))
        mine = tuple(one for one in draw(rows) if first <= one[0] <= last and (not kinds or one[1] in kinds))
        found.append(Given(first, last, kinds, mine, late))
    return found


def stored(name: str, found: Answer) -> Stored:
    return Stored(name, found.first, found.last, found.window.kinds, found.columns, found.retrieved_at)


def filled(some: list[Given], kinds: tuple[str, ...] = ()) -> Grid:
    grid = Grid(Span("region-data", "PACW", FIRST, FIRST + HOURS - 1, kinds))
    for one in some:
        found = one.answer()
        grid.add(stored(str(one.late), found))
    return grid


def cells(grid: Grid) -> dict[str, list[tuple[str, int]]]:
    return {
        one.kind: list(zip(map(str, one.value.tolist()), one.at.tolist(), strict=True))
        for one in grid.finish()
        if one.at.any()
    }


def kept(grid: Grid) -> int:
    return sum(int(np.count_nonzero(one.at)) for one in grid.finish())


def expected(some: list[Given], kinds: tuple[str, ...]) -> dict[str, list[tuple[str, int]]]:
    """Cell by cell: the last response that settles or holds the hour decides."""
    table: dict[str, list[tuple[str, int]]] = {}
    for kind in KINDS:
        line = [_cell(some, kind, hour) for hour in range(HOURS)]
        if any(at for _, at in line) and (not kinds or kind in kinds):
            table[kind] = line
    return table


def _cell(some: list[Given], kind: str, hour: int) -> tuple[str, int]:
    nothing = ("nan", 0)
    for one in sorted(some, key=lambda one: -one.late):
        mine = [value for at, which, value in one.rows if (at, which) == (hour, kind)]
        if mine:
            return _of_doubles(mine), int((LATER + timedelta(hours=one.late)).timestamp())
        if one.first <= hour <= one.last and (not one.kinds or kind in one.kinds):
            return nothing
    return nothing


def _of_doubles(values: list[str | None]) -> str:
    """A value before a null, the larger before the smaller, the positive before the negative."""
    numbers = sorted((abs(float(text)), float(text)) for text in values if text is not None)
    return str(numbers[-1][1]) if numbers else "nan"


@given(responses(), st.sampled_from(((), ("D",))), st.randoms())
def test_the_later_answer_decides_in_whatever_order_they_come(
    some: list[Given], kinds: tuple[str, ...], draw: Any
) -> None:
    shuffled = sorted(some, key=lambda _: draw.random())
    one, other = filled(some, kinds), filled(shuffled, kinds)
    assert cells(one) == cells(other) == expected(some, kinds)
    for grid in (one, other):
        inside = [
            True for each in some for hour, kind, _ in each.rows if 0 <= hour < HOURS and (not kinds or kind in kinds)
        ]
        assert grid.received == len(inside) == kept(grid) + grid.duplicate + grid.rejected


def lost(grid: Grid) -> list[tuple[str, str, str, float]]:
    return [(one.reason, one.request, one.winner, one.value) for one in grid.lost]


def test_a_revised_value_is_recorded_beside_the_one_that_stands() -> None:
    old = Given(0, 1, (), ((0, "D", "5"), (1, "D", "6")), 0)
    new = Given(0, 1, (), ((0, "D", "5"), (1, "D", "7")), 1)
    for order in ([old, new], [new, old]):
        grid = filled(order)
        assert cells(grid)["D"][1][0] == "7.0"
        assert lost(grid) == [(REVISED, "0", "1", 6)]
        assert (grid.lost[0].hour, grid.lost[0].kind, grid.lost[0].stands) == (FIRST + 1, "D", 7)
        assert (grid.received, kept(grid), grid.duplicate) == (4, 2, 2)


def test_a_value_that_became_null_and_one_that_was_filled() -> None:
    old = Given(0, 1, (), ((0, "D", "5"), (1, "D", None)), 0)
    new = Given(0, 1, (), ((0, "D", None), (1, "D", "7")), 1)
    grid = filled([new, old])
    assert [value for value, _ in cells(grid)["D"][:2]] == ["nan", "7.0"]
    assert [(one.reason, str(one.value), str(one.stands)) for one in grid.lost] == [
        (REVISED, "5.0", "nan"),
        (REVISED, "nan", "7.0"),
    ]


def test_a_row_that_a_later_answer_lacks_is_withdrawn_and_recorded() -> None:
    grid = filled([Given(0, 3, (), ((0, "D", "5"), (1, "D", "6")), 0), Given(1, 3, (), (), 1)])
    assert [value for value, _ in cells(grid)["D"][:2]] == ["5.0", "nan"]
    assert lost(grid) == [(WITHDRAWN, "0", "1", 6)]
    assert (grid.received, kept(grid), grid.duplicate) == (2, 1, 1)


def test_rows_repeated_in_one_answer_count_as_duplicates() -> None:
    grid = filled([Given(0, 3, (), ((0, "D", "5"), (0, "D", "5"), (1, "D", "6"), (1, "D", "8")), 0)])
    assert [value for value, _ in cells(grid)["D"][:2]] == ["5.0", "8.0"]
    assert lost(grid) == [(REPEATED, "0", "0", 6)]
    assert (grid.received, kept(grid), grid.duplicate) == (4, 2, 2)


def test_refused_rows_are_kept_verbatim() -> None:
    odd = {**row(0), "value": "1,060"}
    found = answer(window(), [odd, row(1), 7])
    grid = Grid(Span("region-data", "PACW", FIRST, FIRST + 23))
    grid.add(stored("name", found))
    lines = [msgspec.json.decode(msgspec.json.encode(one)) for one in grid.refused]
    assert lines == [
        {"reason": "value is no number", "request": "name", "row": odd, "counter": "rejected"},
        {"reason": "the row is no JSON object", "request": "name", "row": 7, "counter": "rejected"},
    ]
    assert (grid.received, kept(grid), grid.rejected) == (3, 1, 2)


def test_series_that_ought_to_exist_do() -> None:
    grid = Grid(Span("region-data", "PACW", FIRST, FIRST + 23))
    for kind in ("TI", "D"):
        grid.expect(kind, np.ones(24, bool))
    assert [one.kind for one in grid.finish()] == ["D", "TI"]
    assert np.isnan(grid.finish()[0].value).all()


@given(st.permutations([("nan", 0), ("5", 0), ("-7", 0), ("7", 0), ("nan", 1), ("0", 1), ("nan", 2)]))
def test_which_of_doubles_stands_does_not_depend_on_their_order(rows: list[tuple[str, int]]) -> None:
    hours, values = np.array([FIRST + at for _, at in rows]), np.array([float(text) for text, _ in rows])
    columns = Columns(len(rows), hours, np.zeros(len(rows), np.int32), ("D",), values)
    grid = Grid(Span("region-data", "PACW", FIRST, FIRST + 2))
    grid.add(Stored("raw/x", FIRST, FIRST + 2, (), columns, LATER))
    (series,) = grid.finish()
    assert str(series.value.tolist()) == "[7.0, 0.0, nan]"
    assert (grid.received, grid.duplicate) == (7, 4)
    assert sorted(str(one.value) for one in grid.lost) == ["-7.0", "5.0", "nan", "nan"]


@pytest.mark.parametrize("turned", [False, True])
def test_what_eia_puts_where_nobody_reported_stands_between_first_and_last_row(*, turned: bool) -> None:
    """By the answer that was retrieved last; one that is left out by it is gone."""

    def said(figures: dict[int, float], at: datetime) -> Stored:
        hours = np.array([FIRST + 1, FIRST + 6])
        places = np.array(sorted(figures), np.int64) + FIRST
        filled = Filled(places, np.zeros(len(places), np.int32), np.array([figures[h] for h in sorted(figures)]))
        row = np.zeros(2, np.int32)
        columns = Columns(2, hours, row, ("D",), np.array([7.0, 8.0]), adjusted=np.array([7.0, 9.0]), filled=filled)
        return Stored(f"raw/{at:%Y}", FIRST, FIRST + 9, (), columns, at)

    grid = Grid(Span("region-data", "PACW", FIRST, FIRST + 9))
    parts = [said({3: 30.0, 4: 40.0, 8: 80.0}, LATER), said({3: 31.0, 5: 50.0}, LATER.replace(year=LATER.year + 1))]
    for part in parts[::-1] if turned else parts:
        grid.add(part)
    (series,) = grid.finish()
    assert series.adjusted is not None
    nan = "nan"
    assert [str(one) for one in series.adjusted.tolist()] == [
        nan,
        "7.0",
        nan,
        "31.0",
        nan,
        "50.0",
        "9.0",
        nan,
        nan,
        nan,
    ]
    assert np.flatnonzero(series.at).tolist() == [1, 6]
    assert (grid.received, grid.duplicate) == (4, 2)


@pytest.mark.parametrize("turned", [False, True])
def test_of_an_hour_that_comes_twice_the_figure_stands_that_is_beside_the_value(*, turned: bool) -> None:
    hours, way = np.array([FIRST, FIRST, FIRST + 1]), -1 if turned else 1
    columns = Columns(
        3,
        hours[::way],
        np.zeros(3, np.int32),
        ("D",),
        np.array([50.0, 7.0, 8.0])[::way],
        adjusted=np.array([51.0, 6.0, np.nan])[::way],
    )
    grid = Grid(Span("region-data", "PACW", FIRST, FIRST + 1))
    grid.add(Stored("raw/one", FIRST, FIRST + 1, (), columns, LATER))
    (series,) = grid.finish()
    assert series.adjusted is not None
    assert series.value.tolist() == [50, 8]
    assert str(series.adjusted.tolist()) == "[51.0, nan]"
