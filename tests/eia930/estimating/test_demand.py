# SPDX-License-Identifier: Apache-2.0
"""Laws of estimates, on made loads of four areas that share their weather."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from eia930.estimating.demand import estimate
from eia930.reference.hours import parse_hour

Real = NDArray[np.float64]
FIRST = parse_hour("2018-01-01")
HOURS = 4 * 8766
LATE = parse_hour("2021-01-01") - FIRST


def loads(seed: int = 0) -> tuple[Real, Real, Real]:
    """Demand as it was, demand with gaps, and forecasts: whole MW, [4, hours]."""
    chance, hours = np.random.default_rng(seed), np.arange(HOURS)
    weather = np.convolve(chance.normal(size=HOURS + 71), np.ones(72) / 9, "valid")
    own = np.stack([np.convolve(chance.normal(size=HOURS + 11), np.ones(12) / 12, "valid") for _ in range(4)])
    course = 200 * np.sin(hours * np.pi / 12) + 150 * np.cos(hours * 2 * np.pi / 8766)
    truth = np.round(np.array([[1.0], [2.0], [0.5], [4.0]]) * (1000 + course + 80 * weather + 20 * own))
    forecast = np.round(truth * (1 + chance.normal(scale=0.03, size=truth.shape)))
    demand = truth.copy()
    for row in range(4):
        for length in (1, 1, 1, 3, 24, 168, 1000):
            begin = int(chance.integers(200, HOURS - 1200))
            demand[row, begin : begin + length] = np.nan
    demand[:, 9000:9005] = np.nan
    forecast[2, 12000:20000] = np.nan
    return truth, demand, forecast


TRUTH, DEMAND, FORECAST = loads()


@pytest.fixture(scope="module")
def found() -> Real:
    return estimate(DEMAND, FORECAST, first=FIRST)


def test_given_just_where_nothing_stands_whole_and_within_what_was(found: Real) -> None:
    assert (np.isnan(found) == ~np.isnan(DEMAND)).all()
    gaps = np.isnan(DEMAND)
    assert (found[gaps] == np.round(found[gaps])).all()
    for row in range(4):
        mine = found[row, gaps[row]]
        assert np.nanmin(DEMAND[row]) <= mine.min() <= mine.max() <= np.nanmax(DEMAND[row])


def test_close_to_what_was(found: Real) -> None:
    gaps = np.isnan(DEMAND)
    assert np.mean(np.abs(found - TRUTH)[gaps] / TRUTH[gaps]) < 0.02


def test_nothing_outside_a_year_and_the_two_beside_it_changes_it(found: Real) -> None:
    other = DEMAND.copy()
    other[0, LATE + 10 : LATE + 500] = np.nan
    other[1, LATE + 2000 :: 7] *= 3
    again = estimate(other, np.where(np.arange(HOURS) < LATE, FORECAST, FORECAST * 2), first=FIRST)
    until = parse_hour("2020-01-01") - FIRST
    np.testing.assert_array_equal(found[:, :until], again[:, :until])


def test_a_barred_series_tells_nothing(found: Real) -> None:
    barred = np.zeros((4, 4), bool)
    barred[0, 3] = True
    other = DEMAND.copy()
    other[3] = np.where(np.isnan(other[3]), np.nan, other[3] + np.random.default_rng(5).integers(0, 900, HOURS))
    one, two = (estimate(each, FORECAST, first=FIRST, barred=barred) for each in (DEMAND, other))
    np.testing.assert_array_equal(one[0], two[0])
    assert (one[0] != found[0])[np.isnan(DEMAND[0])].any()


def test_nothing_is_said_of_what_hardly_is() -> None:
    demand = DEMAND.copy()
    demand[0] = np.nan
    demand[0, 100:200] = 50
    assert np.isnan(estimate(demand, FORECAST, first=FIRST)[0]).all()


def test_the_same_bytes_by_one_thread_and_by_two(found: Real) -> None:
    program = (
        "import hashlib; from eia930.estimating.demand import estimate;"
        "from tests.eia930.estimating.test_demand import DEMAND, FORECAST, FIRST;"
        "print(hashlib.sha256(estimate(DEMAND, FORECAST, first=FIRST).tobytes()).hexdigest())"
    )
    for threads in ("1", "2"):
        env = {**os.environ, "OPENBLAS_NUM_THREADS": threads}
        told = subprocess.run([sys.executable, "-c", program], env=env, check=True, capture_output=True, text=True)
        assert told.stdout.strip() == hashlib.sha256(found.tobytes()).hexdigest()


def test_shapes_must_agree() -> None:
    with pytest.raises(ValueError, match="want the same series and hours"):
        estimate(DEMAND, FORECAST[:3], first=FIRST)


def test_an_empty_record_has_none() -> None:
    assert estimate(np.empty((0, 5)), np.empty((0, 5)), first=FIRST).shape == (0, 5)
