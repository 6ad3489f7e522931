# SPDX-License-Identifier: Apache-2.0
"""Questions, routes, respondents and windows: what may be asked, and by which names."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from eia.errors import UsageError
from eia.plan import Question, passed_over, plan, requests
from eia.respondents import expected_kinds, members, neighbours, respondents, served, subregions
from eia.routes import FUEL, INTERCHANGE, REGION, ROUTES, SUBREGION
from eia.rows import KIND
from eia.window import VALUE, Short, Window


def ask(**other: Any) -> Question:
    return Question(
        **({"routes": ("region-data",), "regions": ("PACW",), "types": (), "first": 10, "last": 20} | other)
    )


def test_everything_of_everybody() -> None:
    spans = plan(ask(routes=("all",), regions=("all",)))
    assert len({span.id for span in spans}) == len(spans) == sum(len(served(route)) for route in ROUTES.values())
    assert all(span.density >= 1 for span in spans)


def test_plans_have_a_fixed_order() -> None:
    one = plan(ask(routes=("fuel-type-data", "region-data"), regions=("CAL", "PACW")))
    other = plan(ask(routes=("region-data", "fuel-type-data"), regions=("CAL", "PACW")))
    assert one == other


def test_what_has_no_such_hours_is_passed_over_and_said() -> None:
    both = ask(routes=("region-data", "region-sub-ba-data"), regions=("PACW", "CISO"))
    assert {span.id for span in plan(both)} == {"region-data/PACW", "region-data/CISO", "region-sub-ba-data/CISO"}
    assert passed_over(both) == ("region-sub-ba-data/PACW",)
    assert passed_over(ask(regions=("all",))) == ()


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"regions": ("SPP",)}, "SPP"),
        ({"regions": ("PACX",)}, "PACW"),
        ({"routes": ("region",)}, "region-data"),
        ({"types": ("SUN",)}, "SUN"),
        ({"routes": ("region-sub-ba-data",)}, "no hours"),
        ({"routes": ("region-data", "fuel-type-data"), "types": ("D",)}, "fuel-type-data"),
        ({"routes": ("interchange-data",), "types": tuple(served(INTERCHANGE))}, "too many"),
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


def test_every_span_with_hours_takes_a_request() -> None:
    (span,) = plan(ask(first=0, last=12_499))
    assert requests([span], [span.hours]) == 10
    assert requests([span, span], [1, 0]) == 1
    assert requests([span], [49], hours_per_request=24) == 3


def test_tables_agree_with_each_other() -> None:
    known = respondents()
    for table in (members(), neighbours(), subregions()):
        assert set(table) <= set(known)
    assert {other for some in neighbours().values() for other in some} <= set(known)
    for route in ROUTES.values():
        for code in served(route):
            assert all(KIND.fullmatch(kind) for kind in (code, *expected_kinds(route, code)))


@pytest.mark.parametrize("route", [REGION, FUEL, INTERCHANGE])
def test_real_rows_are_of_known_respondents(recorded: Path, route: Any) -> None:
    table = pq.read_table(recorded / f"{route.id}_2022-07-10.parquet", columns=[route.respondent, route.kind])
    found = set(zip(*(table[name].to_pylist() for name in route.keys), strict=True))
    assert {code for code, _ in found} <= set(served(route))


def test_series_ids_are_eias() -> None:
    assert REGION.series_id("PACW", "D") == "EBA.PACW-ALL.D.H"
    assert FUEL.series_id("PACW", "WND") == "EBA.PACW-ALL.NG.WND.H"
    assert INTERCHANGE.series_id("BPAT", "PACW") == "EBA.BPAT-PACW.ID.H"
    assert SUBREGION.series_id("CISO", "PGAE") == "EBA.CISO-PGAE.D.H"


def test_windows_are_named() -> None:
    window = Window("region-data", "PACW", 429_528, 429_529)
    assert window.id == "region-data/PACW/2019-01-01T00_2019-01-01T01"
    assert (window.length, window.asked) == (5000, ("D", "DF", "NG", "TI"))
    short = Window(
        "fuel-type-data", "PACW", 429_528, 429_529, ("SUN", "WND"), descending=True, short=Short(VALUE, 3, 2)
    )
    assert short.id == "fuel-type-data/PACW/2019-01-01T00_2019-01-01T01.SUN-WND.value-desc-3-2"
    assert (short.length, short.asked) == (2, ("SUN", "WND"))
