# SPDX-License-Identifier: Apache-2.0
"""What two sources say of the same hours, added up by route, and the months that are findings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from eia930.account.model import Comparison, Differing, RouteCompared
from eia930.record.assembly import GroupReport
from eia930.record.several.comparison import Compared


def comparison(groups: Iterable[GroupReport]) -> Comparison:
    """Of all groups, in an order that does not depend on theirs."""
    series = sorted((one for group in groups for one in group.compared), key=lambda one: one.series_id)
    routes = dict.fromkeys((one.route, one.here, one.there) for one in sorted(series, key=lambda one: one.route))
    found = [
        Differing(one.series_id, month.month, month.compared, month.differing, month.largest)
        for one in series
        for month in one.findings
    ]
    return Comparison(
        routes=tuple(_route(key, [one for one in series if one.route == key[0]]) for key in routes),
        findings=tuple(sorted(found, key=lambda one: -one.differing / one.compared)),
        series=tuple(series),
    )


def _route(key: tuple[str, str, str], series: Sequence[Compared]) -> RouteCompared:
    worst = max(series, key=lambda one: one.largest)
    return RouteCompared(
        *key,
        series=len(series),
        largest=worst.largest,
        largest_in=worst.series_id if worst.differing else "",
        **{
            name: sum(getattr(one, name) for one in series)
            for name in ("compared", "equal", "differing", "only_here", "only_there")
        },
    )
