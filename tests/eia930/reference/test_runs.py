# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eia930.reference.runs import gaps, longest_gap, runs


@given(st.lists(st.booleans()))
def test_runs_rebuild_what_they_came_from(bits: list[bool]) -> None:
    where = np.array(bits, dtype=bool)
    starts, lengths = runs(where)
    again = np.zeros(where.size, dtype=bool)
    for start, length in zip(starts, lengths, strict=True):
        assert not again[max(start - 1, 0) : start + length].any()  # apart from the run before
        again[start : start + length] = True
    np.testing.assert_array_equal(again, where)


@given(st.lists(st.booleans()))
def test_gaps_are_all_that_is_absent(bits: list[bool]) -> None:
    present = np.array(bits, dtype=bool)
    _, lengths = gaps(present)
    assert lengths.sum() == (~present).sum()
    length, start = longest_gap(present)
    assert length == (lengths.max() if lengths.size else 0)
    assert length == 0 or not present[start : start + length].any()


@pytest.mark.parametrize(
    ("present", "expected"),
    [([], (0, 0)), ([1, 1], (0, 0)), ([0, 1, 0, 0, 1, 0, 0], (2, 2)), ([0], (1, 0))],
)
def test_longest_gap(present: list[int], expected: tuple[int, int]) -> None:
    assert longest_gap(np.array(present, dtype=bool)) == expected


def test_a_planted_gap_of_30_hours_is_the_only_one() -> None:
    present = np.ones(2000, dtype=bool)
    present[700:730] = False
    assert longest_gap(present) == (30, 700)
    assert [part.tolist() for part in gaps(present)] == [[700], [30]]
