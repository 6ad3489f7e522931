# SPDX-License-Identifier: Apache-2.0
"""How long to wait after an error before asking again, and when waiting is pointless.

A request that fails is asked again after a random share of a growing pause. A key that is refused after it had worked
may be suspended, which passes: everybody pauses. A server that nobody has reached yet is given up within a minute.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from eia930.errors import EiaError, KeyRefused, Passing, Stop, Throttled, Unavailable, Unreachable

_LONGEST_BACKOFF = 60.0
_LONG = 15.0
"""Seconds of a pause from which on it is told until when: as often as a line of progress comes."""
SUSPENDED = (30.0, 60.0, 120.0, 240.0, 480.0, 960.0, 1920.0, 3600.0, 3600.0)
"""Seconds of pause, one after the other, for a key that worked before; then it is taken for lost."""
NOBODY = 25.0
"""Seconds after the first request in which somebody must have been reached."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """Seconds that never go back, seconds since 1970, and how to wait: a test brings its own."""

    monotonic: Callable[[], float] = time.monotonic
    unix: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


class Patience:
    """What one dispatcher has met so far. `worked`: whether the key had an answer already, earlier in this run."""

    def __init__(self, clocks: Clocks, *, worked: bool) -> None:
        self._clocks = clocks
        self._worked = worked
        self._reached = worked
        self._first: float | None = None
        self._unreached: Unreachable | None = None
        self._pauses = 0
        self._until = 0.0
        self.trouble = ""
        """What is in the way, for whoever watches; empty where nothing is."""

    @property
    def suspended(self) -> bool:
        """Whether the key was refused last: one request at a time finds out whether it is still."""
        return self._pauses > 0

    def started(self) -> None:
        """A request starts."""
        if self._first is None:
            self._first = self._clocks.monotonic()

    def answered(self) -> None:
        """An answer came."""
        self._worked = self._reached = True
        self._pauses = 0
        self.trouble = ""

    def failed(self, error: BaseException, *, last: bool) -> None:
        """A request failed, for good where it is the `last` try. Stop where nobody was ever reached."""
        if not isinstance(error, Unreachable):
            self._reached = True
        elif not self._reached:
            self._unreached = error
            if last:
                raise self._nobody(error)

    def check(self) -> None:
        """Stop where for long nobody was reached."""
        late = self._first is not None and self._clocks.monotonic() - self._first > NOBODY
        if late and not self._reached and self._unreached is not None:
            raise self._nobody(self._unreached)

    def backoff(self, error: Passing, tries: int) -> tuple[float, float]:
        """Seconds for which nobody asks, and seconds after which this request is asked again."""
        self.trouble = f"retrying: {_short(error)}"
        told = error.retry_after if isinstance(error, Throttled | Unavailable) else None
        if told and told >= _LONG:
            self.trouble += f"; the server asks for a pause until {self._at(told)} UTC"
        longest = min(_LONGEST_BACKOFF, 0.25 * 2.0**tries)
        everybody = told
        if everybody is None:
            everybody = min(_LONGEST_BACKOFF, 2.0**tries) if isinstance(error, Throttled) else 0.0
        return everybody, (told or 0.0) + random.uniform(0, longest)  # noqa: S311

    def refused(self, error: KeyRefused) -> float:
        """Seconds for which nobody asks, for the key is suspended. The error itself, where it is wrong,
        has not worked in this run, or stays refused.

        Requests that were under way when the first was refused bring no news.
        """
        if error.wrong or not self._worked or (self._over() and self._pauses == len(SUSPENDED)):
            raise error
        if self._over():
            pause = SUSPENDED[self._pauses]
            self._pauses += 1
            self._until = self._clocks.monotonic() + pause
            self.trouble = f"the key is refused, though it worked before; asked again at {self._at(pause)} UTC"
        return max(0.0, self._until - self._clocks.monotonic())

    def _at(self, seconds: float) -> str:
        """The time of the day so much later, as `05:15:41`."""
        return f"{datetime.fromtimestamp(self._clocks.unix() + seconds, UTC):%H:%M:%S}"

    def _over(self) -> bool:
        """Whether the last pause is over."""
        return self._clocks.monotonic() >= self._until

    def _nobody(self, error: Unreachable) -> Stop:
        what = f"nobody answers there, nor has since it was first asked: {_short(error)}"
        return Stop(what, f"{error.remedy}, then {EiaError.remedy}")


def _short(error: Passing) -> str:
    """What happened, without the name of the request that it happened to."""
    head, mark, rest = error.what.partition(": ")
    return (rest if mark and ("/" in head or head.endswith(".csv")) else error.what)[:200]
