# SPDX-License-Identifier: Apache-2.0
"""One run of a program on an output: who drives it, and how it is asked to stop, wherever its workers are."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from eia930.errors import Interrupted
from eia930.program.code import fingerprint
from eia930.store import lease
from eia930.store.storage import Storage

STOP_KEY = f"{lease.ROOT}/stop"
KEEP_HOURS = 6
"""How long superseded files stay, where nobody says."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a program on a folder: who drives it, and since when what it stored counts as fresh."""

    owner: lease.Owner
    since: datetime
    program: str = field(default_factory=fingerprint)
    """The code of whoever started the run: workers with other code refuse."""
    keep_hours: int = KEEP_HOURS
    """How long what it supersedes stays for who has opened it."""

    @property
    def id(self) -> str:
        """Names the run in leases and in the request to stop."""
        return self.owner.run


def ask_to_stop(storage: Storage, run: Run) -> None:
    """Tell the dispatcher of a run, wherever it is, to finish what is under way and stop."""
    storage.put(STOP_KEY, run.id.encode())


def heed_stop(storage: Storage, run: Run) -> None:
    """For whatever has a next piece of work to begin: Interrupted where somebody asked the run to stop.

    Superseded where another run has followed on this output: whoever was forgotten somewhere writes nothing more.
    """
    if told_to_stop(storage, run):
        raise Interrupted("asked to stop: nothing more is begun")
    lease.require_latest(storage, "run", run.id)


def told_to_stop(storage: Storage, run: Run) -> bool:
    """Whether somebody asked this run to stop."""
    try:
        return storage.get(STOP_KEY) == run.id.encode()
    except KeyError:
        return False
