# SPDX-License-Identifier: Apache-2.0
"""EIA's own names of series, put together and taken apart in this one place.

`EBA.PACW-ALL.D.H`, `EBA.PACW-ALL.NG.WND.H`, `EBA.BPAT-PACW.ID.H`, `EBA.CISO-PGAE.D.H`: each the key of a series
in a route of ours. A name that no route of ours has, such as `EBA.PACW-ALL.CO2.COL.H`, is no key, so it takes
part in no sum and no screening.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from eia930.reference.routes import ROUTES, Route

_RESPONDENT, _KIND = r"(?P<respondent>[^.-]+)", r"(?P<kind>(?!ALL\.)[^.]+)"


class UnknownSeries(ValueError):
    """A name that is no hourly UTC series of a route of ours."""


@dataclass(frozen=True, slots=True)
class SeriesKey:
    """One series: whose hours (`respondent`), and which of the route's kinds: a type, fuel, neighbour or sub-region."""

    route: Route
    respondent: str
    kind: str

    @property
    def id(self) -> str:
        """EIA's own name of it, as `EBA.PACW-ALL.D.H`."""
        return self.route.series.format(respondent=self.respondent, kind=self.kind)

    @property
    def type(self) -> str:
        """The type of region-data that it is, or is a part of: D, DF, NG, TI; empty where it is of neither sort."""
        return self.kind if self.route.types else self.route.total


def parse_series(series_id: str) -> SeriesKey:
    """Take a name apart. UnknownSeries, a ValueError, for one that no route of ours has."""
    key = find_series(series_id)
    if key is None:
        raise UnknownSeries(f"{series_id!r} is no series name like EBA.PACW-ALL.D.H of a route that is known here")
    return key


@lru_cache(maxsize=8192)
def find_series(series_id: str) -> SeriesKey | None:
    """The same; None for a name that no route of ours has."""
    for route in ROUTES.values():
        if found := _form(route).fullmatch(series_id):
            return SeriesKey(route, found["respondent"], found["kind"])
    return None


def known_series(names: Iterable[str]) -> dict[str, SeriesKey]:
    """Name → key of those that a route of ours has, sorted by name; the others are left out."""
    return {name: key for name in sorted(names) if (key := find_series(name)) is not None}


@lru_cache(maxsize=64)
def _form(route: Route) -> re.Pattern[str]:
    """What the names of a route look like. No neighbour or sub-region is named ALL: that is the respondent's whole."""
    text = re.escape(route.series)
    return re.compile(text.replace(r"\{respondent\}", _RESPONDENT).replace(r"\{kind\}", _KIND), re.ASCII)
