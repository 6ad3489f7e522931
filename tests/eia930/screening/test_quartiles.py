# SPDX-License-Identifier: Apache-2.0

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from eia930.screening.quartiles import RollingIqr, interquartile_range
from eia930.screening.rolling import rolling_median, same_hour_median
from tests.eia930.checks import brute

numbers = st.one_of(st.just(np.nan), st.integers(-50, 50).map(float), st.floats(-1e9, 1e9))
series = hnp.arrays(np.float64, st.integers(0, 330), elements=numbers)


@settings(max_examples=25, deadline=None)
@given(series)
def test_exact_range_is_that_of_numpy(values: NDArray[np.float64]) -> None:
    found = RollingIqr(values).at(np.arange(values.size))
    np.testing.assert_allclose(found, brute.windowed(values, 240, "iqr"), rtol=1e-12, atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(series)
def test_the_bound_is_never_above_the_range(values: NDArray[np.float64]) -> None:
    iqr = RollingIqr(values)
    exact, bound = iqr.at(np.arange(values.size)), iqr.lower_bound()
    assert bound.shape == values.shape
    assert (bound >= 0).all()
    known = ~np.isnan(exact)
    assert (bound[known] <= exact[known] * (1 + 1e-12) + 1e-6).all()


def test_the_bound_is_worth_its_cost() -> None:
    values = np.random.default_rng(3).normal(size=5000)
    iqr = RollingIqr(values)
    assert np.median(iqr.lower_bound() / iqr.at(np.arange(5000))) > 0.5


@settings(max_examples=20, deadline=None)
@given(series, st.sampled_from([48, 240]))
def test_rolling_median_is_that_of_numpy(values: NDArray[np.float64], window: int) -> None:
    np.testing.assert_allclose(rolling_median(values, window), brute.windowed(values, window, "median"), atol=1e-300)


@settings(max_examples=20, deadline=None)
@given(series)
def test_same_hour_median_is_that_of_numpy(values: NDArray[np.float64]) -> None:
    np.testing.assert_allclose(same_hour_median(values, 10), brute.template(values), atol=1e-300)


@settings(max_examples=20, deadline=None)
@given(series)
def test_range_of_a_whole_series(values: NDArray[np.float64]) -> None:
    present = values[~np.isnan(values)]
    expected = np.subtract(*np.percentile(present, [75, 25])) if present.size else np.nan
    np.testing.assert_allclose(interquartile_range(values), expected)
