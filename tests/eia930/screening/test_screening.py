# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from eia930.reference.hours import parse_hour
from eia930.reference.routes import REGION
from eia930.screening.confusion import confusion
from eia930.screening.demand import FLAGS, screen, screen_forecast
from eia930.screening.frames import Frames
from tests.eia930.checks import brute
from tests.eia930.made import frames, world

CODE = {name: code for code, name in enumerate(FLAGS)}


def course(hours: int, seed: int = 0) -> NDArray[np.float64]:
    chance = np.random.default_rng(seed)
    at = np.arange(hours)
    return np.round(1000 + 200 * np.sin(at * np.pi / 12) + chance.normal(0, 15, hours))


@st.composite
def faulty(draw: st.DrawFn) -> NDArray[np.float64]:
    """A daily course with holes, spikes, jumps of level, flat runs and negatives."""
    hours = draw(st.integers(49, 420))
    demand = course(hours, draw(st.integers(0, 2**32 - 1)))
    for _ in range(draw(st.integers(0, 12))):
        start, length = draw(st.integers(0, hours - 1)), draw(st.integers(1, 30))
        part = slice(start, start + length)
        fault = draw(st.sampled_from(["hole", "times", "flat", "negative", "level"]))
        if fault == "hole":
            demand[part] = np.nan
        elif fault == "times":
            demand[start] *= draw(st.sampled_from([0.1, 0.5, 1.3, 2.0, 12.0, 1e6]))
        elif fault == "flat":
            demand[part] = demand[start]
        elif fault == "negative":
            demand[start] = -demand[start]
        else:
            demand[part] *= draw(st.sampled_from([0.6, 1.25, 1.6]))
    return demand


def test_published_labels_are_reproduced(recorded: Path) -> None:
    matrix = confusion(
        recorded / "demand-screening-labels_2015-07_2020-07.parquet",
        recorded / "region-data_2015-07_2020-07.parquet",
        first=parse_hour("2015-07-01T00"),
        last=parse_hour("2020-07-01T23"),
    )
    assert matrix.sum() == 2_367_792
    assert matrix.sum() - np.trace(matrix) == 0
    assert (np.diag(matrix)[1:] > 100).all()  # every class occurs, so every step was put to the test


def sparse(values: int) -> NDArray[np.float64]:
    """So many hours with a value, in two parts of three days."""
    demand = course(72)
    demand[values - 4 : -4] = np.nan
    return demand


@settings(max_examples=30, deadline=None)
@given(faulty())
@example(sparse(23))
@example(sparse(24))
def test_equals_the_recipe_read_hour_by_hour(demand: NDArray[np.float64]) -> None:
    np.testing.assert_array_equal(screen(demand).code, brute.screen(demand))


@settings(max_examples=25, deadline=None)
@given(faulty())
def test_values_stay_and_a_second_pass_is_the_same(demand: NDArray[np.float64]) -> None:
    before = demand.copy()
    demand.flags.writeable = False
    first, second = screen(demand), screen(demand)
    np.testing.assert_array_equal(demand, before)
    np.testing.assert_array_equal(first.code, second.code)
    assert not first.code[np.isnan(demand)].any()


@settings(max_examples=25, deadline=None)
@given(faulty(), st.integers(-20, 20))
def test_the_unit_does_not_matter(demand: NDArray[np.float64], power: int) -> None:
    """Powers of two scale without rounding, so the flags must be the same to the last hour."""
    plain, scaled = screen(demand), screen(demand * 2.0**power)
    np.testing.assert_array_equal(plain.code, scaled.code)
    np.testing.assert_equal(scaled.g, plain.g * 2.0**power)
    np.testing.assert_equal(scaled.iqr_r, plain.iqr_r)


@pytest.mark.parametrize("hours", [0, 1, 2, 3, 23, 24, 25, 47, 48, 49, 100, 239, 240, 479, 481, 600])
@pytest.mark.parametrize("kind", ["missing", "constant", "zero", "negative", "rising", "one"])
def test_degenerate_series_pass_without_warnings(hours: int, kind: str) -> None:
    series = {
        "missing": np.full(hours, np.nan),
        "constant": np.full(hours, 7.0),
        "zero": np.zeros(hours),
        "negative": np.full(hours, -3.0),
        "rising": np.arange(1.0, hours + 1),
        "one": np.where(np.arange(hours) == hours // 2, 5.0, np.nan),
    }[kind]
    found = screen(series)
    assert found.code.dtype == np.uint8
    assert found.code.size == hours
    if kind == "missing":
        assert not found.code.any()
    if kind in ("zero", "negative"):
        assert (found.code == CODE["negative_or_zero"]).all()
    if kind == "constant" and hours > 2:
        assert (found.code[2:] == CODE["identical_run"]).all()


def test_a_short_clean_frame_is_not_an_anomalous_region() -> None:
    for hours in (24, 25, 48, 49, 60):
        assert not screen(course(hours)).code.any()


@pytest.mark.parametrize("present", range(1, 25))
@pytest.mark.parametrize("frame", [0, 24, 48, 900])
def test_a_few_hours_are_not_held_against_themselves(present: int, frame: int) -> None:
    """Whether they stand alone in their frame, or at its end."""
    demand = np.concatenate((np.full(frame, np.nan), course(present)))
    assert not screen(demand).code.any()
    assert not screen_forecast(demand).code.any()
    demand[-1] = -1.0
    assert screen(demand).code[-1] == CODE["negative_or_zero"]


def test_each_fault_gets_its_name() -> None:
    demand = course(1000)
    demand[100], demand[200:210], demand[300], demand[500] = 0.0, demand[200], 2_147_480_000.0, 1900.0
    code = screen(demand).code
    assert code[100] == CODE["negative_or_zero"]
    assert (code[202:210] == CODE["identical_run"]).all()
    assert code[299:302].tolist() == [CODE[f"global_outlier{end}"] for end in ("_neighbor", "", "_neighbor")]
    assert code[500] == CODE["local_outlier_high"]
    assert np.count_nonzero(code) == 13


@pytest.fixture(params=["made", pytest.param("recorded", marks=pytest.mark.recorded)])
def miso(request: pytest.FixtureRequest) -> NDArray[np.float64]:
    """Demand of MISO's area in 2,000 hours without a fault, as the emulator's world has it and as it was."""
    if request.param == "recorded":
        years: Frames = request.getfixturevalue("years")
        return years["EBA.MISO-ALL.D.H"][-2000:].copy()
    last = parse_hour("2020-07-01T23")
    return frames(world(last=last), [REGION], first=last - 1999, last=last, codes={"MISO"})["EBA.MISO-ALL.D.H"]


def test_a_frozen_week_of_demand_is_an_identical_run_and_only_there(miso: NDArray[np.float64]) -> None:
    demand = miso
    assert not screen(demand).code.any()
    demand[600:768] = demand[600]
    code = screen(demand).code
    assert (code[602:768] == CODE["identical_run"]).all()
    assert not code[:590].any()
    assert not code[790:].any()


def test_a_forecast_that_changes_its_level_for_good_is_left_alone(years: dict[str, NDArray[np.float64]]) -> None:
    forecast = years["EBA.CENT-ALL.DF.H"]
    assert np.count_nonzero(screen(forecast).code) > 10_000
    assert np.count_nonzero(screen_forecast(forecast).code) < 400
