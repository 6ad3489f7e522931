# SPDX-License-Identifier: Apache-2.0
"""A worker's failure as whoever drives the run reads it: word for word, where the request to stop and the beats lie.

    raw/run/failed/<run>.json    kind, what, remedy, stage, host; of the last one that failed

A runner tells of a failure in a text of its own (Java's exception, a status of gRPC), in which a remedy is lost.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import msgspec

from eia930 import errors
from eia930.errors import EiaError, Stop, StorageError
from eia930.program.reading import from_json
from eia930.store import lease
from eia930.store.run import Run
from eia930.store.storage import Storage

FAILED = f"{lease.ROOT}/failed"


class WorkerFailure(msgspec.Struct, frozen=True):
    """An error of ours that a stage raised on a host, while it worked for a run."""

    run: str
    kind: str
    what: str
    remedy: str
    stage: str
    host: str

    def error(self) -> EiaError:
        """The same error again; a Stop where this version knows no such kind."""
        found = getattr(errors, self.kind, None)
        kind = found if isinstance(found, type) and issubclass(found, EiaError) else Stop
        error = kind(self.what, self.remedy)
        error.remedy = self.remedy
        return error


@contextmanager
def telling(storage: Storage, run: Run, stage: str) -> Iterator[None]:
    """Whatever of our errors is raised within is told to the driver of the run, and raised on."""
    try:
        yield
    except EiaError as error:
        name = type(error).__name__
        failure = WorkerFailure(run.id, name, error.what, error.remedy, stage, socket.gethostname())
        # A storage that is away or full cannot be told so: then the runner's text has to do.
        with suppress(StorageError):
            storage.put(_key(run), msgspec.json.encode(failure))
        raise


def failure_of(storage: Storage, run: Run) -> WorkerFailure | None:
    """What a worker told of this run, and of no other; None where none did."""
    try:
        found = from_json(storage.get(_key(run)), WorkerFailure)
    except (KeyError, StorageError, msgspec.DecodeError):
        return None
    return found if found.run == run.id else None


def forget_failures(storage: Storage) -> None:
    """Remove what earlier runs told: for the holder of the run's lease, as it begins."""
    storage.delete(*(entry.key for entry in storage.list(FAILED)))


def _key(run: Run) -> str:
    return f"{FAILED}/{run.id}.json"
