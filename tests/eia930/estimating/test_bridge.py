# SPDX-License-Identifier: Apache-2.0
"""What is carried into a gap from a series' own hours stays within what they say, however few of them are known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from eia930.estimating.learning.bridge import BESIDE, DAYS, REACH, autocovariance, kriged, own_hours

Real = NDArray[np.float64]


def wandering(hours: int, seed: int) -> Real:
    """A residual that moves slowly, in multiples of 2⁻¹⁴."""
    chance = np.random.default_rng(seed)
    moved = np.convolve(chance.normal(size=hours + 23), np.ones(24) / 24, "valid") * 0.1
    return np.round(moved * 2**14) / 2**14


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5, 1.0])
def test_the_covariance_is_positive_definite_however_few_hours_are_known(share: float) -> None:
    residual = wandering(6000, 1)
    # Known in stretches, as where all of many signals must stand.
    known = np.repeat(np.random.default_rng(2).random(6000 // 6) < share, 6)
    covariance = autocovariance(np.where(known, residual, np.nan))
    assert covariance[0] == 1
    apart = np.abs(np.subtract.outer(np.arange(REACH), np.arange(REACH)))
    assert np.linalg.eigvalsh(covariance[apart]).min() > -1e-4  # it is rounded


def test_what_is_carried_into_a_gap_is_near_what_stands_beside_it() -> None:
    residual = wandering(4000, 3)
    known = np.repeat(np.random.default_rng(4).random(1000) < 0.3, 4)
    covariance = autocovariance(np.where(known, residual, np.nan))
    hidden = np.arange(500, 3500, 37)
    there = np.ones(4000, bool)
    there[hidden] = False
    found = kriged(np.where(there, residual, np.nan), hidden, own_hours(there, hidden, ahead=True), covariance)
    assert np.abs(found - residual[hidden]).max() < 0.1 * np.ptp(residual)


def test_hours_whose_own_hours_lie_alike_are_told_as_if_each_were_alone() -> None:
    residual, covariance = wandering(4000, 5), autocovariance(wandering(4000, 5))
    there = np.random.default_rng(6).random(4000) < 0.9
    residual[~there] = np.nan
    gaps = np.flatnonzero(~there)
    points = own_hours(there, gaps, ahead=True)
    assert points.shape == (gaps.size, 2 * (BESIDE + len(DAYS)))
    together = kriged(residual, gaps, points, covariance)
    for one in range(0, gaps.size, 20):
        alone = kriged(residual, gaps[one : one + 1], points[one : one + 1], covariance)
        assert alone == together[one]


def test_nothing_known_carries_nothing() -> None:
    nothing = np.full(1000, np.nan)
    assert not autocovariance(nothing).any()
    assert not kriged(nothing, np.array([5, 6]), np.array([[-1, 3], [7, -1]]), np.zeros(REACH)).any()
    assert kriged(nothing, np.zeros(0, np.intp), np.zeros((0, 18), np.intp), np.zeros(REACH)).shape == (0,)
