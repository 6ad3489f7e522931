# SPDX-License-Identifier: Apache-2.0
"""What an earlier load left in an output stands as it is until a better one is about to be written.

A run that was stopped, refused its key or met an outage has changed no file: its account goes to a place of its own.
"""

from __future__ import annotations

from dataclasses import replace

from eia930 import errors
from eia930.account.model import Account
from eia930.account.stored import BESIDE, INDEX, REPORT, STOPPED, read_account, write_account
from eia930.errors import Passing, UsageError
from eia930.sources.fetched import Fetched
from eia930.store.manifest import SUCCESS
from eia930.store.run import Run
from eia930.store.storage import Storage

MARKS = (SUCCESS, INDEX, BESIDE, REPORT)
"""What tells of a load's files. The account goes last: as long as it stands, nothing else tells of another load."""


def earlier(storage: Storage, run: Run) -> Account | None:
    """The account of an earlier load that came to its end and whose files stand; None where there is none."""
    try:
        told = read_account(storage)
    except UsageError:
        return None
    return told if told.run != run.id and not told.stopped else None


def account_of(storage: Storage, run: Run) -> Account | None:
    """The account of this very run, wherever it lies; None where it left none."""
    for key in (REPORT, STOPPED):
        try:
            told = read_account(storage, key=key)
        except UsageError:
            continue
        if told.run == run.id:
            return told
    return None


def put_stopped(storage: Storage, told: Account, run: Run) -> None:
    """Write the account of a run that was stopped: beside that of an earlier load whose files stand."""
    write_account(storage, told, key=STOPPED if earlier(storage, run) else REPORT)


def sparing(storage: Storage, fetched: Fetched, run: Run) -> Fetched:
    """The same; stopped, where not a single request was answered and an earlier load would have to go for nothing."""
    if fetched.stopped or not fetched.failures or fetched.tally.answered or not all(map(_passes, fetched.tally.faults)):
        return fetched
    if earlier(storage, run) is None:
        return fetched
    first, number = fetched.failures[0], len(fetched.failures)
    why = f"no request was answered, of {number:,} that were sent; the first: {first.reason} ({first.remedy})"
    kind = errors.Drifted if errors.Drifted.__name__ in fetched.tally.faults else errors.Unavailable
    return replace(fetched, stopped=why, stopped_by=kind.__name__)


def _passes(fault: str) -> bool:
    """Whether a kind of error may pass, as those of an outage do."""
    kind = getattr(errors, fault, None)
    return isinstance(kind, type) and issubclass(kind, Passing)
