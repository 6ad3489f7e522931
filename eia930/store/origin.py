# SPDX-License-Identifier: Apache-2.0
"""Whose hours an output holds: never of two publishers, and synthetic ones never beside real ones."""

from eia930.errors import UsageError
from eia930.store import lease
from eia930.store.storage import Storage

ORIGIN = f"{lease.ROOT}/origin"
"""Where it stands which server the stored answers are from."""
EMULATED = "the emulator"
_EIA = frozenset({"api.eia.gov", "www.eia.gov"})
"""One publisher under two names: the API and the files."""


def claim(storage: Storage, *mine: str) -> None:
    """Say that an output is for hours of `mine`. UsageError where it holds those of another publisher."""
    for origin in mine:
        if not storage.create(ORIGIN, origin.encode()):
            before = storage.get(ORIGIN).decode()
            if not (before == origin or {before, origin} <= _EIA):
                raise UsageError(
                    f"--output {storage.place} holds hours of {before}, not of {origin}: choose another --output"
                )


def origin_of(storage: Storage) -> str | None:
    """Whose hours an output holds; None where nobody has said."""
    try:
        return storage.get(ORIGIN).decode()
    except KeyError:
        return None


def is_synthetic(storage: Storage) -> bool:
    """Whether the hours of an output were made by the embedded emulator."""
    return origin_of(storage) == EMULATED
