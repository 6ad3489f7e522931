# SPDX-License-Identifier: Apache-2.0
"""Each planted fault is found, under its own name, and nothing else is called broken."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from eia930.checks.all_checks import run_checks
from eia930.checks.asked import Asked
from eia930.checks.outcome import Check, Worst
from eia930.reference.hours import parse_hour
from eia930.reference.respondents import members, respondents, subregions
from eia930.reference.routes import FUEL, INTERCHANGE, REGION
from eia930.reference.series import parse_series
from eia930.screening.demand import FLAGS
from eia930.screening.methods import screen_series
from tests.eia930.made import frames as frames_of
from tests.eia930.made import world

Frames = dict[str, NDArray[np.float64]]

MEMBERS = {"CAR": ("CPLE", "CPLW", "DUK", "SC", "SCEG"), "DUK": ("EAST", "WEST", "NORTH")}
SYSTEM_FIRST = parse_hour("2019-08-12T00")
HOURS = 24 * 7 * 16  # the clocks change on 2019-11-03
YEARS_FIRST = parse_hour("2015-07-01T05")
DAY_FIRST = parse_hour("2022-07-10T00")
MADE_DAY = parse_hour("2019-07-10T00")
EITHER = ["made", pytest.param("recorded", marks=pytest.mark.recorded)]


@pytest.fixture(scope="module")
def made() -> Frames:
    """Demand and forecasts of the Carolinas, as the emulator's world has them."""
    last = SYSTEM_FIRST + HOURS - 1
    return frames_of(world(last=last), [REGION], first=SYSTEM_FIRST, last=last, codes=MEMBERS["CAR"])


@pytest.fixture(scope="module", params=EITHER)
def system(request: pytest.FixtureRequest) -> Frames:
    """Demand and forecasts of the Carolinas, made complete with flows, fuels and sub-regions that add up."""
    start = 0 if request.param == "made" else SYSTEM_FIRST - YEARS_FIRST
    years: Frames = request.getfixturevalue("made" if request.param == "made" else "years")
    frames: Frames = {}
    codes = MEMBERS["CAR"]
    at = np.arange(HOURS)
    for code in codes:
        for kind in ("D", "DF"):
            values = years[f"EBA.{code}-ALL.{kind}.H"][start : start + HOURS]
            frames[f"EBA.{code}-ALL.{kind}.H"] = np.interp(at, at[~np.isnan(values)], values[~np.isnan(values)])
    for number, (a, b) in enumerate(pairwise(codes)):
        chance = np.random.default_rng(number)
        flow = np.round(150 + 100 * np.sin(at / (9 + number)) + chance.normal(0, 20, HOURS))
        frames |= {f"EBA.{a}-{b}.ID.H": flow, f"EBA.{b}-{a}.ID.H": -flow}
    for code in codes:
        frames |= _generation(frames, code)
    demand, share = frames["EBA.DUK-ALL.D.H"], 0.45 + 0.05 * np.sin(at / 50)
    parts = {"EAST": demand * share, "WEST": demand * (0.9 - share), "NORTH": demand * 0.1}
    frames |= {f"EBA.DUK-{part}.D.H": np.round(values) for part, values in parts.items()}
    for kind in ("D", "NG", "TI"):
        frames |= {f"EBA.CAR-ALL.{kind}.H": _sum(frames[f"EBA.{code}-ALL.{kind}.H"] for code in codes)}
    return frames


def _sum(parts: Iterable[NDArray[np.float64]]) -> NDArray[np.float64]:
    return sum(parts, start=np.zeros(HOURS))


def _generation(frames: Frames, code: str) -> Frames:
    exchange = _sum(flow for name, flow in frames.items() if name.startswith(f"EBA.{code}-") and ".ID." in name)
    total = frames[f"EBA.{code}-ALL.D.H"] + exchange
    coal, gas = np.round(total * 0.3), np.round(total * 0.45)
    name = f"EBA.{code}-ALL"
    return {
        f"{name}.TI.H": exchange,
        f"{name}.NG.H": total,
        f"{name}.NG.COL.H": coal,
        f"{name}.NG.NG.H": gas,
        f"{name}.NG.NUC.H": total - coal - gas,
    }


def findings(frames: Mapping[str, NDArray[np.float64]], first: int = SYSTEM_FIRST) -> dict[str, set[str]]:
    return {c.name: {w.series_id for w in c.worst} for c in run_checks(frames, first, MEMBERS).checks if c.worst}


def found(frames: Frames, check: str) -> Check:
    return next(c for c in run_checks(frames, SYSTEM_FIRST, MEMBERS).checks if c.name == check)


def test_a_consistent_system_breaks_nothing_and_every_check_has_work(system: Frames) -> None:
    checks = run_checks(system, SYSTEM_FIRST, MEMBERS).checks
    assert len({c.name for c in checks}) == len(checks)
    assert all(c.hours_checked > 0 for c in checks)
    assert [c.name for c in checks if c.hours_broken or c.worst] == []


def test_the_page_on_quality_has_every_check(system: Frames) -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "quality.md").read_text("utf-8")
    assert [c.name for c in run_checks(system, SYSTEM_FIRST, MEMBERS).checks if f"`{c.name}`" not in page] == []


def delayed(values: NDArray[np.float64], part: slice, hours: int) -> NDArray[np.float64]:
    out = values.copy()
    out[part] = np.roll(values, hours)[part]
    return out


@pytest.mark.parametrize("hours", [1, -1, 3])
def test_demand_stamped_late_or_early_is_named_with_its_delay(system: Frames, hours: int) -> None:
    name = "EBA.DUK-ALL.D.H"
    planted = system | {name: delayed(system[name], slice(168 * 3, 168 * 9), hours)}
    assert findings(planted) == {
        "shifted_stamps": {name},
        "demand_balance": {name},
        "subregions": {name},
        "regions": {"EBA.CAR-ALL.D.H"},
    }
    worst = found(planted, "shifted_stamps").worst
    assert {w.found for w in worst} == {float(hours)}
    assert max(w.hours for w in worst) >= 168 * 4  # of six weeks; a week of flat load may hide it
    assert all(w.hour - SYSTEM_FIRST >= 168 * 3 and w.hours <= 168 * 6 for w in worst)


def test_a_shifted_forecast_is_told_from_shifted_demand(system: Frames) -> None:
    name = "EBA.SC-ALL.DF.H"
    planted = system | {name: delayed(system[name], slice(168 * 3, 168 * 9), 1)}
    assert findings(planted) == {"shifted_stamps": {name}}
    (worst,) = found(planted, "shifted_stamps").worst
    assert worst.found == 1.0


def test_shifted_generation_is_told_from_shifted_demand(system: Frames) -> None:
    name = "EBA.DUK-ALL.NG.H"
    planted = system | {name: delayed(system[name], slice(168 * 3, 168 * 9), 2)}
    assert findings(planted)["shifted_stamps"] == {name}
    assert {w.found for w in found(planted, "shifted_stamps").worst} == {2.0}


def test_a_shifted_subregion_is_named(system: Frames) -> None:
    name = "EBA.DUK-NORTH.D.H"
    planted = system | {name: delayed(system[name], slice(168 * 2, 168 * 9), 1)}
    assert findings(planted) == {"shifted_stamps": {name}}


def test_a_spike_of_int32_size(system: Frames) -> None:
    name = "EBA.DUK-ALL.NG.H"
    planted = system | {name: system[name].copy()}
    planted[name][1000] = 2_147_480_000
    assert findings(planted) == {"demand_balance": {name}, "generation_by_fuel": {name}, "regions": {name}}
    (worst,) = found(planted, "generation_by_fuel").worst
    expected = Worst(
        series_id=name,
        hour=SYSTEM_FIRST + 1000,
        expected=float(system[name][1000]),
        found=2_147_480_000.0,
        hours=1,
    )
    assert worst == expected
    code = screen_series(name, planted[name]).code
    assert np.flatnonzero(code).tolist() == [1000]
    assert FLAGS[code[1000]] == "global_outlier"


@pytest.mark.parametrize("hours", [1, 30])
@pytest.mark.parametrize(
    ("name", "check"),
    [
        ("EBA.DUK-ALL.NG.NUC.H", "generation_by_fuel"),
        ("EBA.DUK-SC.ID.H", "total_interchange"),
        ("EBA.SC-DUK.ID.H", "interchange_pairs"),
        ("EBA.DUK-WEST.D.H", "subregions"),
        ("EBA.SCEG-ALL.D.H", "regions"),
    ],
)
def test_a_spike_in_a_part_is_named_and_not_the_total(system: Frames, name: str, check: str, hours: int) -> None:
    planted = system | {name: system[name].copy()}
    planted[name][1000 : 1000 + hours] += 10_250_000
    worst = found(planted, check).worst
    assert [w.series_id for w in worst] == [name]
    at = worst[0].hour - SYSTEM_FIRST
    assert worst[0].hours == hours
    assert worst[0].found == planted[name][at]
    assert worst[0].expected == pytest.approx(system[name][at], abs=3)  # what the others leave for it


def test_a_part_and_the_total_each_keep_their_own_hours(system: Frames) -> None:
    part, total = "EBA.DUK-ALL.NG.NUC.H", "EBA.DUK-ALL.NG.H"
    planted = system | {part: system[part].copy(), total: system[total].copy()}
    planted[part][500] = 10_000_000
    planted[total][700:712] += 3_000
    check = found(planted, "generation_by_fuel")
    assert [(w.series_id, w.hours) for w in check.worst] == [(part, 1), (total, 12)]
    assert check.hours_broken == 13


def test_a_spike_in_a_record_of_two_days(system: Frames) -> None:
    """No ten days to each side: the hours around must do."""
    name = "EBA.DUK-ALL.NG.NUC.H"
    planted = {key: values[:48].copy() for key, values in system.items()}
    planted[name][20] = 10_285_692
    assert findings(planted)["generation_by_fuel"] == {name}


@pytest.mark.parametrize("name", ["EBA.DUK-SC.ID.H", "EBA.SC-DUK.ID.H"])
def test_a_swapped_sign_is_named_on_the_right_side(system: Frames, name: str) -> None:
    planted = system | {name: system[name].copy()}
    planted[name][400:1100] *= -1
    assert findings(planted) == {
        "swapped_sign": {name},
        "interchange_pairs": {"EBA.DUK-SC.ID.H"},
        "total_interchange": {f"EBA.{name[4:].split('-')[0]}-ALL.TI.H"},
    }
    (worst,) = found(planted, "swapped_sign").worst
    assert worst.expected == -worst.found
    assert 600 < worst.hours <= 700


@pytest.mark.parametrize("part", ["EAST", "WEST", "NORTH"])
def test_a_removed_subregion_is_named_with_what_it_should_have_been(system: Frames, part: str) -> None:
    name = f"EBA.DUK-{part}.D.H"
    planted = {key: values for key, values in system.items() if key != name}
    assert findings(planted) == {"subregions": {name}}
    (worst,) = found(planted, "subregions").worst
    assert np.isnan(worst.found)
    assert abs(worst.expected - system[name][worst.hour - SYSTEM_FIRST]) <= 1.5
    assert worst.hours == HOURS


def test_a_fuel_that_is_missing_for_a_while_is_named(system: Frames) -> None:
    name = "EBA.SC-ALL.NG.NUC.H"
    planted = system | {name: system[name].copy()}
    planted[name][50:80] = np.nan
    assert findings(planted) == {"generation_by_fuel": {name}}
    assert found(planted, "generation_by_fuel").hours_broken == 30


def test_a_total_that_is_wrong_all_along_is_not_blamed_on_a_missing_fuel(system: Frames) -> None:
    fuel, total = "EBA.SC-ALL.NG.NUC.H", "EBA.SC-ALL.NG.H"
    planted = system | {fuel: system[fuel].copy(), total: system[total] + 300}
    planted[fuel][50:80] = np.nan
    assert findings(planted)["generation_by_fuel"] == {total}


def test_a_duplicated_day(system: Frames) -> None:
    name = "EBA.CPLE-ALL.D.H"
    planted = system | {name: system[name].copy()}
    planted[name][720:744] = planted[name][696:720]
    assert findings(planted) == {
        "repeated_days": {name},
        "demand_balance": {name},
        "regions": {"EBA.CAR-ALL.D.H"},
    }
    (worst,) = found(planted, "repeated_days").worst
    assert (worst.hours, worst.hour) == (24, SYSTEM_FIRST + 720)


def test_a_frozen_week_is_no_repeated_day_but_breaks_the_balance(system: Frames) -> None:
    name = "EBA.SC-ALL.D.H"
    planted = system | {name: system[name].copy()}
    planted[name][720:888] = planted[name][720]
    assert findings(planted) == {"demand_balance": {name}, "regions": {"EBA.CAR-ALL.D.H"}}
    code = screen_series(name, planted[name]).code
    assert (code[722:888] == FLAGS.index("identical_run")).all()


def test_clock_change_hole_and_doubled_hour(system: Frames) -> None:
    night = parse_hour("2019-11-03T06") - SYSTEM_FIRST
    hole, double = "EBA.SC-ALL.DF.H", "EBA.DUK-ALL.DF.H"
    planted = system | {hole: system[hole].copy(), double: system[double].copy()}
    planted[hole][night] = np.nan
    planted[double][night] += planted[double][night - 1]
    assert findings(planted) == {"clock_change": {hole, double}}
    planted[hole][night - 20] = np.nan  # a hole among holes has another cause
    assert findings(planted) == {"clock_change": {double}}


# Rows as they came.


def made_day(codes: Collection[str] = ()) -> Frames:
    """All series of three routes of these respondents, or of all, in which nothing is amiss."""
    last = MADE_DAY + 24
    return frames_of(world(last=last), [REGION, FUEL, INTERCHANGE], first=MADE_DAY, last=last, codes=codes)


@pytest.fixture(scope="module", params=EITHER)
def whole_day(request: pytest.FixtureRequest) -> tuple[Frames, dict[str, Check]]:
    """The 25 hours of a day in all three routes, real ones and made ones, with what the checks say of them."""
    if request.param == "recorded":
        day: Frames = request.getfixturevalue("day")
    else:
        # In a made day regions add up too, so that each fault would be found once more in its region's sum.
        codes = {code for code, about in respondents().items() if about.kind == "authority"}
        day = made_day(codes)
    checks = run_checks(day, DAY_FIRST, {**members(), **subregions()}).checks
    return day, {c.name: c for c in checks}


def test_a_day_in_which_all_adds_up_has_no_finding() -> None:
    checks = run_checks(made_day(), MADE_DAY, {**members(), **subregions()}).checks
    assert sum(c.hours_checked for c in checks) > 30_000
    assert [(c.name, w.series_id) for c in checks for w in c.worst] == []


def test_tolerances_on_every_row_of_a_real_day(day: Frames) -> None:
    """The figures of docs/quality.md: what stays outside is the same few authorities hour after hour."""
    checks = {c.name: c for c in run_checks(day, DAY_FIRST, {**members(), **subregions()}).checks}
    counts = {name: (c.hours_checked, c.hours_broken) for name, c in checks.items() if c.hours_checked}
    assert counts == {
        "demand_balance": (1325, 118),
        "generation_by_fuel": (1550, 48),
        "total_interchange": (1550, 60),
        "interchange_pairs": (3550, 403),
        "swapped_sign": (3550, 0),
        "shifted_stamps": (7975, 0),
        "repeated_days": (18850, 0),
    }
    assert {w.series_id[4:8].rstrip("-") for w in checks["demand_balance"].worst} == {
        *("BPAT", "CISO", "MISO", "TVA", "IID", "GCPD", "JEA")
    }


def spike(day: Frames) -> Iterator[str]:
    day["EBA.AECI-ALL.NG.H"][12] = 2_147_480_000
    yield from ("demand_balance EBA.AECI-ALL.NG.H", "generation_by_fuel EBA.AECI-ALL.NG.H")


def hour_late(day: Frames) -> Iterator[str]:
    day["EBA.NEVP-ALL.D.H"][1:] = day["EBA.NEVP-ALL.D.H"][:-1].copy()
    yield "demand_balance EBA.NEVP-ALL.D.H"


def turned(day: Frames) -> Iterator[str]:
    day["EBA.NEVP-PACE.ID.H"] *= -1
    yield from ("total_interchange EBA.NEVP-ALL.TI.H", "swapped_sign EBA.NEVP-PACE.ID.H")
    yield "interchange_pairs EBA.NEVP-PACE.ID.H"


def no_gas(day: Frames) -> Iterator[str]:
    day.pop("EBA.FPL-ALL.NG.NG.H")
    yield "generation_by_fuel EBA.FPL-ALL.NG.H"


@pytest.mark.parametrize("plant", [spike, hour_late, turned, no_gas])
def test_faults_planted_in_a_day_add_just_their_own_findings(
    whole_day: tuple[Frames, dict[str, Check]], plant: Callable[[Frames], Iterator[str]]
) -> None:
    day, before = whole_day
    planted = {name: values.copy() for name, values in day.items()}
    expected = set(plant(planted))
    after = {c.name: c for c in run_checks(planted, DAY_FIRST, {**members(), **subregions()}).checks}
    shown = {f"{n} {w.series_id}" for n, c in after.items() for w in c.worst}
    assert shown - {f"{n} {w.series_id}" for n, c in before.items() for w in c.worst} == expected


def test_five_real_years_cry_wolf_seldom_and_know_the_known_shifts(years: Frames) -> None:
    """Demand of CISO came an hour late until September 2016; forecasts of PJM an hour early from February 2019.

    Both stand out by the phase of their days against their own other years.
    """
    checks = {c.name: c for c in run_checks(years, YEARS_FIRST, {**members(), **subregions()}).checks}
    shifts = {w.series_id: (w.found, w.hours // 168) for w in checks["shifted_stamps"].worst}
    assert shifts["EBA.PJM-ALL.DF.H"] == (-1.0, 62)
    assert shifts["EBA.CISO-ALL.D.H"] == (1.0, 62)
    assert sum(weeks for _, weeks in shifts.values()) < 300  # of 18,000
    assert checks["clock_change"].hours_broken <= 40
    assert len([w for w in checks["repeated_days"].worst if ".D." in w.series_id]) <= 8
    named = [(n, w.found, w.hours) for n, c in checks.items() for w in c.worst if w.series_id == "EBA.MISO-ALL.D.H"]
    assert repr(named) == "[('regions', nan, 30)]"  # hours that EIA filled in, in its region's sum only


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 400), st.sampled_from(["D", "NG", "TI", "NG.WND", "ID"]))
def test_any_length_and_missing_series_pass_without_warnings(hours: int, kind: str) -> None:
    other = "A-B" if kind == "ID" else "A-ALL"
    frames = {
        f"EBA.{other}.{kind}.H": np.full(hours, np.nan),
        "EBA.B-A.ID.H": np.full(hours, 3.0),
        "EBA.A-ALL.DF.H": np.arange(float(hours)),
        "EBA.R-ALL.D.H": np.zeros(hours),
    }
    for check in run_checks(frames, SYSTEM_FIRST, {"R": ("A", "B")}).checks:
        assert check.hours_broken == 0


def test_series_are_taken_one_at_a_time(system: Frames) -> None:
    class Lazy(Mapping[str, NDArray[np.float64]]):
        def __getitem__(self, name: str) -> NDArray[np.float64]:
            return system[name].copy()

        def __iter__(self) -> Iterator[str]:
            return iter(system)

        def __len__(self) -> int:
            return len(system)

    assert findings(Lazy()) == {}


def test_a_shift_for_just_one_winter_is_told_by_other_winters(years: Frames) -> None:
    """Against the summers beside it, winter demand looks an hour late: clocks changed, the series did not."""
    first, end = parse_hour("2017-11-08T05") - YEARS_FIRST, parse_hour("2018-03-07T05") - YEARS_FIRST
    demand, forecast = "EBA.DUK-ALL.D.H", "EBA.DUK-ALL.DF.H"
    planted = {demand: years[demand], forecast: delayed(years[forecast], slice(first, end), -1)}
    (worst,) = found(planted, "shifted_stamps").worst
    assert (worst.series_id, worst.found) == (forecast, -1.0)


# What was not asked for is no fault of the record.


def kinds_asked(names: Iterable[str]) -> dict[tuple[str, str], tuple[str, ...]]:
    """(route, respondent) → no kinds, that is all, for whatever these series belong to."""
    return {(key.route.id, key.respondent): () for key in map(parse_series, names)}


def test_a_series_that_no_route_has_takes_part_in_nothing(system: Frames) -> None:
    """Else what is no electricity would be added to the net generation, and a region's to its authorities'."""
    usual = repr(run_checks(system, SYSTEM_FIRST, MEMBERS).checks)
    strange = {
        f"EBA.{code}-ALL.{kind}.H": np.full(HOURS, 1e6) for code in ("DUK", "CAR") for kind in ("STEAM.COL", "STEAM.E")
    }
    strange |= {"EBA.DUK-ALL.D.HL": np.full(HOURS, 3.0), "plain": np.full(HOURS, 3.0)}
    assert repr(run_checks(system | strange, SYSTEM_FIRST, MEMBERS).checks) == usual


def asked_checks(frames: Frames, kinds: Mapping[tuple[str, str], tuple[str, ...]]) -> dict[str, Check]:
    asked = Asked(kinds, SYSTEM_FIRST, SYSTEM_FIRST + HOURS - 1)
    return {c.name: c for c in run_checks(frames, SYSTEM_FIRST, MEMBERS, asked=asked).checks}


def without(frames: Frames, *names: str) -> Frames:
    return {name: values for name, values in frames.items() if name not in names}


def test_all_that_was_asked_for_is_checked_as_if_nothing_had_been_said(system: Frames) -> None:
    planted = without(system, "EBA.DUK-EAST.D.H", "EBA.SC-ALL.D.H", "EBA.SC-ALL.NG.NUC.H")
    checks = asked_checks(planted, kinds_asked(system))
    assert repr(tuple(checks.values())) == repr(run_checks(planted, SYSTEM_FIRST, MEMBERS).checks)  # NaN is not NaN
    assert {n: [w.series_id for w in c.worst] for n, c in checks.items() if c.worst} == {
        "generation_by_fuel": ["EBA.SC-ALL.NG.H"],  # asked for, and not served: still found
        "subregions": ["EBA.DUK-EAST.D.H"],
        "regions": ["EBA.SC-ALL.D.H"],
    }
    assert not any(c.left_out for c in checks.values())


@pytest.mark.parametrize(
    ("check", "key", "kept", "total"),
    [
        ("generation_by_fuel", ("fuel-type-data", "DUK"), "EBA.DUK-ALL.NG.NUC.H", "EBA.DUK-ALL.NG.H"),
        ("total_interchange", ("interchange-data", "DUK"), "EBA.DUK-SC.ID.H", "EBA.DUK-ALL.TI.H"),
        ("subregions", ("region-sub-ba-data", "DUK"), "EBA.DUK-WEST.D.H", "EBA.DUK-ALL.D.H"),
    ],
)
def test_a_sum_of_which_only_some_parts_were_asked_for_is_not_checked(
    system: Frames, check: str, key: tuple[str, str], kept: str, total: str
) -> None:
    mine = parse_series(kept)
    family = {other for other in system if (one := parse_series(other)).respondent == "DUK" and one.route is mine.route}
    planted = without(system, *(family - {kept}))
    checks = asked_checks(planted, kinds_asked(system) | {key: (mine.kind,)})
    assert [c.name for c in checks.values() if c.worst] == []
    assert checks[check].left_out == 1
    # Were all of it asked for, the same hours would be a fault of the record.
    whole = asked_checks(planted, kinds_asked(system))
    assert {w.series_id for w in whole[check].worst} & {total, *family}


def test_a_part_is_still_held_against_its_parent(system: Frames) -> None:
    """Of one sub-region nothing adds up, but its stamps can be told by the whole."""
    name = "EBA.DUK-NORTH.D.H"
    planted = without(system, "EBA.DUK-EAST.D.H", "EBA.DUK-WEST.D.H")
    planted[name] = delayed(system[name], slice(168 * 2, 168 * 9), 1)
    checks = asked_checks(planted, kinds_asked(system) | {("region-sub-ba-data", "DUK"): ("NORTH",)})
    assert {n: [w.series_id for w in c.worst] for n, c in checks.items() if c.worst} == {"shifted_stamps": [name]}


def test_a_region_is_checked_only_with_all_its_authorities_that_were_at_work(system: Frames) -> None:
    """YAD has no demand of its own, so that of the Carolinas adds up without it."""
    codes = ("CPLE", "CPLW", "DUK", "SC", "SCEG")
    frames = {name: system[name] for code in ("CAR", *codes) for name in (f"EBA.{code}-ALL.D.H",)}
    members = {"CAR": (*codes, "YAD", "GRMA")}  # GRMA ended in 2018
    everyone = {("region-data", code): ("D",) for code in ("CAR", *codes)}

    def regions(kinds: Mapping[tuple[str, str], tuple[str, ...]], frames: Frames) -> Check:
        asked = Asked(kinds, SYSTEM_FIRST, SYSTEM_FIRST + HOURS - 1)
        return next(c for c in run_checks(frames, SYSTEM_FIRST, members, asked=asked).checks if c.name == "regions")

    whole = regions(everyone, frames)
    assert (whole.hours_checked, whole.hours_broken, whole.left_out) == (HOURS, 0, 0)
    for code in codes:
        lost = without(frames, f"EBA.{code}-ALL.D.H")
        assert [w.series_id for w in regions(everyone, lost).worst] == [f"EBA.{code}-ALL.D.H"]
        unasked = {key: kinds for key, kinds in everyone.items() if key[1] != code}
        not_all = regions(unasked, lost)
        assert (not_all.hours_checked, not_all.worst, not_all.left_out) == (0, (), 1)
    assert regions(everyone | {("region-data", "SC"): ("DF",)}, frames).left_out == 1


def test_a_missing_part_is_not_blamed_for_more_than_it_could_have_been(system: Frames) -> None:
    part, total = "EBA.SC-ALL.D.H", "EBA.CAR-ALL.D.H"
    planted = system | {part: system[part].copy(), total: system[total].copy()}
    planted[part][500:520] = np.nan
    planted[total][505] += 400_000
    check = found(planted, "regions")
    assert [(w.series_id, w.hours) for w in check.worst] == [(total, 1), (part, 19)]
