# SPDX-License-Identifier: Apache-2.0
"""How new the newest hour of each route is, so that a source that stands still is noticed."""

from __future__ import annotations

from collections.abc import Iterable

from eia930.account.model import Newest
from eia930.record.assembly import SeriesReport
from eia930.reference.hours import parse_hour
from eia930.reference.routes import FORECAST


def newest(series: Iterable[SeriesReport], now: int) -> tuple[Newest, ...]:
    """A line a route, sorted; `now` in hours since 1970 UTC. Forecasts count only where nothing else was asked for."""
    told = list(series)
    return tuple(_newest(route, told, now) for route in sorted({one.route for one in told}))


def too_old(found: Iterable[Newest], max_age_hours: int | None) -> tuple[Newest, ...]:
    """Those that are older than `max_age_hours`, or have no hour at all; none where any age will do."""
    if max_age_hours is None:
        return ()
    return tuple(one for one in found if one.age_hours is None or one.age_hours > max_age_hours)


def _newest(route: str, series: Iterable[SeriesReport], now: int) -> Newest:
    mine = [one for one in series if one.route == route]
    past = [one for one in mine if one.kind != FORECAST] or mine
    # Stamps sort as the hours do.
    hour = max((one.last for one in past if one.last), default=None)
    return Newest(route, hour, None if hour is None else now - parse_hour(hour))
