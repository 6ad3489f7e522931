# SPDX-License-Identifier: Apache-2.0
"""Questions, routes, respondents and windows: what may be asked, and by which names."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from eia930.errors import UsageError
from eia930.question.plan import Question, outlived, passed_over, plan
from eia930.question.window import VALUE, Short, Window
from eia930.reference.hours import parse_hour, stamp
from eia930.reference.respondents import members, neighbours, respondents, subregions
from eia930.reference.routes import FUEL, INTERCHANGE, REGION, ROUTES, Route
from eia930.sources.api.rows import KIND

DAY = parse_hour("2022-07-10T00")


def ask(**other: Any) -> Question:
    usual: dict[str, Any] = {"routes": ("region-data",), "regions": ("PACW",), "types": ()}
    return Question(**(usual | {"first": DAY, "last": DAY + 10} | other))


def test_everything_of_everybody() -> None:
    question = ask(routes=("all",), regions=("all",))
    spans = plan(question)
    everybody = {f"{route.id}/{code}" for route in ROUTES.values() for code in route.served()}
    gone = {f"{one.route}/{one.respondent}" for one in passed_over(question)}
    assert len({span.id for span in spans}) == len(spans) == len(everybody - gone)
    assert {id.partition("/")[2] for id in gone} == {"AEC", "BHBA", "EEI", "GRMA", "NSB", "OVEC", "SIKE", "SWPW"}
    assert all(span.density >= 1 for span in spans)


def test_plans_have_a_fixed_order() -> None:
    one = plan(ask(routes=("fuel-type-data", "region-data"), regions=("CAL", "PACW")))
    other = plan(ask(routes=("region-data", "fuel-type-data"), regions=("CAL", "PACW")))
    assert one == other


def test_what_has_no_such_hours_is_passed_over_and_said() -> None:
    both = ask(routes=("region-data", "region-sub-ba-data"), regions=("PACW", "CISO"))
    assert {span.id for span in plan(both)} == {"region-data/PACW", "region-data/CISO", "region-sub-ba-data/CISO"}
    assert [str(one) for one in passed_over(both)] == [
        "region-sub-ba-data/PACW 2022-07-10T00_2022-07-10T10: the reference tables know no such series"
    ]
    of_all = passed_over(ask(routes=("region-sub-ba-data",), regions=("all",)))
    assert [(one.respondent, one.reason) for one in of_all] == [("BHBA", "active since 2026-04-01")]


def test_a_respondent_is_asked_for_while_it_lives() -> None:
    """To the hour where the tables know it, else with a month of slack: days are mostly the first or last of one."""
    first, last = parse_hour("2019-01-01T00"), parse_hour("2025-12-31T23")
    question = ask(regions=("GLHB", "NSB", "PACW", "SIKE", "WWA"), first=first, last=last)
    lives = {span.respondent: (stamp(span.first), stamp(span.last)) for span in plan(question)}
    assert lives == {
        "GLHB": ("2020-02-29T07", "2022-09-01T05"),
        "NSB": ("2019-01-01T00", "2020-01-08T05"),
        "PACW": ("2019-01-01T00", "2025-12-31T23"),
        "SIKE": ("2025-06-01T06", "2025-12-31T23"),
        "WWA": ("2019-01-01T00", "2025-11-01T23"),
    }
    assert [str(one) for one in passed_over(question)] == [
        "region-data/GLHB 2019-01-01T00_2020-02-29T06: active since 2020-02-29, retired 2022-09-01",
        "region-data/GLHB 2022-09-01T06_2025-12-31T23: active since 2020-02-29, retired 2022-09-01",
        "region-data/NSB 2020-01-08T06_2025-12-31T23: active since 2004-01-01, retired 2020-01-08",
        "region-data/SIKE 2019-01-01T00_2025-06-01T05: active since 2025-06-01",
        "region-data/WWA 2025-11-02T00_2025-12-31T23: active since 2013-07-01, retired 2025-10-01",
    ]
    assert outlived(question) == ()


def test_who_does_not_live_in_the_hours_asked_for_is_named() -> None:
    question = ask(regions=("NSB", "PACW"))
    assert [span.respondent for span in plan(question)] == ["PACW"]
    (line,) = outlived(question)
    assert line.startswith("--regions NSB: active since 2004-01-01, retired 2020-01-08")
    with pytest.raises(UsageError, match=r"NSB.*retired 2020-01-08.*; --regions SIKE: active since 2025-06-01"):
        plan(ask(regions=("NSB", "SIKE")))


@pytest.mark.parametrize("route", [REGION, FUEL, INTERCHANGE])
def test_no_real_row_lies_outside_of_its_respondents_life(recorded: Path, route: Route) -> None:
    for path in recorded.glob(f"{route.id}_20*.parquet"):
        table = pq.read_table(path, columns=["period", route.respondent])
        table = table.set_column(0, "period", pc.cast(table["period"], pa.timestamp("s")).cast(pa.int64()))
        table = table.set_column(1, "code", pc.cast(table[route.respondent], pa.string()))
        ends = table.group_by("code").aggregate([("period", "min"), ("period", "max")]).to_pylist()
        low, high = min(one["period_min"] for one in ends) // 3600, max(one["period_max"] for one in ends) // 3600
        spans = {
            span.respondent: span for span in plan(ask(routes=(route.id,), regions=("all",), first=low, last=high))
        }
        for one in ends:
            span = spans[one["code"]]
            assert span.first <= one["period_min"] // 3600
            assert one["period_max"] // 3600 <= span.last
        assert len(ends) > 40


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"regions": ("SPP",)}, "SPP"),
        ({"regions": ("PACX",)}, "PACW"),
        ({"routes": ("region",)}, "region-data"),
        ({"types": ("SUN",)}, "SUN"),
        ({"routes": ("region-sub-ba-data",)}, "no hours"),
        ({"routes": ("region-data", "fuel-type-data"), "types": ("D",)}, "fuel-type-data"),
        ({"routes": ("interchange-data",), "types": tuple(INTERCHANGE.served())}, "too many"),
    ],
)
def test_what_does_not_exist_is_named(other: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        plan(ask(**other))


def test_all_types_by_name_are_no_filter() -> None:
    (span,) = plan(ask(types=("TI", "D", "NG", "DF")))
    assert span.kinds == ()
    (span,) = plan(ask(types=("TI", "D")))
    assert (span.kinds, span.density) == (("D", "TI"), 2.0)


def test_tables_agree_with_each_other() -> None:
    known = respondents()
    for table in (members(), neighbours(), subregions()):
        assert set(table) <= set(known)
    assert {other for some in neighbours().values() for other in some} <= set(known)
    for route in ROUTES.values():
        for code in route.served():
            assert all(KIND.fullmatch(kind) for kind in (code, *route.expected(code)))


@pytest.mark.parametrize("route", [REGION, FUEL, INTERCHANGE])
def test_real_rows_are_of_known_respondents(recorded: Path, route: Any) -> None:
    table = pq.read_table(recorded / f"{route.id}_2022-07-10.parquet", columns=[route.respondent, route.kind])
    found = set(zip(*(table[name].to_pylist() for name in route.keys), strict=True))
    assert {code for code, _ in found} <= set(route.served())


def test_windows_are_named() -> None:
    window = Window("region-data", "PACW", 429_528, 429_529)
    assert window.id == "region-data/PACW/2019-01-01T00_2019-01-01T01"
    assert (window.length, window.asked) == (5000, ("D", "DF", "NG", "TI"))
    short = Window(
        "fuel-type-data", "PACW", 429_528, 429_529, ("SUN", "WND"), descending=True, short=Short(VALUE, 3, 2)
    )
    assert short.id == "fuel-type-data/PACW/2019-01-01T00_2019-01-01T01.SUN-WND.value-desc-3-2"
    assert (short.length, short.asked) == (2, ("SUN", "WND"))


def test_a_region_is_asked_for_anyway_where_that_is_said() -> None:
    year = {"regions": ("OVEC",), "first": parse_hour("2022-01-01"), "last": parse_hour("2022-12-31T23")}
    with pytest.raises(UsageError, match="retired"):
        plan(ask(**year))
    anyway = ask(**year, anyway=True)
    (span,) = plan(anyway)
    assert (span.first, span.last, span.named) == (anyway.first, anyway.last, True)
    assert (passed_over(anyway), outlived(anyway)) == ((), ())
    # Of all, nobody is asked for beyond its life.
    everybody = ask(**year | {"regions": ("all",)}, anyway=True)
    assert "OVEC" not in {span.respondent for span in plan(everybody)}
