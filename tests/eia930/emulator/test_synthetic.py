# SPDX-License-Identifier: Apache-2.0
"""The synthetic record adds up, repeats itself, looks like a grid, and has the defects of reporting."""

from functools import reduce

import numpy as np
import pytest
from numpy.typing import NDArray

from eia930.emulator import RowSource, Series, synthetic
from eia930.emulator.world.sizes import NEW_FUELS
from eia930.reference.hours import parse_hour, stamp
from eia930.reference.respondents import members, neighbours, respondents
from eia930.reference.routes import FUEL, INTERCHANGE, REGION, ROUTES, SUBREGION

START = REGION.first


@pytest.fixture(scope="module")
def truth() -> RowSource:
    """Long enough for retirements, the fuels of 2024 and two years of weather."""
    return synthetic(now=parse_hour("2024-09-01T00"), defects=False)


def dense(source: RowSource, series: Series) -> NDArray[np.int64]:
    """The series on the whole grid of hours, zero where it has no row."""
    grid = np.zeros(source.now - START + 1, np.int64)
    grid[series.hours - START] = series.values
    return grid


def kinds(source: RowSource, route: str, code: str) -> dict[str, NDArray[np.int64]]:
    return {s.kind: dense(source, s) for s in source.series(ROUTES[route], code)}


def total(source: RowSource, parts: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    return reduce(np.add, parts, np.zeros(source.now - START + 1, np.int64))


SOME = ("PJM", "CISO", "PACW", "GRID", "WAUW", "NWMT", "AEC", "GLHB", "NW", "MIDW", "NY", "US48")


@pytest.mark.parametrize("code", SOME)
def test_generation_is_the_sum_of_fuels(truth: RowSource, code: str) -> None:
    region = kinds(truth, "region-data", code)
    assert np.array_equal(region["NG"], total(truth, list(kinds(truth, "fuel-type-data", code).values())))


@pytest.mark.parametrize("code", SOME)
def test_interchange_is_the_sum_over_neighbours_and_demand_the_rest(truth: RowSource, code: str) -> None:
    region = kinds(truth, "region-data", code)
    assert np.array_equal(region["TI"], total(truth, list(kinds(truth, "interchange-data", code).values())))
    if "D" in region and code not in members():
        assert np.array_equal(region["D"], region["NG"] - region["TI"])


def test_what_flows_out_of_one_flows_into_the_other(truth: RowSource) -> None:
    seen = 0
    for code in ("BPAT", "PACW", "AVRN", "WACM", "LGEE"):
        for other in neighbours()[code]:
            if respondents()[other].kind == "authority":
                ours = kinds(truth, "interchange-data", code)
                theirs = kinds(truth, "interchange-data", other)
                assert ours.keys() & {other} == ({other} if code in theirs else set())
                if other in ours:
                    assert np.array_equal(ours[other], -theirs[code])
                    seen += 1
    assert seen > 15


@pytest.mark.parametrize("code", ["PJM", "ERCO", "PNM", "NYIS"])
def test_sub_regions_sum_to_their_parent(truth: RowSource, code: str) -> None:
    parts = list(kinds(truth, "region-sub-ba-data", code).values())
    assert len(parts) > 5
    assert np.array_equal(kinds(truth, "region-data", code)["D"], total(truth, parts))


@pytest.mark.parametrize("code", ["NW", "CAL", "TEX", "US48"])
@pytest.mark.parametrize("kind", ["D", "DF", "NG", "TI"])
def test_a_region_is_the_sum_of_its_members(truth: RowSource, code: str, kind: str) -> None:
    found = [kinds(truth, "region-data", member).get(kind) for member in members()[code]]
    parts = [part for part in found if part is not None]
    assert np.array_equal(kinds(truth, "region-data", code)[kind], total(truth, parts))


def test_an_hour_is_the_same_however_many_are_made(truth: RowSource) -> None:
    for defects in (False, True):
        short = synthetic(now=parse_hour("2020-03-01T00"), defects=defects)
        long = truth if not defects else synthetic(now=truth.now)
        for route, code in ((REGION, "PJM"), (FUEL, "CISO"), (INTERCHANGE, "BPAT"), (SUBREGION, "ERCO")):
            known = {s.kind: s for s in long.series(route, code)}
            for ours in short.series(route, code):
                theirs = known[ours.kind]
                count = len(ours.hours)
                assert np.array_equal(ours.hours, theirs.hours[:count])
                assert np.array_equal(ours.values, theirs.values[:count])
                assert np.array_equal(ours.empty, theirs.empty[:count])


def test_the_sun_shines_by_day_and_load_sleeps_by_night(truth: RowSource) -> None:
    sun = kinds(truth, "fuel-type-data", "CISO")["SUN"]
    hours = (np.arange(START, truth.now + 1) - 8) % 24
    assert sun[hours < 4].max() == 0
    assert sun[hours == 12].min() > 0
    load = kinds(truth, "region-data", "PJM")["D"]
    clock = (np.arange(START, truth.now + 1) - 5) % 24
    assert load[clock == 3].mean() < 0.85 * load[clock == 17].mean()
    assert 70_000 < load.mean() < 110_000
    forecast = kinds(truth, "region-data", "PJM")["DF"]
    assert 0.005 < np.mean(np.abs(forecast - load) / load) < 0.04


def test_dates_of_service_and_of_new_fuels_are_kept(truth: RowSource) -> None:
    (first, *_), last = truth.series(REGION, "GLHB"), truth.series(REGION, "AEC")[0]
    assert stamp(int(first.hours[0])) == "2020-02-29T07"
    assert stamp(int(last.hours[-1])) == "2021-09-01T05"
    battery = next(s for s in truth.series(FUEL, "CISO") if s.kind == "BAT")
    assert int(battery.hours[0]) == NEW_FUELS
    assert battery.values.min() < 0 < battery.values.max()
    assert [s.kind for s in truth.series(REGION, "GRID")] == ["NG", "TI"]
    assert truth.series(REGION, "SIKE") == ()
    assert truth.series(REGION, "NOWHERE") == ()


def test_defects_are_few_and_of_every_kind() -> None:
    now = parse_hour("2022-01-01T00")
    true, told = synthetic(now=now, defects=False), synthetic(now=now)
    absent = null = high = low = frozen = rows = 0
    for code in ("PJM", "CISO", "PACW", "BPAT", "ERCO", "FPL", "TVA", "DUK", "PSCO", "SRP", "AVA", "TEC"):
        for was, now_told in zip(true.series(REGION, code), told.series(REGION, code), strict=True):
            rows += len(was.hours)
            absent += len(was.hours) - len(now_told.hours)
            null += int(now_told.empty.sum())
            base = was.values[np.isin(was.hours, now_told.hours)].astype(np.int64)
            high += int((np.abs(now_told.values) > np.abs(base) * 5 + 1000).sum())
            low += int(((base > 0) & (now_told.values <= 0)).sum())
            frozen += int(((np.diff(now_told.values) == 0) & (np.diff(base) != 0)).sum())
    assert min(absent, null, high, low, frozen) > 0
    assert (absent + null + high + low + frozen) / rows < 0.01


def test_some_lose_the_hour_of_the_clock_change() -> None:
    source = synthetic(now=parse_hour("2021-12-31T00"))
    lost = set()
    for code in source.respondents(REGION):
        series = source.series(REGION, code)
        if respondents()[code].kind != "authority" or not series:
            continue
        told = reduce(np.union1d, [s.hours for s in series])
        for day in (parse_hour("2021-03-14"), parse_hour("2021-11-07")):
            if 20 <= ((told >= day) & (told < day + 24)).sum() < 24:
                lost.add((code, day))
    assert 3 <= len(lost) <= 40


def test_the_record_cannot_end_before_it_begins() -> None:
    with pytest.raises(ValueError, match="2019"):
        synthetic(now=parse_hour("2018-01-01T00"))
