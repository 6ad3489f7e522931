# SPDX-License-Identifier: Apache-2.0
"""A request for the hours of several respondents at once: their rows one respondent after the other."""

from __future__ import annotations

from dataclasses import dataclass

from eia930.question.window import Window


@dataclass(frozen=True, slots=True)
class Several(Window):
    """A window that `others` share with `respondent`, sorted by respondent, then period; all codes in that order.

    Of `respondent` the hours before `since` are known already; the first `skip` of its rows are passed over.
    Of the last one the hours after `until` are known. Where it is descending both orders are, and before is after.
    """

    others: tuple[str, ...] = ()
    since: int | None = None
    skip: int = 0
    until: int | None = None

    @property
    def respondents(self) -> tuple[str, ...]:
        """All of them, in the order in which their rows come."""
        return (self.respondent, *self.others)

    def wanted(self, code: str) -> tuple[int, int]:
        """The first and the last hour of one of them that are not known."""
        begins = self.since if code == self.respondent else None
        ends = self.until if code == self.respondents[-1] else None
        first, last = (ends, begins) if self.descending else (begins, ends)
        return self.first if first is None else first, self.last if last is None else last

    @property
    def id(self) -> str:
        """`region-data/PACW+3/2019-01-01T00_2019-02-22T01`, and how many rows were passed over."""
        route, _, rest = Window(self.route, self.respondent, self.first, self.last, self.kinds).id.split("/")
        passed = f".from-{self.skip}" if self.skip else ""
        return f"{route}/{self.respondent}+{len(self.others)}/{rest}{passed}"
