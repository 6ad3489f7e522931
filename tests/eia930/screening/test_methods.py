# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from eia930.reference.series import parse_series
from eia930.screening.demand import FLAGS, screen
from eia930.screening.methods import Method, screen_series, steps_for
from eia930.screening.signed import screen_signed

RUN, OUTLIER = FLAGS.index("identical_run"), FLAGS.index("global_outlier")


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("EBA.PACW-ALL.D.H", Method.DEMAND),
        ("EBA.US48-ALL.D.H", Method.DEMAND),
        ("EBA.CISO-PGAE.D.H", Method.DEMAND),
        ("EBA.ISNE-4001.D.H", Method.DEMAND),
        ("EBA.PACW-ALL.DF.H", Method.FORECAST),
        ("EBA.PACW-ALL.NG.H", Method.SIGNED),
        ("EBA.PACW-ALL.TI.H", Method.SIGNED),
        ("EBA.PACW-ALL.NG.WND.H", Method.SIGNED),
        ("EBA.PACW-ALL.NG.NG.H", Method.SIGNED),
        ("EBA.TVA-ALL.NG.PS.H", Method.SIGNED),
        ("EBA.TVA-ALL.NG.NUC.H", Method.STEADY),
        ("EBA.BPAT-PACW.ID.H", Method.STEADY),
    ],
)
def test_the_name_decides(name: str, method: Method) -> None:
    assert steps_for(parse_series(name)) is method


@pytest.mark.parametrize("name", ["", "EBA.PACW-ALL.STEAM.COL.H", "EBA.PACW-ALL.D.HL", "EBA.A-B.C.D.E.H"])
def test_of_a_name_that_no_route_has_nothing_is_doubted(name: str) -> None:
    found = screen_series(name, np.array([-5.0, 0.0, 1e9, np.nan]))
    assert not found.code.any()
    assert np.isnan([found.g, found.iqr_r]).all()


def test_a_real_day_of_generation_and_interchange_has_no_false_alarm(day: dict[str, NDArray[np.float64]]) -> None:
    signed = {
        name: values for name, values in day.items() if steps_for(parse_series(name)) in (Method.SIGNED, Method.STEADY)
    }
    assert len(signed) == 701
    assert [name for name, values in signed.items() if screen_series(name, values).code.any()] == []


def test_what_it_flags_in_real_demand_the_published_method_flags_too(years: dict[str, NDArray[np.float64]]) -> None:
    found = extra = 0
    for name, values in years.items():
        if name.endswith(".D.H"):
            flagged = screen_signed(values).code > 0
            found += int(np.count_nonzero(flagged))
            extra += int(np.count_nonzero(flagged & (screen(values).code == 0)))
    assert found > 1500
    assert extra == 0


def wind(hours: int = 2000) -> NDArray[np.float64]:
    chance = np.random.default_rng(7)
    power: NDArray[np.float64] = np.round(np.abs(300 + chance.normal(0, 40, hours).cumsum() % 500) - 50)
    return power


def test_planted_faults_are_found_and_only_there() -> None:
    values = wind()
    assert not screen_signed(values).code.any()
    values[100] = -2_147_480_000
    values[1000:1168] = values[1000]
    code = screen_signed(values).code
    assert code[100] == OUTLIER
    assert (code[1002:1168] == RUN).all()
    assert np.count_nonzero(code) == 1 + 166
    assert np.flatnonzero(screen_signed(values, stands_still=True).code).tolist() == [100]


def test_legal_shapes_are_left_alone() -> None:
    at = np.arange(24 * 60)
    night_and_day = np.round(np.maximum(0, 500 * np.sin((at % 24 - 6) * np.pi / 12)))
    storage = np.where(at % 24 < 6, -200.0, np.where(at % 24 > 17, 180.0, 0.0))
    idle_tie = np.where(at % 500 < 8, 40.0, 0.0)
    schedule = np.repeat([100.0, 250.0, 100.0, 0.0], at.size // 4)
    cold_spell = np.where((at > 600) & (at < 611), 3000.0 + at % 11, 20.0 + at % 7)
    for values in (night_and_day, storage, idle_tie, schedule, cold_spell, -cold_spell):
        assert not screen_signed(values).code.any()


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(np.float64, st.integers(0, 200), elements=st.one_of(st.just(np.nan), st.floats(-1e9, 1e9))),
    st.integers(-20, 20),
)
def test_sign_and_unit_do_not_matter(values: NDArray[np.float64], power: int) -> None:
    values = np.where(np.abs(values) < 1e-3, 0, values)  # a denormal number does not scale
    code = screen_signed(values).code
    np.testing.assert_array_equal(screen_signed(-values).code, code)
    np.testing.assert_array_equal(screen_signed(values * 2.0**power).code, code)
    assert not code[np.isnan(values) | (values == 0)].any()
