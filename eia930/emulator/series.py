# SPDX-License-Identifier: Apache-2.0
"""What the emulator serves from: one respondent's series of a route, as columns, and where they come from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from eia930.reference.routes import Route

Hours = NDArray[np.int32]
Flags = NDArray[np.bool_]
Values = NDArray[np.int32] | NDArray[np.int64] | NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Series:
    """One series of one respondent: `hours` int32 [n] ascending (hour ending, hours since 1970 UTC),
    `values` [n] int32, int64 or float64 in MWh, `empty` bool [n] where the row exists without a value."""

    respondent: str
    respondent_name: str
    kind: str
    kind_name: str
    hours: Hours
    values: Values
    empty: Flags


class RowSource(Protocol):
    """Where rows come from; every method may be called from several threads at once."""

    @property
    def now(self) -> int:
        """The hour that the server's clock shows unless it lies ahead, in hours since 1970 UTC."""

    def respondents(self, route: Route) -> Sequence[str]:
        """Codes that the route's respondent facet lists, sorted."""

    def kinds(self, route: Route) -> Sequence[str]:
        """Codes that the route's kind facet lists, sorted."""

    def names(self, route: Route) -> tuple[dict[str, str], dict[str, str]]:
        """Display names of respondents and of kinds, by code."""

    def span(self, route: Route) -> tuple[int, int]:
        """First and last hour of the route's data."""

    def series(self, route: Route, respondent: str) -> tuple[Series, ...]:
        """The respondent's series, sorted by kind; empty for one that the route does not have."""
