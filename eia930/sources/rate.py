# SPDX-License-Identifier: Apache-2.0
"""How fast we may ask: a limiter says when the next request may start; one dispatcher obeys it.

`Pace` never starts more than `per_hour` requests in any rolling hour nor more than `per_second` in any rolling
second, whatever came before: it begins empty, so a restart cannot add a burst to what its predecessor sent.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

PER_HOUR = 6300
"""70 % of the requests an hour that EIA asks clients to stay under."""
PER_SECOND = 3
"""Requests in any second: EIA asks clients to stay under five."""
Clock = Callable[[], float]
"""Seconds that never go back."""
SLACK = 0.2
"""Seconds by which the first and the last of `per_second` + 1 starts lie farther apart than a second: one that is so
late on its way still makes no fourth in a second of the server's. Half of it between two, where one a second may go."""


class Limiter(Protocol):
    """Says how long to wait, and is told of every start. Another kind may share one quota between hosts."""

    def wait(self) -> float:
        """Seconds until a request may start; 0 if now."""

    def start(self) -> None:
        """A request starts now."""

    def hold(self, seconds: float) -> None:
        """The server asked for a pause: nothing starts for so long."""


def take_turn(limiter: Limiter, sleep: Callable[[float], None] = time.sleep) -> None:
    """Wait until a request may start, and start it: for a program that asks one after the other."""
    while (pause := limiter.wait()) > 0:
        sleep(pause)
    limiter.start()


@dataclass(slots=True)
class Unlimited:
    """For a server of one's own: only a pause that the server asks for is kept."""

    clock: Clock = time.monotonic
    _until: float = field(default=0.0, init=False)

    def wait(self) -> float:
        """Seconds until a request may start."""
        return max(0.0, self._until - self.clock())

    def start(self) -> None:
        """Count nothing."""

    def hold(self, seconds: float) -> None:
        """Keep a pause."""
        self._until = max(self._until, self.clock() + seconds)


@dataclass(slots=True)
class Pace:
    """A bucket of `per_second` tokens, filled so that bucket and filling together keep the hour's limit.

    In any hour at most `per_second` (the bucket) + filling × 3600 = `per_hour` requests start.
    """

    per_hour: int
    per_second: int
    min_delay: float = 0.0
    clock: Clock = time.monotonic
    owed: int = 0
    """Requests that this program has started just before, by another limiter: they are waited for."""
    alone: bool = False
    """Whether nobody can have asked in the last second: else nothing starts in the first."""
    _tokens: float = field(default=0.0, init=False)
    _at: float = field(default=0.0, init=False)
    _next: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self._at = self.clock()
        self._tokens = -float(self.owed)
        # What a predecessor started in its last second is not known here.
        self._next = self._at if self.alone else self._at + 1.0

    @property
    def filling(self) -> float:
        """Tokens a second."""
        return max(self.per_hour - self._size, self.per_hour / 2) / 3600

    @property
    def spacing(self) -> float:
        """Seconds between two starts, at least."""
        return max(self.min_delay, 1 / self.per_second + SLACK / max(2, self.per_second))

    @property
    def _size(self) -> int:
        return min(self.per_second, max(1, self.per_hour // 2))

    def wait(self) -> float:
        """Seconds until a request may start; 0 if now."""
        self._fill()
        missing = max(0.0, 1.0 - self._tokens) / self.filling
        return max(0.0, missing, self._next - self.clock())

    def start(self) -> None:
        """Take a token. The caller has waited."""
        self._fill()
        self._tokens -= 1.0
        self._next = max(self._next, self.clock() + self.spacing)

    def hold(self, seconds: float) -> None:
        """The server asked for a pause: nothing starts for so long."""
        self._next = max(self._next, self.clock() + seconds)

    def _fill(self) -> None:
        now = self.clock()
        self._tokens = min(float(self._size), self._tokens + (now - self._at) * self.filling)
        self._at = now
