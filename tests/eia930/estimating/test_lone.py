# SPDX-License-Identifier: Apache-2.0
"""Hours that are missing alone: nearer to what was than the line between the hours beside them."""

import numpy as np

from eia930.estimating.demand import estimate
from eia930.estimating.learning.lone import is_lone
from tests.eia930.estimating.test_demand import FIRST, FORECAST, TRUTH

YEARS = 2 * 8766
LONE = np.arange(400, YEARS - 400, 61)


def found_of(hidden_in: int, *, others: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Estimates of lone hours, and what was there; of `others` so much stands at those hours."""
    demand, forecast = TRUTH[:, :YEARS].copy(), FORECAST[:, :YEARS]
    gone = np.random.default_rng(9).random((4, LONE.size)) >= others
    gone[hidden_in] = True
    for row in range(4):
        demand[row, LONE[gone[row]]] = np.nan
    return estimate(demand, forecast, first=FIRST)[hidden_in, LONE], TRUTH[hidden_in, LONE]


def test_nearer_than_the_line_between_the_hours_beside() -> None:
    found, truth = found_of(0)
    line = (TRUTH[0, LONE - 1] + TRUTH[0, LONE + 1]) / 2
    assert np.abs(found - truth).mean() < 0.8 * np.abs(line - truth).mean()


def test_also_where_nobody_has_the_hour_and_each_hour_has_an_estimate() -> None:
    line = (TRUTH[0, LONE - 1] + TRUTH[0, LONE + 1]) / 2
    for others in (0.0, 0.5):
        found, truth = found_of(0, others=others)
        assert not np.isnan(found).any()
        assert np.abs(found - truth).mean() < np.abs(line - truth).mean()


def test_a_lone_hour_has_both_beside_it() -> None:
    there = np.array([True, False, True, False, False, True, False])
    assert is_lone(there, np.flatnonzero(~there)).tolist() == [True, False, False, False]
