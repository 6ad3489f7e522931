# SPDX-License-Identifier: Apache-2.0
"""The newest hour of a route, told by a clock that the test holds."""

from eia930.account.model import Newest
from eia930.account.newest import newest, too_old
from eia930.record.assembly import SeriesReport
from eia930.reference.hours import parse_hour

NOW = parse_hour("2024-02-01T06")


def series(kind: str, last: str | None, route: str = "region-data") -> SeriesReport:
    name = f"EBA.PACW-ALL.{kind}.H"
    return SeriesReport(name, route, "PACW", kind, 1, 1, 0, 0, 0, {}, last, last, 0, None, None, None)


def test_the_newest_of_each_route_without_what_is_only_expected() -> None:
    told = [
        series("D", "2024-02-01T03"),
        series("NG", "2024-02-01T04"),
        series("DF", "2024-02-01T06"),
        series("WND", None, "fuel-type-data"),
    ]
    found = newest(told, NOW)
    assert found == (Newest("fuel-type-data", None, None), Newest("region-data", "2024-02-01T04", 2))
    assert too_old(found, None) == ()
    assert too_old(found, 2) == (found[0],)
    assert too_old(found, 1) == found


def test_a_forecast_counts_where_nothing_else_was_asked_for() -> None:
    assert newest([series("DF", "2024-02-01T06")], NOW) == (Newest("region-data", "2024-02-01T06", 0),)
    assert newest([], NOW) == ()
