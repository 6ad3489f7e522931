# SPDX-License-Identifier: Apache-2.0
"""Update, say what came of it, wait, update: until somebody asks to stop, or nothing can be had by going on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from eia930.reference.hours import hour_of, stamp
from eia930.store.storage import Storage
from pipelines.following.process import Updating
from pipelines.following.schedule import Clock, Schedule, wait_until
from pipelines.following.update import Update, account_of, update_of

STOPPED = 130
USAGE = 2


@dataclass(frozen=True, slots=True)
class Follow:
    """Keeps `storage` up by loads with `flags`; `tell` is given each update."""

    storage: Storage
    flags: tuple[str, ...]
    clock: Clock
    schedule: Schedule
    updating: Updating
    tell: Callable[[Update], None]
    stopped: Callable[[], bool]

    def once(self) -> Update:
        """One update, up to the hour that it is."""
        began, before = self.clock.now(), account_of(self.storage)
        ended = self.updating(self._up_to(hour_of(began)))
        seconds = (self.clock.now() - began).total_seconds()
        update = update_of(self.storage, before, ended, at=began, seconds=seconds)
        self.tell(update)
        return update

    def run(self) -> int:
        """Until somebody asks to stop (130), or a load says that its question is wrong or would drop history (2)."""
        while not self.stopped():
            update = self.once()
            if update.exit == USAGE:
                return USAGE
            soon = update.exit not in (0, 1)
            if self.stopped() or wait_until(self.clock, self.schedule.after(self.clock.now(), soon=soon)):
                break
        return STOPPED

    def _up_to(self, hour: int) -> Sequence[str]:
        return (*self.flags, f"--end={stamp(hour + 1)}")
