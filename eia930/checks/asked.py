# SPDX-License-Identifier: Apache-2.0
"""What a load asked for: a series that nobody asked for is no fault of the record, one that did not come is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from eia930.question.span import Span
from eia930.reference.respondents import respondents
from eia930.reference.routes import Route
from eia930.reference.series import SeriesKey


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

    def has(self, key: SeriesKey) -> bool:
        """Whether a series was asked for."""
        some = () if self.kinds is None else self.kinds.get((key.route.id, key.respondent))
        return some is not None and (not some or key.kind in some)

    def reports(self, key: SeriesKey) -> bool:
        """Whether there can be such a total in these hours: its respondent was at work, and has demand of its own."""
        one = respondents().get(key.respondent)
        if self.kinds is None or one is None:
            return True
        alive = one.life.hours(self.first, self.last, slack=0) is not None
        return alive and (not key.route.types or key.kind in key.route.expected(key.respondent))

    def expects(self, key: SeriesKey) -> bool:
        """Whether the tables say besides that it has this kind: many have only a few energy sources."""
        known = self.kinds is not None and key.respondent in respondents()
        return self.reports(key) and (not known or key.kind in key.route.expected(key.respondent))


EVERYTHING = Asked()


def asked_by(spans: Iterable[Span]) -> Asked:
    """What the spans of a load ask for, at least one."""
    spans = tuple(spans)
    kinds = {(span.route, span.respondent): span.kinds for span in spans}
    return Asked(kinds, min(span.first for span in spans), max(span.last for span in spans))
