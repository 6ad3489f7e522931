# SPDX-License-Identifier: Apache-2.0
"""Laws of the filling, whatever is missing: given where wanted alone, finite, and within what the series ever was."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eia930.estimating.areas import barred
from eia930.estimating.demand import estimates
from eia930.estimating.filling import METHODS, Gathered, filled, same_hour
from eia930.reference.hours import parse_hour
from eia930.reference.routes import REGION, SUBREGION
from eia930.reference.series import SeriesKey
from tests.eia930.estimating.test_demand import DEMAND, FIRST, FORECAST

SHORT = 40 * 24


@st.composite
def outputs(draw: st.DrawFn) -> Gathered:
    """Three series of at most 40 days, some hours of each gone, some of those with a figure of EIA's."""
    chance = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    hours = draw(st.integers(1, SHORT))
    first = parse_hour("2022-12-20") + draw(st.integers(0, 400))
    at = np.arange(hours)
    demand = np.round(1000 + 200 * np.sin(at * np.pi / 12) + 40 * chance.normal(size=(3, hours)))
    gone = chance.random((3, hours)) < draw(st.sampled_from([0.0, 0.02, 0.5, 0.97]))
    begin = draw(st.integers(0, hours - 1))
    gone[0, begin : begin + draw(st.integers(0, 400))] = True
    wanted = [np.flatnonzero(row) for row in gone]
    eia = [np.where(chance.random(len(one)) < 0.3, 1000.0, np.nan) for one in wanted]
    stands = np.where(gone, np.nan, demand)
    forecast = np.where(chance.random((3, hours)) < 0.1, np.nan, demand + 20)
    return Gathered(
        first=first, demand=stands, forecast=forecast, wanted=wanted, eia=eia, barred=np.zeros((3, 3), bool)
    )


@given(outputs())
@settings(max_examples=60, deadline=None)
def test_every_hour_wanted_has_one_that_is_within_what_was(of: Gathered) -> None:
    for row, found in enumerate(filled(of)):
        stands, wanted, eia = of.demand[row], of.wanted[row], of.eia[row]
        if np.isnan(stands).all():
            assert len(found.hour) == np.count_nonzero(~np.isnan(eia))
            continue
        assert found.hour.tolist() == (of.first + wanted).tolist()
        assert np.isfinite(found.value).all()
        by_eia = found.by == METHODS.index("eia")
        assert by_eia.tolist() == (~np.isnan(eia)).tolist()
        assert found.value[by_eia].tolist() == eia[by_eia].tolist()
        ours = found.value[~by_eia]
        assert ((ours >= np.nanmin(stands)) & (ours <= np.nanmax(stands))).all()
        assert sum(found.counts.values()) == len(wanted)


def test_an_hour_s_estimate_is_the_same_whichever_others_are_wanted() -> None:
    every = dict_of(None)
    some = np.random.default_rng(3).random(DEMAND.shape) < 0.2
    few = dict_of(some & np.isnan(DEMAND))
    assert len(few) > 100
    assert few == {place: every[place] for place in few}


def dict_of(wanted: np.ndarray | None) -> dict[tuple[int, int], float]:
    found = {}
    for give, values in estimates(DEMAND, FORECAST, first=FIRST, wanted=wanted):
        for row, column in np.argwhere(~np.isnan(values)).tolist():
            found[row, give.start + column] = float(values[row, column])
    return found


def test_a_window_in_which_nothing_is_wanted_is_passed_over() -> None:
    wanted = np.zeros(DEMAND.shape, bool)
    wanted[0, np.flatnonzero(np.isnan(DEMAND[0]))[0]] = True
    assert len(list(estimates(DEMAND, FORECAST, first=FIRST, wanted=wanted))) == 1


def test_the_same_hour_of_the_days_beside() -> None:
    values = np.array([float(day * 10 + hour) for day in range(5) for hour in range(24)])
    gone = values.copy()
    gone[30:80] = np.nan
    assert same_hour(gone, np.arange(30, 80)).tolist() == values[30:80].tolist()
    assert same_hour(np.array([np.nan, 2.0, np.nan]), np.array([0, 2])).tolist() == [2.0, 2.0]
    assert np.isnan(same_hour(np.full(5, np.nan), np.array([1]))).all()


@pytest.mark.parametrize(
    ("part", "whole", "is_barred"),
    [
        (("BPAT", "D"), ("NW", "D"), True),
        (("BPAT", "D"), ("US48", "D"), True),
        (("NW", "D"), ("US48", "D"), True),
        (("NW", "D"), ("BPAT", "D"), False),
        (("US48", "D"), ("NW", "D"), False),
        (("BPAT", "D"), ("CAL", "D"), False),
        (("CISO", "PGAE"), ("CISO", "D"), False),
        (("CISO", "PGAE"), ("CAL", "D"), False),
    ],
)
def test_a_sum_does_not_tell_of_its_part(part: tuple[str, str], whole: tuple[str, str], *, is_barred: bool) -> None:
    keys = [SeriesKey(REGION if kind == "D" else SUBREGION, code, kind) for code, kind in (part, whole)]
    assert barred(keys)[0, 1] == is_barred
