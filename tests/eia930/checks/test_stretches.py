# SPDX-License-Identifier: Apache-2.0
"""checks.parquet holds every hour that a check found wrong, each once, in stretches that cannot be longer."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eia930.checks.outcome import Outcome, Series, Worst
from eia930.checks.stretches import SCHEMA, encoded, stretches

FIRST = 420_000
WORST = Worst(series_id="a", hour=FIRST, expected=0.0, found=1.0, hours=1)
Drawn = list[tuple[str, set[int]]]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sets(st.integers(0, 60), min_size=1)), max_size=5))
def test_stretches_are_the_hours_of_all_outcomes(drawn: Drawn) -> None:
    outcomes = [Outcome(hours_checked=3)]
    for name, hours in drawn:
        worst = Worst(series_id=name, hour=0, expected=0.0, found=1.0, hours=len(hours))
        outcomes.append(Outcome(hours_checked=3, worst=worst, places=np.array(sorted(hours), np.intp)))
    table = pq.read_table(pa.BufferReader(encoded(stretches("sums", outcomes, FIRST))))
    assert table.schema.names == SCHEMA.names
    wanted = {(name, FIRST + hour) for name, hours in drawn for hour in hours}
    found = [(row["series_id"], int(row["first_hour"].timestamp()) // 3600, row["hours"]) for row in table.to_pylist()]
    assert found == sorted(found)
    each = [(name, hour) for name, first, hours in found for hour in range(first, first + hours)]
    assert len(each) == len(set(each))
    assert set(each) == wanted
    assert all((name, first - 1) not in wanted and (name, first + hours) not in wanted for name, first, hours in found)


@pytest.mark.parametrize(("worst", "places"), [(WORST, []), (None, [3])])
def test_an_outcome_names_both_the_worst_hour_and_all_that_are_wrong(worst: Worst | None, places: list[int]) -> None:
    with pytest.raises(ValueError, match=r"^an outcome names its worst hour and all that are wrong, or neither"):
        Outcome(hours_checked=5, worst=worst, places=np.array(places, np.intp))


def test_the_check_that_the_page_shows_gives_outcomes_with_places() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs/how-to/add-a-check.md").read_text("utf-8")
    names: dict[str, Any] = {"Iterable": Iterable, "Iterator": Iterator, "Series": Series, "np": np}
    names |= {"Outcome": Outcome, "Worst": Worst}
    exec(re.findall(r"```python\n(def .*?)```", page, re.DOTALL)[0], names)
    values = np.array([1.0, np.nan, -3.0, -5.0])
    found = list(names["negative_demand"](["a"], {"a": values}, first_hour=FIRST))
    assert [(one.worst.hour, one.worst.hours, one.places.tolist()) for one in found] == [(FIRST + 3, 2, [2, 3])]
    assert stretches("negative_demand", found, FIRST).num_rows == 1
