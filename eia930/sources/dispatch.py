# SPDX-License-Identifier: Apache-2.0
"""The one dispatcher of an API key: asks for every hour that is not stored, exactly as fast as allowed.

One loop starts every request, first attempts and repeated ones alike, so the pace is exact; a pool of threads
waits for the answers. What came is stored by the thread that fetched it; what failed comes back to the loop.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Generic

from eia930.errors import Drifted, EiaError, KeyRefused, Marred, Passing, Stop, Unforeseen, Unordered
from eia930.sources.asking import A, Asking, Q
from eia930.sources.fetched import Failure, Tally
from eia930.sources.patience import Clocks, Patience
from eia930.sources.rate import Limiter

_HOPELESS = 25
"""Requests given up in a row, none answered between: the server is away, and the rest is not tried one by one."""
_DRIFTED = (3, 8)
"""Tries of a request where no answer could be read yet, and how many such requests in a row: the rest is not asked."""
_SHRINKS = 6
"""Times that a lane is asked for half as much: smaller windows cannot overflow, so the server does not heed them."""


@dataclass(order=True, slots=True)
class _Attempt(Generic[Q, A]):
    not_before: float
    number: int
    window: Q = field(compare=False)
    lane: Asking[Q, A] = field(compare=False)
    tries: int = field(default=0, compare=False)


class Dispatcher(Generic[Q, A]):
    """Asks for all that `lanes` still want.

    `ask(window)` makes one attempt and stores the answer; `tick(tally)` is called about once a second and may
    raise Stop. After `run`, `failures` holds what could not be had and `stopped` why the rest was not asked.
    `worked` says whether the key had an answer in this run already.
    """

    def __init__(
        self,
        lanes: Sequence[Asking[Q, A]],
        *,
        ask: Callable[[Q], A],
        limiter: Limiter,
        tick: Callable[[Tally], None],
        in_flight: int = 8,
        tries: int = 10,
        worked: bool = False,
        clocks: Clocks | None = None,
    ) -> None:
        self._lanes = lanes
        self._ask = ask
        self._limiter = limiter
        self._tick = tick
        self._in_flight = in_flight
        self._tries = tries
        self._clocks = clocks or Clocks()
        self._patience = Patience(self._clocks, worked=worked)
        self._again: list[_Attempt[Q, A]] = []
        self._flying: dict[Future[A], _Attempt[Q, A]] = {}
        self._in_a_row = 0
        self._drifted: Drifted | None = None
        self._shrunk = Counter[int]()
        self._ticked = float("-inf")
        self._number = 0
        self.tally = Tally(started=self._clocks.unix())
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
        self._patience.check()
        if self._drifted:
            self._drop_rest(self._drifted)
        most = 1 if self._patience.suspended else self._in_flight
        attempt = self._next() if len(self._flying) < most else None
        if attempt is None and not self._flying and not self._again:
            return False
        pause = self._start(pool, attempt) if attempt else self._until_again()
        self._collect(pause)
        return True

    def _start(self, pool: ThreadPoolExecutor, attempt: _Attempt[Q, A]) -> float:
        """Start an attempt if the limiter lets us, else keep it; seconds that may be spent waiting."""
        delay = self._limiter.wait()
        if delay > 0:
            self._again.append(attempt)
            return min(delay, 1.0)
        self._limiter.start()
        self._patience.started()
        self._count_start(attempt)
        self._flying[pool.submit(self._ask, attempt.window)] = attempt
        return 0.0

    def _next(self) -> _Attempt[Q, A] | None:
        """A repeated attempt whose time has come, else the next window of the lane with most left."""
        now = self._clocks.monotonic()
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
        return min(max(soonest - self._clocks.monotonic(), 0.001), 1.0)

    def _collect(self, pause: float) -> None:
        """Take what has landed; wait up to `pause` seconds for it."""
        if not self._flying:
            self._clocks.sleep(pause)
            return
        landed, _ = wait(self._flying, timeout=pause, return_when=FIRST_COMPLETED)
        for future in landed:
            self._landed(self._flying.pop(future), future)

    def _landed(self, attempt: _Attempt[Q, A], future: Future[A]) -> None:
        error = future.exception()
        if error is None:
            self._answered(attempt, future.result())
            return
        self._count_fault(error)
        if isinstance(error, Marred):
            # Once a request, and at the cost of no try.
            attempt.tries -= 1
        hopeless = isinstance(error, Drifted) and not self.tally.answered
        tries = min(self._tries, _DRIFTED[0]) if hopeless else self._tries
        passing = isinstance(error, Passing) and attempt.tries < tries
        self._patience.failed(error, last=not passing)
        if isinstance(error, Unordered) and self._shrunk[id(attempt.lane)] < _SHRINKS:
            self.tally.retried += 1
            self._shrunk[id(attempt.lane)] += 1
            attempt.lane.shrink(attempt.window)
        elif isinstance(error, KeyRefused):
            self._suspended(attempt, error)
        elif isinstance(error, Passing) and passing:
            self._later(attempt, error)
        elif isinstance(error, Stop) or not isinstance(error, Exception):
            raise error
        else:
            self._give_up(attempt, _named(error, attempt.window.id))

    def _answered(self, attempt: _Attempt[Q, A], answer: A) -> None:
        self._in_a_row = 0
        self._patience.answered()
        self._shrunk.pop(id(attempt.lane), None)
        self.tally.answered += 1
        self.tally.stored += answer.stored
        self.tally.rows += answer.rows
        self.tally.last_answer = self._clocks.unix()
        self.tally.hours += attempt.lane.answered(answer)

    def _later(self, attempt: _Attempt[Q, A], error: Passing) -> None:
        """Ask again after a pause: what the server said, or a random share of a growing one."""
        self.tally.retried += 1
        everybody, this = self._patience.backoff(error, attempt.tries)
        if everybody:
            self._limiter.hold(everybody)
        attempt.not_before = self._clocks.monotonic() + this
        self._again.append(attempt)

    def _suspended(self, attempt: _Attempt[Q, A], error: KeyRefused) -> None:
        """A key that has worked may work again: everybody pauses, and no try is lost by it."""
        self._limiter.hold(self._patience.refused(error))
        self.tally.retried += 1
        attempt.tries -= 1
        self._again.append(attempt)

    def _give_up(self, attempt: _Attempt[Q, A], error: EiaError) -> None:
        self._fail(attempt.lane, attempt.window, error.what, error.remedy)
        self._in_a_row += 1
        if isinstance(error, Drifted):
            if self._in_a_row >= _DRIFTED[1]:
                self._drifted = error
        elif self._in_a_row >= _HOPELESS:
            raise Stop(f"{_HOPELESS} requests in a row could not be had; the last: {error.what}")

    def _drop_rest(self, error: Drifted) -> None:
        """What could not be read would not be read either: it is named, and not asked for."""
        for lane in self._lanes:
            while (window := lane.next_window()) is not None:
                self._fail(lane, window, f"{window.id}: not asked: {error.what.partition(': ')[2]}", error.remedy)

    def _fail(self, lane: Asking[Q, A], window: Q, reason: str, remedy: str) -> None:
        if not lane.given_up(window):
            return
        self.tally.failed += 1
        self.failures.append(
            Failure(window.id, window.route, window.respondent, window.first, window.last, reason, remedy)
        )

    def _land(self, stop: Stop) -> None:
        """Wait for what is in flight, then keep the reason."""
        self.stopped = stop
        while self._flying:
            try:
                self._collect(1.0)
            except Stop:
                continue

    def _count_start(self, attempt: _Attempt[Q, A]) -> None:
        now = self._clocks.unix()
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
        now = self._clocks.monotonic()
        if now - self._ticked >= 1.0:
            self._ticked = now
            self.tally.trouble = self._patience.trouble
            self._tick(self.tally)

    def _tick_quietly(self) -> None:
        self.tally.trouble = self._patience.trouble
        try:
            self._tick(self.tally)
        except Stop as stop:
            self.stopped = self.stopped or stop


def _named(error: Exception, request: str) -> EiaError:
    """What is not ours is a defect met by one request: said as such, and no end of the others."""
    if isinstance(error, EiaError):
        return error
    return Unforeseen(f"{request}: {type(error).__name__}: {error}"[:300])
