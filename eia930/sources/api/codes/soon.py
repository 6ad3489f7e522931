# SPDX-License-Identifier: Apache-2.0
"""How long a load waits for the server's lists: not for long, but as long as the server itself asked it to wait."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from eia930.errors import Stop
from eia930.sources.fetched import Tally
from eia930.sources.rate import Limiter

PATIENCE = 20.0
"""Seconds without an answer after which a server is taken not to list."""


@dataclass(slots=True)
class Soon:
    """A limiter, and the tick of the same work: Stop where no answer comes within so many seconds.

    While the server has asked for a pause nobody could have had one.
    """

    limiter: Limiter
    tick: Callable[[Tally], None]
    clock: Callable[[], float]
    patience: float = PATIENCE
    _held: float = 0.0

    def wait(self) -> float:
        """Seconds until a request may start."""
        return self.limiter.wait()

    def start(self) -> None:
        """A request starts now."""
        self.limiter.start()

    def hold(self, seconds: float) -> None:
        """The server asked for a pause."""
        self._held = max(self._held, self.clock() + seconds)
        self.limiter.hold(seconds)

    def __call__(self, tally: Tally) -> None:
        """A tick: whatever the inner one raises, and Stop."""
        self.tick(tally)
        since = max(tally.last_answer or tally.first_start or self.clock(), self._held)
        if self.clock() - since > self.patience:
            why = tally.trouble or "no answer"
            raise Stop(f"none came within {self.patience:.0f} s ({why})", "the next load asks for them again")
