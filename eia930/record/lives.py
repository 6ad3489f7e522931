# SPDX-License-Identifier: Apache-2.0
"""In which hours a series' silence is a gap: with a source that has no empty rows, between its first and last value.

Before it and after, nobody reported. What such a source could not be asked for counts, wherever it lies; so does a
series that is expected and has no value at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from eia930.question.pieces import Flags
from eia930.question.span import Span
from eia930.record.grid import Series
from eia930.sources.columns import Stored
from eia930.sources.fetched import Failure


@dataclass(slots=True)
class Lives:
    """What the answers for a span say of their own silence."""

    span: Span
    _bounded: bool = False
    _counts: Flags = field(init=False)
    """bool[hours]: where an answer speaks of every hour, or none could be had."""

    def __post_init__(self) -> None:
        self._counts = np.zeros(self.span.hours, bool)

    def add(self, stored: Stored) -> None:
        """Take an answer in."""
        if stored.outside_counts:
            self._mark(stored.first, stored.last)
        else:
            self._bounded = True

    def failed(self, failures: Iterable[Failure]) -> None:
        """What could not be had is a gap."""
        for failure in failures:
            self._mark(failure.first, failure.last)

    def asked(self, series: Iterable[Series]) -> list[Series]:
        """The series, each with the hours in which its silence counts."""
        return [self._asked(one) for one in series] if self._bounded else list(series)

    def _asked(self, one: Series) -> Series:
        places = np.flatnonzero(one.at)
        if not len(places):
            return one
        counts = self._counts.copy()
        counts[places[0] : places[-1] + 1] = True
        return replace(one, asked=counts if one.asked is None else counts & one.asked)

    def _mark(self, first: int, last: int) -> None:
        self._counts[max(0, first - self.span.first) : max(0, last + 1 - self.span.first)] = True
