# SPDX-License-Identifier: Apache-2.0
"""A server whose clock moves: new hours come, young ones are revised; and a clock that waits in no time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from eia930.emulator import RowSource, Series
from eia930.reference.hours import hour_of
from eia930.reference.routes import Route
from pipelines.following.process import Ended
from pipelines.historical import load

_YOUNG = 6
"""Hours of age up to which a value is not yet the last word."""


@dataclass
class Moved:
    """A clock that moves only when somebody waits, or a test sets it."""

    at: datetime
    until: datetime = field(default=datetime.max.replace(tzinfo=UTC))

    def now(self) -> datetime:
        return self.at

    def wait(self, seconds: float) -> bool:
        """Whether the time is over."""
        self.at += timedelta(seconds=seconds)
        return self.at >= self.until


class Moving:
    """The rows up to the hour before the clock's; those of the last hours are 50 more than they will be."""

    def __init__(self, rows: RowSource, clock: Moved) -> None:
        self._rows, self._clock = rows, clock

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rows, name)

    @property
    def now(self) -> int:
        return hour_of(self._clock.now())

    def span(self, route: Route) -> tuple[int, int]:
        return self._rows.span(route)[0], self.now - 1

    def series(self, route: Route, respondent: str) -> tuple[Series, ...]:
        return tuple(self._cut(one) for one in self._rows.series(route, respondent))

    def _cut(self, one: Series) -> Series:
        there = one.hours <= self.now - 1
        hours = one.hours[there]
        values = one.values[there] + np.where(hours > self.now - _YOUNG, 50, 0).astype(one.values.dtype)
        return Series(one.respondent, one.respondent_name, one.kind, one.kind_name, hours, values, one.empty[there])


def in_this_process(clock: Moved, before: Callable[[int], Ended | None] = lambda _: None) -> Callable[..., Ended]:
    """Updates as plain calls; `before(number)` may do one instead."""
    numbers = iter(range(10**6))

    def update(flags: Sequence[str]) -> Ended:
        return before(next(numbers)) or Ended(load(flags, now=clock.now()), "")

    return update
