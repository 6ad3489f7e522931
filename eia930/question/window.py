# SPDX-License-Identifier: Apache-2.0
"""A request as a value: which hours of which respondent, in which route."""

from dataclasses import dataclass

from eia930.reference.hours import stamp
from eia930.reference.routes import PAGE, ROUTES, Route

PERIOD, KIND, VALUE = "period", "kind", "value"


@dataclass(frozen=True, slots=True)
class Short:
    """A few of a window's rows: `length` from `offset` on, sorted by `by` (PERIOD, KIND or VALUE) first.

    The answer's `total` counts all rows of the window, so that a short answer is a way to count.
    """

    by: str
    offset: int = 0
    length: int = 1


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
    """The direction of the first column sorted by."""
    short: Short | None = None
    """Set where a few of the rows will do; such an answer settles no hours."""

    @property
    def length(self) -> int:
        """Most rows that the answer may hold."""
        return self.short.length if self.short else PAGE

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
        return f"{self.route}/{self.respondent}/{stamp(self.first)}_{stamp(self.last)}{kinds}{self._way}"

    @property
    def _way(self) -> str:
        """Sort, offset and length of a short answer, as `.period-desc-0-1`."""
        if self.short is None:
            return ""
        direction = "desc" if self.descending else "asc"
        return f".{self.short.by}-{direction}-{self.short.offset}-{self.short.length}"
