# SPDX-License-Identifier: Apache-2.0
"""The one dispatcher of an API key: asks for every hour that is not stored, exactly as fast as allowed.

One loop starts every request, first attempts and repeated ones alike, so the pace is exact; a pool of threads
waits for the answers. What came is stored by the thread that fetched it; what failed comes back to the loop.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Protocol

from eia930.errors import EiaError, Passing, Stop, Throttled, Unavailable, Unforeseen, Unordered
from eia930.question.window import Window
from eia930.sources.api.responses import Answer
from eia930.sources.fetched import Failure, Tally
from eia930.sources.rate import Limiter

_LONGEST_BACKOFF = 60.0
_HOPELESS = 25
"""Windows given up in a row, none answered between: the server is away, and the rest is not tried one by one."""


_SHRINKS = 6
"""Times that a lane is asked for half as much: smaller windows cannot overflow, so the server does not heed them."""


class Asking(Protocol):
    """What a dispatcher works through: hours to be had (`lanes.Lane`), or rows to be counted (`counting.Counting`)."""

    @property
    def pages(self) -> float:
        """About how many questions are left; the most go first."""

    def next_window(self) -> Window | None:
        """What to ask next; None while that depends on what is under way, or nothing is left."""

    def answered(self, answer: Answer) -> int:
        """Take an answer in; how many hours it settles."""

    def given_up(self, window: Window) -> None:
        """The window cannot be had."""

    def shrink(self, window: Window) -> None:
        """The window's page was full and out of order: ask for less."""


@dataclass(order=True, slots=True)
class _Attempt:
    not_before: float
    number: int
    window: Window = field(compare=False)
    lane: Asking = field(compare=False)
    tries: int = field(default=0, compare=False)


class Dispatcher:
    """Asks for all that `lanes` still want.

    `ask(window)` makes one attempt and stores the answer; `tick(tally)` is called about once a second and may
    raise Stop. After `run`, `failures` holds what could not be had and `stopped` why the rest was not asked.
    """

    def __init__(
        self,
        lanes: Sequence[Asking],
        *,
        ask: Callable[[Window], Answer],
        limiter: Limiter,
        tick: Callable[[Tally], None],
        in_flight: int = 8,
        tries: int = 10,
    ) -> None:
        self._lanes = lanes
        self._ask = ask
        self._limiter = limiter
        self._tick = tick
        self._in_flight = in_flight
        self._tries = tries
        self._again: list[_Attempt] = []
        self._flying: dict[Future[Answer], _Attempt] = {}
        self._in_a_row = 0
        self._shrunk = Counter[int]()
        self._ticked = 0.0
        self._number = 0
        self.tally = Tally()
        self.failures: list[Failure] = []
        self.stopped: Stop | None = None

    def run(self) -> None:
        """Until nothing is left, or a Stop; what is in flight is waited for and stored."""
        with ThreadPoolExecutor(self._in_flight, thread_name_prefix="ask") as pool:
            try:
                while self._step(pool):
                    pass
            except Stop as stop:
                self._land(stop)
        self._tick_quietly()

    def _step(self, pool: ThreadPoolExecutor) -> bool:
        """Start what may start, wait a little for what is under way; False when all is done."""
        self._news()
        attempt = self._next() if len(self._flying) < self._in_flight else None
        if attempt is None and not self._flying and not self._again:
            return False
        pause = self._start(pool, attempt) if attempt else self._until_again()
        self._collect(pause)
        return True

    def _start(self, pool: ThreadPoolExecutor, attempt: _Attempt) -> float:
        """Start an attempt if the limiter lets us, else keep it; seconds that may be spent waiting."""
        delay = self._limiter.wait()
        if delay > 0:
            self._again.append(attempt)
            return min(delay, 1.0)
        self._limiter.start()
        self._count_start(attempt)
        self._flying[pool.submit(self._ask, attempt.window)] = attempt
        return 0.0

    def _next(self) -> _Attempt | None:
        """A repeated attempt whose time has come, else the next window of the lane with most left."""
        now = time.monotonic()
        due = [attempt for attempt in self._again if attempt.not_before <= now]
        if due:
            first = min(due)
            self._again.remove(first)
            return first
        for lane in sorted(self._lanes, key=lambda one: -one.pages):
            if (window := lane.next_window()) is not None:
                self._number += 1
                return _Attempt(0.0, self._number, window, lane)
        return None

    def _until_again(self) -> float:
        soonest = min((attempt.not_before for attempt in self._again), default=float("inf"))
        return min(max(soonest - time.monotonic(), 0.001), 1.0)

    def _collect(self, pause: float) -> None:
        """Take what has landed; wait up to `pause` seconds for it."""
        if not self._flying:
            time.sleep(pause)
            return
        landed, _ = wait(self._flying, timeout=pause, return_when=FIRST_COMPLETED)
        for future in landed:
            self._landed(self._flying.pop(future), future)

    def _landed(self, attempt: _Attempt, future: Future[Answer]) -> None:
        error = future.exception()
        if error is None:
            self._answered(attempt, future.result())
        elif isinstance(error, Unordered) and self._shrunk[id(attempt.lane)] < _SHRINKS:
            self.tally.retried += 1
            self._count_fault(error)
            self._shrunk[id(attempt.lane)] += 1
            attempt.lane.shrink(attempt.window)
        elif isinstance(error, Passing) and attempt.tries < self._tries:
            self._later(attempt, error)
        elif isinstance(error, Stop) or not isinstance(error, Exception):
            self._count_fault(error)
            raise error
        else:
            self._give_up(attempt, _named(error, attempt.window))

    def _answered(self, attempt: _Attempt, answer: Answer) -> None:
        self._in_a_row = 0
        self._shrunk.pop(id(attempt.lane), None)
        self.tally.answered += 1
        self.tally.rows += answer.columns.received
        self.tally.last_answer = time.time()
        self.tally.hours += attempt.lane.answered(answer)

    def _later(self, attempt: _Attempt, error: Passing) -> None:
        """Ask again after a pause: what the server said, or a random share of a growing one."""
        self._count_fault(error)
        self.tally.retried += 1
        told = error.retry_after if isinstance(error, Throttled | Unavailable) else None
        if told is not None or isinstance(error, Throttled):
            self._limiter.hold(told if told is not None else min(_LONGEST_BACKOFF, 2.0**attempt.tries))
        longest = min(_LONGEST_BACKOFF, 0.25 * 2.0**attempt.tries)
        attempt.not_before = time.monotonic() + (told or 0.0) + random.uniform(0, longest)  # noqa: S311
        self._again.append(attempt)

    def _give_up(self, attempt: _Attempt, error: EiaError) -> None:
        self._count_fault(error)
        window = attempt.window
        attempt.lane.given_up(window)
        self.tally.failed += 1
        self.failures.append(
            Failure(window.id, window.route, window.respondent, window.first, window.last, error.what, error.remedy)
        )
        self._in_a_row += 1
        if self._in_a_row >= _HOPELESS:
            raise Stop(f"{_HOPELESS} requests in a row could not be had; the last: {error.what}")

    def _land(self, stop: Stop) -> None:
        """Wait for what is in flight, then keep the reason."""
        self.stopped = stop
        while self._flying:
            try:
                self._collect(1.0)
            except Stop:
                continue

    def _count_start(self, attempt: _Attempt) -> None:
        now = time.time()
        attempt.tries += 1
        self.tally.sent += 1
        self.tally.first_start = self.tally.first_start or now
        self.tally.last_start = now
        minute = str(int((now - self.tally.started) // 60))
        self.tally.per_minute[minute] = self.tally.per_minute.get(minute, 0) + 1

    def _count_fault(self, error: BaseException) -> None:
        name = type(error).__name__
        self.tally.faults[name] = self.tally.faults.get(name, 0) + 1

    def _news(self) -> None:
        now = time.monotonic()
        if now - self._ticked >= 1.0:
            self._ticked = now
            self._tick(self.tally)

    def _tick_quietly(self) -> None:
        try:
            self._tick(self.tally)
        except Stop as stop:
            self.stopped = self.stopped or stop


def _named(error: Exception, window: Window) -> EiaError:
    """What is not ours is a defect met by one request: said as such, and no end of the others."""
    if isinstance(error, EiaError):
        return error
    return Unforeseen(f"{window.id}: {type(error).__name__}: {error}"[:300])
