# SPDX-License-Identifier: Apache-2.0
"""A dispatcher's time at work on a folder: it holds the lease, says how it goes on, and heeds who asks it to stop.

Where a dispatcher of the same run was lost with its worker, the next one carries its account on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from eia930.errors import Interrupted, Stop, StorageError, UsageError
from eia930.program.code import require_same
from eia930.sources.asking import A, Q
from eia930.sources.beat import Beat, merged
from eia930.sources.dispatch import Dispatcher
from eia930.sources.fetched import Fetched, Looked, Tally
from eia930.store import lease
from eia930.store.run import Run, heed_stop, told_to_stop
from eia930.store.storage import Storage

NAME = "dispatcher"


class Session:
    """Between `alone`'s taking and giving back of the lease. `begin` it with the work, then `tick` it every second."""

    def __init__(self, storage: Storage, run: Run, held: lease.Lease, before: Beat | None) -> None:
        self._storage = storage
        self._run = run
        self._lease = held
        self._before = before
        self._done: Tally | None = None
        self._told = Beat(run.id, 0, 0, Tally())
        self._heard = (time.monotonic(), b"")

    @property
    def worked(self) -> bool:
        """Whether a dispatcher of this run has had an answer already."""
        return self._before is not None and self._before.tally.answered > 0

    @property
    def first(self) -> bool:
        """Whether no dispatcher was ever at work on this folder before."""
        return self._lease.epoch == 1

    def saw(self, looked: Looked) -> bool:
        """Whether who looked has seen all that dispatchers before this one have stored."""
        return looked.epoch == self._lease.epoch - 1

    def begin(self, *, hours: int, reused: int) -> None:
        """Say what is to be done: hours still wanted, and how many stored answers serve."""
        if self._done is not None:
            self._told = Beat(self._run.id, self._told.hours_wanted + hours, self._told.reused + reused, Tally())
            return
        if self._before is None:
            self._told = Beat(self._run.id, hours, reused, Tally())
            return
        self._before = self._before.caught_up(reused)
        self._told = Beat(self._run.id, hours + self._before.tally.hours, self._before.reused, Tally())

    def then(self, done: Fetched) -> None:
        """The next `begin` is of another source, whose account is added to what was done."""
        self._done = done.tally

    def tick(self, tally: Tally) -> None:
        """Superseded or Interrupted where another took over, the run is gone, or somebody asked to stop."""
        told = self._told
        self._lease.beat(Beat(told.run, told.hours_wanted, told.reused, self._whole(tally)))
        if told_to_stop(self._storage, self._run):
            raise Interrupted("asked to stop: what was under way is stored")
        alive = self._run.owner.alive
        if alive is False or (alive is None and self._silent()):
            raise Interrupted("the run that this dispatcher belongs to is gone")

    def silently(self, tally: Tally) -> None:
        """A tick of work that is none of the run's hours: it lives, heeds who asks to stop, and tells no news."""
        self._lease.beat()
        if told_to_stop(self._storage, self._run):
            raise Interrupted("asked to stop: what was under way is stored")

    def fetched(self, done: Dispatcher[Q, A], *, damaged: int, limit_per_hour: int | None) -> Fetched:
        """The account of what was done in this run."""
        why, kind = (str(done.stopped), type(done.stopped).__name__) if done.stopped else ("", "")
        tally, reused = self._whole(done.tally), self._told.reused
        return Fetched(tally, reused, damaged, tuple(done.failures), why, kind, limit_per_hour)

    def _whole(self, tally: Tally) -> Tally:
        if self._done is not None:
            return replace(merged(self._done, tally), failed=self._done.failed + tally.failed)
        return tally if self._before is None else merged(self._before.tally, tally)

    def _silent(self) -> bool:
        """Whether the run, on another host, has not beaten for long."""
        beat = lease.last_beat(self._storage, "run")
        if beat != self._heard[1]:
            self._heard = (time.monotonic(), beat)
        return time.monotonic() - self._heard[0] > 2 * lease.SILENCE


def at_rest(storage: Storage) -> int | None:
    """The epoch of the folder's last dispatcher, 0 where there was none; None where it may still be at work."""
    return lease.at_rest(storage, NAME)


def alone(storage: Storage, run: Run, work: Callable[[Session], Fetched]) -> Fetched:
    """Do the work as the folder's one dispatcher. Never raises Stop or UsageError: it says why."""
    try:
        before = lease.news_of(storage, NAME, Beat)
        require_same(run.program)
        heed_stop(storage, run)
        held = lease.acquire(storage, NAME, lease.Owner.here(run.id), take_over=True, pause=time.sleep)
        try:
            return work(Session(storage, run, held, before if before and before.run == run.id else None))
        finally:
            # Whatever happened: a second try in this very process must not wait for the first.
            with suppress(StorageError):
                held.release()
    except (Stop, UsageError) as stop:
        return Fetched(Tally(), 0, 0, (), str(stop), type(stop).__name__)
