# SPDX-License-Identifier: Apache-2.0
"""Whose hours are estimated, and which series must not tell of which."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from eia930.estimating.learning.exact import Mask
from eia930.record.assembly import GroupReport, SeriesReport
from eia930.reference.respondents import members
from eia930.reference.routes import FORECAST, REGION, ROUTES
from eia930.reference.series import SeriesKey

DEMAND = "D"


def demand_of(group: GroupReport) -> list[SeriesReport]:
    """The series of demand of a group that hold a value: its own, or its sub-regions'."""
    return [one for one in group.series if one.first and one.last and key_of(one).type == DEMAND]


def key_of(one: SeriesReport) -> SeriesKey:
    """The key of an account's series."""
    return SeriesKey(ROUTES[one.route], one.respondent, one.kind)


def forecast_of(key: SeriesKey) -> SeriesKey | None:
    """The day-ahead forecast of a demand; sub-regions have none."""
    return SeriesKey(REGION, key.respondent, FORECAST) if key.route is REGION else None


def barred(keys: Sequence[SeriesKey]) -> Mask:
    """bool[series, series]: true where the second is a sum that holds the first.

    Where a part is missing, EIA's sum is without it, or holds a figure that nobody reported.
    """
    out = np.zeros((len(keys),) * 2, bool)
    held = {code: {*parts, *_inside(code, parts)} for code, parts in members().items()}
    for column, whole in enumerate(keys):
        inside = held.get(whole.respondent, set()) if whole.route is REGION else set()
        out[:, column] = [part.route is REGION and part.respondent in inside for part in keys]
    return out


def _inside(code: str, parts: Iterable[str]) -> list[str]:
    """The other sums whose members all are members of this one."""
    mine = set(parts)
    return [other for other, some in members().items() if other != code and mine.issuperset(some)]
