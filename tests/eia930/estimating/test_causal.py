# SPDX-License-Identifier: Apache-2.0
"""Laws of causal fills, on made loads of four areas that share their weather."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from eia930.estimating.causal.filling import REACH, Fills, Standing, earlier, filled
from eia930.estimating.causal.method import causal_estimates
from eia930.estimating.causal.output import DemandFills, demand_fills
from eia930.reference.hours import parse_hour
from eia930.store.storage import Storage
from tests.eia930.estimating.test_demand import loads

Real = NDArray[np.float64]
FIRST = parse_hour("2018-01-01")
HOURS = 2 * 8760
QUARTER = parse_hour("2018-04-01") - FIRST
TRUTH, DEMAND, FORECAST = (part[:, 6000 : 6000 + HOURS] for part in loads())


def standing(demand: Real, forecast: Real, first: int = FIRST) -> Standing:
    return Standing(first=first, demand=demand, forecast=forecast, barred=np.zeros((len(demand),) * 2, bool))


def dense(demand: Real, forecast: Real, first: int = FIRST) -> Real:
    """Fills where they go: float64[series, hours], NaN elsewhere."""
    out = np.full(demand.shape, np.nan)
    for row, fills in enumerate(filled(standing(demand, forecast, first))):
        out[row, fills.hour - first] = fills.value
    return out


@pytest.fixture(scope="module")
def found() -> Real:
    return dense(DEMAND, FORECAST)


def ages(demand: Real) -> NDArray[np.int64]:
    """Hours since the last that stands, 0 where one does; far more than any before the first."""
    hours = np.arange(demand.shape[1])
    last = np.maximum.accumulate(np.where(np.isnan(demand), -(10**9), hours), axis=1)
    return np.asarray(hours - last)


def test_given_where_nothing_stands_for_a_month_and_nowhere_else(found: Real) -> None:
    age = ages(DEMAND)
    np.testing.assert_array_equal(~np.isnan(found), (age > 0) & (age <= REACH))
    assert (age > REACH).any()


def test_close_to_what_was(found: Real) -> None:
    given, late = ~np.isnan(found), np.arange(HOURS) >= QUARTER
    for some, most in ((given & late, 0.04), (given & ~late, 0.15)):
        assert np.mean(np.abs(found - TRUTH)[some] / TRUTH[some]) < most


def after(now: int, seed: int, demand: Real, forecast: Real) -> tuple[Real, Real]:
    """The same record up to hour `now`, with another future: other values and gaps, in demand from `now` on."""
    chance = np.random.default_rng(seed)
    demand, forecast = demand.copy(), forecast.copy()
    later = demand[:, now:]
    later[:] = np.round(chance.uniform(-1e6, 1e6, later.shape))
    later[chance.random(later.shape) < chance.random()] = np.nan
    forecast[:, now + 1 :] = chance.uniform(-1e6, 1e6, forecast[:, now + 1 :].shape)
    return demand, forecast


@pytest.mark.parametrize("seed", range(8))
def test_no_later_hour_of_any_series_changes_a_fill(seed: int, found: Real) -> None:
    """Demand of the hour itself and later, and forecasts later than the hour, may be anything."""
    chance = np.random.default_rng(seed)
    gaps = np.flatnonzero(~np.isnan(found).all(axis=0) & np.isnan(DEMAND).any(axis=0))
    now = int(chance.choice(gaps))
    demand, forecast = after(now, seed, DEMAND, FORECAST)
    demand[np.isnan(DEMAND[:, now]), now] = np.nan
    again = dense(demand, forecast)
    np.testing.assert_array_equal(found[:, :now], again[:, :now])
    mine = np.isnan(DEMAND[:, now])
    np.testing.assert_array_equal(found[mine, now], again[mine, now])


def test_a_record_that_ends_sooner_has_the_same_fills(found: Real) -> None:
    for end in (900, QUARTER + 1, HOURS - 700):
        np.testing.assert_array_equal(dense(DEMAND[:, :end], FORECAST[:, :end]), found[:, :end])


@st.composite
def records(draw: st.DrawFn) -> tuple[Real, Real, int]:
    """Demand and forecasts of a few series with any gaps, some with values that nobody would trust."""
    chance = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    series, hours = draw(st.integers(1, 3)), draw(st.integers(1, 5000))
    level = chance.uniform(-50, 1e5) * draw(st.sampled_from([0.0, 1.0, 1e3]))
    values = level * (1 + draw(st.sampled_from([0.0, 0.1, 3.0])) * chance.normal(size=(2 * series, hours)))
    values = np.round(values).astype(np.float32).astype(np.float64)
    for row in values:
        row[chance.random(hours) < draw(st.sampled_from([0.0, 0.05, 0.9, 1.0]))] = np.nan
        begin = int(chance.integers(hours))
        row[begin : begin + int(chance.integers(2000))] = np.nan
    return values[:series], values[series:], draw(st.integers(-(10**6), 10**6))


@settings(max_examples=60, deadline=None)
@given(records())
def test_fills_are_finite_whole_and_within_what_was_up_to_then(record: tuple[Real, Real, int]) -> None:
    demand, forecast, first = record
    fills = dense(demand, forecast, first)
    age = ages(demand)
    np.testing.assert_array_equal(~np.isnan(fills), (age > 0) & (age <= REACH))
    assert not np.isinf(fills).any()
    given_ = ~np.isnan(fills)
    low, high = (op.accumulate(demand, axis=1) for op in (np.fmin, np.fmax))
    assert (fills >= low)[given_].all()
    assert (fills <= high)[given_].all()
    assert (fills == np.round(fills))[given_].all()


def test_a_like_hour_of_before_serves_where_too_little_stood() -> None:
    values = np.arange(2000.0)
    values[1500:] = np.nan
    at = np.array([1500, 1501 + 168, 1990])
    assert earlier(values, at).tolist() == [1332.0, 1669.0 - 336, 1990.0 - 504]
    short = np.array([5.0, np.nan, np.nan, 7.0, np.nan])
    assert earlier(short, np.array([1, 2, 4])).tolist() == [5.0, 5.0, 7.0]
    assert np.isnan(earlier(np.full(3, np.nan), np.array([1]))).all()


def test_a_barred_series_tells_nothing() -> None:
    barred = np.zeros((4, 4), bool)
    barred[0, 3] = True
    other = DEMAND.copy()
    other[3] += np.random.default_rng(5).integers(0, 900, HOURS)
    one, two = (
        next(filled(Standing(first=FIRST, demand=each, forecast=FORECAST, barred=barred))) for each in (DEMAND, other)
    )
    np.testing.assert_array_equal(one.value, two.value)
    free = next(filled(standing(DEMAND, FORECAST)))
    assert (free.value != one.value).any()


def digest(fills: list[Fills]) -> str:
    return hashlib.sha256(b"".join(one.hour.tobytes() + one.value.tobytes() for one in fills)).hexdigest()


def test_the_same_bytes_by_one_thread_and_by_two() -> None:
    program = (
        "from tests.eia930.estimating.test_causal import *; print(digest(list(filled(standing(DEMAND, FORECAST)))))"
    )
    told = set()
    for threads in ("1", "2"):
        env = {**os.environ, "OPENBLAS_NUM_THREADS": threads}
        done = subprocess.run([sys.executable, "-c", program], env=env, check=True, capture_output=True, text=True)
        told.add(done.stdout.strip())
    assert told == {digest(list(filled(standing(DEMAND, FORECAST))))}


def test_shapes_must_agree_and_nothing_is_said_of_nothing() -> None:
    with pytest.raises(ValueError, match="want the same series and hours"):
        next(causal_estimates(DEMAND, FORECAST[:3], np.isnan(DEMAND), first=FIRST))
    assert list(filled(standing(np.empty((0, 5)), np.empty((0, 5))))) == []
    (one,) = filled(standing(np.empty((1, 0)), np.empty((1, 0))))
    assert one.hour.size == 0


NAMES = ("EBA.ERCO-ALL.D.H", "EBA.ERCO-ALL.DF.H", "EBA.ERCO-ALL.NG.H", "EBA.ERCO-COAS.D.H", "EBA.TEX-ALL.D.H")


def load(name: str, first: int, hours: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """ERCO, its forecast, a sub-region and the region; nothing else may be asked for. One value is no number."""
    rows = {NAMES[0]: DEMAND[0], NAMES[1]: FORECAST[0], NAMES[3]: DEMAND[2], NAMES[4]: DEMAND[3]}
    value = rows[name][first - FIRST : first - FIRST + hours].astype(np.float32)
    value[3] = np.inf
    return value, ~np.isnan(value)


def test_fills_that_are_remembered_are_those_of_nobody_s_memory(tmp_path: Path) -> None:
    storage, last = Storage.at(str(tmp_path)), FIRST + HOURS - 1
    for end in (last - 1, last, last):
        kept = demand_fills(NAMES, load, first=FIRST, last=end, storage=storage)
        assert kept.to_bytes() == demand_fills(NAMES, load, first=FIRST, last=end).to_bytes()
    assert storage.list("raw/filled")


def test_fills_of_an_output_are_of_its_demand_alone_and_can_be_kept() -> None:
    fills = demand_fills(NAMES, load, first=FIRST, last=FIRST + HOURS - 1)
    assert list(fills.by_series) == [NAMES[0], NAMES[3], NAMES[4]]
    again = DemandFills.of_bytes(fills.to_bytes())
    assert again.to_bytes() == fills.to_bytes()
    for name in NAMES:
        for first, hours in ((FIRST, HOURS), (FIRST + 5000, 700), (FIRST + HOURS, 9)):
            hour, value = fills(name, first, hours)
            assert [part.tobytes() for part in again(name, first, hours)] == [hour.tobytes(), value.tobytes()]
            assert hour.dtype == np.int64
            assert value.dtype == np.float32
            assert ((hour >= first) & (hour < first + hours)).all()
            assert np.isfinite(value).all()
            assert (fills.told(name, first, first + hours) == "") == (len(hour) == 0)
    hour, _ = fills(NAMES[0], FIRST, 5)
    assert hour.tolist() == [FIRST + 3]
    assert demand_fills([NAMES[2]], load, first=FIRST, last=FIRST + 5).by_series == {}
