# SPDX-License-Identifier: Apache-2.0
"""Whose hours an output holds: never of two servers, and synthetic ones never beside real ones."""

from eia930.errors import UsageError
from eia930.store import lease
from eia930.store.storage import Storage

ORIGIN = f"{lease.ROOT}/origin"
"""Where it stands which server the stored responses are from."""
EMULATED = "the emulator"


def claim(storage: Storage, mine: str) -> None:
    """Say that an output is for hours of `mine`. UsageError where it holds those of another source."""
    if not storage.create(ORIGIN, mine.encode()) and (before := storage.get(ORIGIN).decode()) != mine:
        raise UsageError(f"--output {storage.place} holds hours of {before}, not of {mine}: choose another --output")


def is_synthetic(storage: Storage) -> bool:
    """Whether the hours of an output were made by the embedded emulator."""
    try:
        return storage.get(ORIGIN).decode() == EMULATED
    except KeyError:
        return False
