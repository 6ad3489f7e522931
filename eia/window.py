# SPDX-License-Identifier: Apache-2.0
"""A request as a value: which hours of which respondent, in which route."""

from dataclasses import dataclass

from eia.hours import stamp
from eia.routes import ROUTES, Route


@dataclass(frozen=True, slots=True)
class Window:
    """One request: hours `first`..`last` (both inclusive) of one respondent in one route."""

    route: str
    respondent: str
    first: int
    last: int
    kinds: tuple[str, ...] = ()
    """Kinds asked for; empty means all that the route has."""
    descending: bool = False

    @property
    def source(self) -> Route:
        """The route itself."""
        return ROUTES[self.route]

    @property
    def asked(self) -> tuple[str, ...]:
        """The kinds that the request names; empty where it takes whatever exists."""
        return self.kinds or self.source.types

    @property
    def id(self) -> str:
        """`region-data/PACW/2019-01-01T00_2019-02-22T01`: names the request in errors, rejects and the report."""
        kinds = f".{'-'.join(self.kinds)}" if self.kinds else ""
        return f"{self.route}/{self.respondent}/{stamp(self.first)}_{stamp(self.last)}{kinds}"
