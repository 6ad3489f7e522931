# SPDX-License-Identifier: Apache-2.0
"""What the page finds in the hours: events and their order, months, histories, drawings."""

import json
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis.extra.numpy import arrays

from eia930.account.stored import INDEX
from eia930.record.assembly import SeriesReport
from eia930.reference.hours import parse_hour, stamp
from eia930.report.build import write_page
from eia930.report.drawing.figures import draw_event, draw_history, draw_months, draw_rate
from eia930.report.drawing.scales import Scale, line, nice_ticks
from eia930.report.reading.coverage import step_of
from eia930.report.reading.events import SHOWN, Event, Worst, events_of
from eia930.report.reading.frame import Frame
from eia930.report.reading.history import BUDGET, binned, drawn, history, steps
from eia930.report.reading.hourly import Hourly
from eia930.report.reading.longest import longest, stretches_of
from eia930.screening.flags import FLAGS
from eia930.screening.methods import screen_series
from eia930.store.storage import Storage
from tests.eia930.account.accounts import a_series
from tests.eia930.report.folder import FIRST, FLAT, GAP, HOURS, SPIKE, ZERO, broken, wave, write_folder

FRAME = Frame(FIRST, HOURS)


def hourly(values: np.ndarray, name: str = "EBA.PACW-ALL.D.H") -> Hourly:
    code = screen_series(name, values).code.astype(np.int16) - 1
    return Hourly(name, values, code, FLAGS[1:], np.where((code >= 0) | np.isnan(values), 2000.0, np.nan))


@pytest.fixture(scope="module")
def events() -> dict[str, Event]:
    found: dict[str, Event] = {}
    for event in events_of(hourly(broken(2000))):
        found.setdefault(event.flag, event)
    return found


def test_a_spike_is_found_where_it_is(events: dict[str, Event]) -> None:
    spike = events["global_outlier"]
    assert (spike.first, spike.hours, spike.peak, spike.value) == (SPIKE, 1, SPIKE, 2_000_000)
    assert spike.usual == pytest.approx(broken(2000)[SPIKE - 24], rel=0.1)
    assert spike.weight == pytest.approx(1000, rel=0.2)


def test_a_flat_run_is_one_event(events: dict[str, Event]) -> None:
    flat = events["identical_run"]
    assert flat.first + flat.hours == FLAT.stop
    assert flat.hours == pytest.approx(FLAT.stop - FLAT.start - 2, abs=1)
    assert events["negative_or_zero"].peak == ZERO


def test_the_window_of_an_event_holds_what_was_reported(events: dict[str, Event]) -> None:
    for event in events.values():
        values = broken(2000)[event.start : event.start + len(event.seen)]
        np.testing.assert_array_equal(event.seen, values)
        assert event.marked[event.peak - event.start]


def event(flag: str, series: str, weight: float) -> Event:
    none = np.zeros(3)
    return Event(
        series_id=series, flag=flag, first=0, hours=1, peak=0, value=1.0, usual=1.0, level=1.0,
        weight=weight, start=0, seen=none, course=none, marked=none > 0,
    )  # fmt: skip


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("xyz"), st.floats(0, 1e6)), max_size=60),
    st.randoms(use_true_random=False),
)
def test_the_worst_do_not_depend_on_the_order_and_show_every_flag(
    given_events: list[tuple[str, str, float]], random: object
) -> None:
    shuffled = list(given_events)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    chosen = []
    for some in (given_events, shuffled):
        worst = Worst()
        for one in some:
            worst.add(event(*one))
        chosen.append([(one.flag, one.series_id, one.weight) for one in worst.chosen()])
    assert chosen[0] == chosen[1] or len({e[2] for e in given_events}) < len(given_events)
    assert len(chosen[0]) <= SHOWN
    assert {flag for flag, _, _ in chosen[0]} == {flag for flag, _, _ in given_events}
    assert [weight for *_, weight in chosen[0]] == sorted((w for *_, w in chosen[0]), reverse=True)
    assert len({(flag, series) for flag, series, _ in chosen[0]}) == len(chosen[0])
    for flag in {flag for flag, _, _ in given_events}:
        assert max(w for f, _, w in given_events if f == flag) == max(w for f, _, w in chosen[0] if f == flag)


def test_the_error_that_the_verdict_names_is_among_the_worst() -> None:
    """It may weigh less than every event shown: one hour, far off, in a series with long faults."""
    worst = Worst()
    for flag in "abcdefghi":
        for weight in (50.0, 60.0):
            worst.add(event(flag, f"{flag}{weight}", weight))
    furthest = event("a", "x", 3.0)
    assert furthest.series_id not in {one.series_id for one in worst.chosen()}
    shown = worst.chosen(furthest)
    assert len(shown) == SHOWN
    assert shown[-1] is furthest
    assert {one.flag for one in shown} == set("abcdefghi")
    assert worst.chosen(worst.chosen()[0]) == worst.chosen()


@given(st.integers(0, 745), st.integers(1, 744))
def test_a_shade_is_complete_or_none_only_where_it_is_so(present: int, hours: int) -> None:
    step = step_of(min(present, hours), hours)
    assert (step == 0) == (present == 0)
    assert (step == 7) == (present >= hours)


def test_shades_change_at_their_bounds() -> None:
    assert [step_of(n, 1000) for n in (1, 249, 250, 499, 500, 749, 750, 949, 950, 989, 990, 999, 1000)] == [
        1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7,
    ]  # fmt: skip


def test_months_follow_the_stamps() -> None:
    frame = Frame(parse_hour("2019-12-31T22"), 5)
    assert frame.months == ("2019-12", "2020-01")
    assert frame.sums(np.array([True, True, True, False, True])) == [2, 2]


@given(arrays(np.float64, st.integers(1, 80), elements=st.floats(-1e6, 1e6) | st.just(np.nan)), st.integers(1, 30))
def test_bins_hold_mean_and_range(values: np.ndarray, step: int) -> None:
    bins = binned(values, step)
    for place in range(-(-len(values) // step)):
        some = values[place * step : (place + 1) * step]
        some = some[~np.isnan(some)]
        got = [bins.mean[place], bins.low[place], bins.high[place]]
        want = [some.mean(), some.min(), some.max()] if len(some) else [np.nan] * 3
        np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-6)


def test_one_wrong_unit_does_not_flatten_the_history() -> None:
    one = history(hourly(broken(2000)), step=1)
    assert one.scale[1] < 4000
    heights = [
        float(p.split()[1].removesuffix("h0")) for p in dict(draw_history(one, FRAME).paths)["flag"].split("M")[1:]
    ]
    assert min(heights) == 0
    assert max(heights) <= 100


@given(st.integers(1, 90), st.integers(100, 150_000))
@example(regions=63, hours=80_001)
def test_histories_grow_coarser_before_the_page_grows_too_large(regions: int, hours: int) -> None:
    chosen = list(steps([str(place) for place in range(regions)], hours).values())
    assert sum(hours if step == 1 else 3 * hours / step for step in chosen) <= BUDGET
    assert chosen == sorted(chosen)
    assert 1 in chosen


def test_the_default_regions_are_drawn_by_the_hour() -> None:
    assert set(steps(["PACW", "ERCO", "CAL", "TEX", "MISO"], 100_000).values()) == {1}


def test_a_region_is_shown_by_its_demand_else_by_the_next() -> None:
    def one(code: str, route: str, kind: str, present: int, flagged: int = 0) -> SeriesReport:
        name = f"{route}/{code}/{kind}"
        return a_series(
            respondent=code, route=route, kind=kind, present=present, series_id=name, flagged=flagged
        )  # fmt: skip

    rows = [
        one("A", "fuel-type-data", "WND", 99), one("A", "region-data", "NG", 50), one("A", "region-data", "D", 9),
        one("B", "region-data", "D", 0), one("B", "region-data", "TI", 5), one("B", "region-data", "NG", 2, 7),
        one("C", "fuel-type-data", "COL", 3), one("C", "fuel-type-data", "SUN", 4), one("D", "region-data", "D", 0),
    ]  # fmt: skip
    assert drawn(rows) == ["region-data/B/NG", "region-data/A/D", "fuel-type-data/C/SUN"]


def test_what_is_off_the_scale_of_an_event_is_said(events: dict[str, Event]) -> None:
    assert "2,000,000" in draw_event(events["global_outlier"], FRAME).note
    assert draw_event(events["identical_run"], FRAME).note == ""


@given(st.lists(st.tuples(st.integers(0, 31), st.integers(1, 31)), min_size=1, max_size=60), st.integers(1, 5))
def test_a_row_of_the_heatmap_covers_each_month_once(months: list[tuple[int, int]], series: int) -> None:
    present, hours = [min(a, b) * series for a, b in months], [b for _, b in months]
    row = draw_months(present, hours, series)
    cells = [0] * len(months)
    for step, path in row.paths:
        for run in path.split("M")[1:]:
            start, length = int(run.split()[0]), int(run.split("h")[1].split("v")[0])
            for month in range(start, start + length):
                cells[month] += 1
                assert step_of(present[month], hours[month] * series) == step
    assert [not n for n in present] == [not cell for cell in cells]
    assert max(cells) <= 1
    assert row.holes == (0 in present)


def test_a_line_breaks_where_hours_are_missing() -> None:
    y = np.array([1.0, 2.0, np.nan, 3.0, np.nan])
    assert line(np.arange(5.0), y) == "M0.0 1.0L1.0 2.0M3.0 3.0h0"


@example(low=1300.0, width=1300.0, most=3)
@example(low=-4.9, width=9.8, most=3)
@given(st.floats(-1e8, 1e8), st.floats(0.01, 1e8), st.integers(2, 8))
def test_ticks_are_few_and_inside(low: float, width: float, most: int) -> None:
    ticks = nice_ticks(low, low + width, most)
    assert 2 <= len(ticks) <= max(most + 1, 5)
    slack = 1e-6 * (abs(low) + width)
    assert all(low - slack <= at <= low + width + slack for at in ticks)


def test_labels_of_a_fine_scale_are_told_apart() -> None:
    assert [tick.text for tick in Scale(-1.3, 1.4).ticks(3)] == ["−1", "0", "1"]
    assert [tick.text for tick in Scale(1.1, 2.2).ticks(3)] == ["1.5", "2"]
    assert [tick.text for tick in Scale(-16_000_000, 900).ticks(3)] == ["−10,000,000", "0"]


def test_requests_by_minute() -> None:
    chart = draw_rate({"0": 100, "2": 50}, 6300)
    paths = dict(chart.paths)
    assert paths["bar"].count("M") == 3
    assert "limit" in paths
    assert [tick.text for tick in chart.x] == ["0", "1", "2"]
    assert "limit" not in dict(draw_rate({}, None).paths)


def test_the_page_tells_of_the_spike(built: Path) -> None:
    told = json.loads((built / "report/report.json").read_text("utf-8"))["quality"]
    assert told["furthest"]["value"] == 2_000_000
    assert told["furthest"]["series_id"] == "EBA.PACW-ALL.D.H"
    assert any("2,000,000 MW" in sentence for sentence in told["verdict"])
    assert told["furthest"] in told["worst"]


def test_the_longest_gaps_of_all_series_are_listed_with_where_they_begin(tmp_path: Path) -> None:
    late, early = wave(2000), wave(40000)
    late[:500] = early[-700:] = np.nan  # before the first and after the last hour is no gap
    for number in range(12):
        late[1000 + 100 * number : 1000 + 100 * number + 3 + number] = np.nan
    early[3000:3030] = np.nan
    write_folder(tmp_path, {("region-data", "PACW", "D"): late, ("region-data", "ERCO", "D"): early})
    write_page(Storage.at(str(tmp_path)))
    gaps = json.loads((tmp_path / "report/report.json").read_text("utf-8"))["quality"]["gaps"]
    assert gaps[0] == {
        "series_id": "EBA.ERCO-ALL.D.H",
        "first": stamp(FIRST + 3000),
        "last": stamp(FIRST + 3029),
        "hours": 30,
    }
    assert [one["hours"] for one in gaps] == [30, *range(14, 5, -1)]
    assert {one["series_id"] for one in gaps[1:]} == {"EBA.PACW-ALL.D.H"}
    assert gaps[1]["first"] == stamp(FIRST + 2100)
    assert "Longest gaps" in (tmp_path / INDEX).read_text("utf-8")


def test_estimates_are_drawn_and_packed_where_they_stand() -> None:
    one = history(hourly(broken(2000)), step=1)
    assert {SPIKE, ZERO, GAP.start, GAP.stop - 1} <= set(one.estimated.tolist())
    assert set(one.estimate.tolist()) == {2000.0}
    paths = dict(draw_history(one, FRAME).paths)
    assert paths["estimate"].count("M") > 1
    assert json.loads(json.dumps(one.packed(FRAME)))["estimate_at"]


def test_the_longest_stretches_of_estimates_come_first() -> None:
    found = longest([*stretches_of(hourly(broken(2000))), *stretches_of(hourly(broken(900), "EBA.ERCO-ALL.D.H"))])
    assert [(one.series_id, one.first, one.hours) for one in found[:2]] == [
        (name, GAP.start, GAP.stop - GAP.start) for name in ("EBA.ERCO-ALL.D.H", "EBA.PACW-ALL.D.H")
    ]
