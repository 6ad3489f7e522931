# SPDX-License-Identifier: Apache-2.0
"""What a load asked for: a series that nobody asked for is no fault of the record, one that did not come is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from eia930.question.span import Span
from eia930.reference.hours import moment_of
from eia930.reference.respondents import expected_kinds, respondents
from eia930.reference.routes import FUEL, REGION, Route


@dataclass(frozen=True, slots=True)
class Asked:
    """(route id, respondent) → its kinds, empty for all; None in place of the mapping: everything was asked for.

    `first`..`last` are the hours asked for (inclusive, since 1970 UTC).
    """

    kinds: Mapping[tuple[str, str], tuple[str, ...]] | None = None
    first: int = 0
    last: int = 0

    def whole(self, route: Route, respondent: str) -> bool:
        """Whether all that a respondent has in a route was asked for."""
        return self.kinds is None or self.kinds.get((route.id, respondent)) == ()

    def has(self, respondent: str, kind: str) -> bool:
        """Whether a respondent's total was asked for: `kind` is D, DF, NG, TI or NG.<fuel>."""
        route, name = _place(kind)
        some = () if self.kinds is None else self.kinds.get((route.id, respondent))
        return some is not None and (not some or name in some)

    def reports(self, respondent: str, kind: str) -> bool:
        """Whether a respondent can have such a total in these hours: it was at work then, and has demand of its own."""
        one = respondents().get(respondent)
        if self.kinds is None or one is None:
            return True
        alive = one.is_active(moment_of(self.first).date(), moment_of(self.last).date())
        route, name = _place(kind)
        return alive and (route is FUEL or name in expected_kinds(REGION, respondent))

    def expects(self, respondent: str, kind: str) -> bool:
        """Whether the tables say besides that it has this energy source: many have only a few."""
        route, name = _place(kind)
        known = self.kinds is not None and route is FUEL and respondent in respondents()
        return self.reports(respondent, kind) and (not known or name in expected_kinds(FUEL, respondent))


EVERYTHING = Asked()


def asked_by(spans: Iterable[Span]) -> Asked:
    """What the spans of a load ask for, at least one."""
    spans = tuple(spans)
    kinds = {(span.route, span.respondent): span.kinds for span in spans}
    return Asked(kinds, min(span.first for span in spans), max(span.last for span in spans))


def _place(kind: str) -> tuple[Route, str]:
    """The route that a kind of total stands in, and its name there."""
    fuel = kind.partition(".")[2]
    return (FUEL, fuel) if fuel else (REGION, kind)
