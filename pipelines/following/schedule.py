# SPDX-License-Identifier: Apache-2.0
"""When to look again: a minute of every hour, a little later by chance, so that not all who follow ask at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Protocol

MINUTE = 15
"""An hour that ends at HH:00 comes 68 to 74 minutes later as a rule, so at a quarter past the next."""
JITTER = timedelta(minutes=2)
AGAIN = timedelta(minutes=5)
"""After a run that could not go on: another one holds the output, or the storage is away."""
_HOUR = timedelta(hours=1)
_LOOK = 5.0
"""Seconds after which the clock is looked at again: it may have been set meanwhile."""


class Clock(Protocol):
    """What time it is, and how to wait."""

    def now(self) -> datetime:
        """UTC."""

    def wait(self, seconds: float) -> bool:
        """Wait, or less where somebody asks to stop; whether somebody has."""


@dataclass(frozen=True, slots=True)
class WallClock:
    """This host's. `stop` is set by whoever asks to stop."""

    stop: Event

    def now(self) -> datetime:
        """UTC."""
        return datetime.now(UTC)

    def wait(self, seconds: float) -> bool:
        """Wait; whether somebody asked to stop."""
        return self.stop.wait(seconds)


@dataclass(frozen=True, slots=True)
class Schedule:
    """At `minute` past every hour, and up to `JITTER` later: `chance()` is from 0 to 1."""

    minute: int
    chance: Callable[[], float]

    def after(self, now: datetime, *, soon: bool = False) -> datetime:
        """The next time; `soon`: in a few minutes already, where that is before it."""
        mark = now.replace(minute=self.minute, second=0, microsecond=0)
        due = (mark if mark > now else mark + _HOUR) + JITTER * self.chance()
        return min(due, now + AGAIN) if soon else due


def wait_until(clock: Clock, due: datetime) -> bool:
    """Wait; whether somebody asked to stop. A clock that is set back makes no wait longer than an hour."""
    while (left := due - clock.now()) > timedelta(0):
        if left > _HOUR + JITTER:
            due = clock.now() + _HOUR
        elif clock.wait(min(left.total_seconds(), _LOOK)):
            return True
    return False
