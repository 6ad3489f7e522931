# SPDX-License-Identifier: Apache-2.0
"""Series that mean something else from a day on, under the same name: series_breaks.csv says which, and its source."""

from __future__ import annotations

from datetime import date
from functools import cache

from eia930.reference.clocks import EARLIEST, clock_of
from eia930.reference.respondents import table


def break_at(route: str, respondent: str, kind: str) -> int | None:
    """The first hour (ending, since 1970 UTC) of the day of a series' break, by its respondent's clock; or None."""
    day = _days().get((route, kind))
    return None if day is None else (clock_of(respondent) or EARLIEST).midnight(day) + 1


@cache
def _days() -> dict[tuple[str, str], date]:
    return {(row["route"], row["kind"]): date.fromisoformat(row["day"]) for row in table("series_breaks")}
