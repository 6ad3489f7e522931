# SPDX-License-Identifier: Apache-2.0
"""What was replaced is told of every hour, in whatever order its answers come."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from eia930.question.span import Span
from eia930.record.grid import Grid
from eia930.record.versions.revisions import revised, revisions_path, write_revisions
from eia930.store.storage import Storage
from tests.eia930.making import FIRST, LATER
from tests.eia930.record.test_grid import HOURS, KINDS, Given, filled, responses

SPAN = Span("region-data", "PACW", FIRST, FIRST + HOURS - 1)
Word = tuple[str, int, str, int, str, int, bool]


def told(grid: Grid) -> list[Word]:
    grid.finish()
    return [
        (one.kind, int(hour) - FIRST, str(before), int(at_before), str(value), int(at), bool(gone))
        for one in grid.replaced
        for hour, before, at_before, value, at, gone in zip(
            one.hour, one.before, one.at_before, one.value, one.at, one.withdrawn, strict=True
        )
    ]


def expected(some: list[Given]) -> list[Word]:
    """Hour by hour, answer by answer: what stood, and what the next one says."""
    found = []
    for kind in KINDS:
        for hour in range(HOURS):
            standing: tuple[str, int] | None = None
            for one in sorted(some, key=lambda one: one.late):
                at = int((LATER + timedelta(hours=one.late)).timestamp())
                mine = [value for place, which, value in one.rows if (place, which) == (hour, kind)]
                settles = one.first <= hour <= one.last and (not one.kinds or kind in one.kinds)
                if not mine and not settles:
                    continue
                value = told_of_doubles(mine)
                if standing and (not mine or value != standing[0]):
                    found.append((kind, hour, *standing, value, at, not mine))
                standing = (value, at) if mine else None
    return found


def told_of_doubles(values: list[Any]) -> str:
    """Of rows of one hour in one answer: a value before a null, the larger one, the positive one."""
    numbers = [float(value) for value in values if value is not None]
    return str(max(numbers, key=lambda number: (abs(number), number))) if numbers else "nan"


@given(responses(), st.randoms())
def test_every_value_that_was_replaced_is_told_in_whatever_order_the_answers_come(some: list[Given], draw: Any) -> None:
    assert told(filled(some)) == told(filled(sorted(some, key=lambda _: draw.random()))) == expected(some)


def test_the_file_has_a_row_a_value_and_the_account_says_how_soon_and_how_much(tmp_path: Path) -> None:
    first = Given(0, 2, (), ((0, "D", "10"), (1, "D", "20"), (2, "D", "5")), 0)
    second = Given(0, 2, (), ((0, "D", "12"), (1, "D", "20")), 1)
    third = Given(0, 2, (), ((0, "D", "13"), (1, "D", "20"), (2, "D", "5")), 2)
    storage, grid = Storage.at(str(tmp_path)), filled([third, first, second])
    grid.finish()
    (file,) = write_revisions(storage, SPAN, grid.replaced, "api")
    assert (file.path, file.rows) == (revisions_path("region-data", "PACW"), 3)
    table = pq.read_table(tmp_path / file.path, partitioning=None)
    assert table["series_id"].to_pylist() == ["EBA.PACW-ALL.D.H"] * 3
    assert table["value_before"].to_pylist() == [10.0, 12.0, 5.0]
    assert table["value"].to_pylist() == [12.0, 13.0, None]
    assert set(table["source"].to_pylist()) == set(table["source_before"].to_pylist()) == {"api"}
    assert (table["retrieved_at"].to_pylist()[0] - table["retrieved_before"].to_pylist()[0]) == timedelta(hours=1)
    account = revised(SPAN, grid.replaced)
    assert account is not None
    # LATER is half a year after: within none of the times.
    assert (account.replaced, account.withdrawn, account.hours) == (3, 1, 2)
    assert (account.day, account.week, account.month) == (0, 0, 0)
    assert (account.changed, account.of) == (3.0, 22.0)


def test_what_was_never_replaced_has_no_file(tmp_path: Path) -> None:
    grid = filled([Given(0, 2, (), ((0, "D", "10"),), 0), Given(0, 2, (), ((0, "D", "10"), (1, "D", "1")), 1)])
    grid.finish()
    assert write_revisions(Storage.at(str(tmp_path)), SPAN, grid.replaced, "api") == []
    assert revised(SPAN, grid.replaced) is None
