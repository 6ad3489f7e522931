# SPDX-License-Identifier: Apache-2.0
"""Whose hours an output holds: never of two publishers, and synthetic ones never beside real ones.

raw/origin       beside the answers, and copied with them: the host that was asked, or "the emulator"
manifest.json    the same, beside the files that were made of them: `origin`
"""

from collections.abc import Iterator
from itertools import product

from eia930.errors import UsageError
from eia930.store import lease
from eia930.store.keys import ORIGIN
from eia930.store.manifest import read_whole
from eia930.store.storage import Storage

EMULATED = "the emulator"
_BEFORE = f"{lease.ROOT}/origin"
"""Where earlier versions wrote it, in a folder that may go while nothing runs."""
_OURS = ("raw", "tidy")
"""What is somebody's: answers of whatever source, and rows."""
_MADE = ("asked", "assembled", "checked", "cut", "estimated", "filled", "origin", "run")
"""What else lies in raw/."""
_LONGEST = 253
"""Letters that a host's name has at most: what is longer is none, and no message holds it."""
_LISTS = "/facets/"
"""A server's lists of codes hold no hour."""
_EIA = frozenset({"api.eia.gov", "www.eia.gov"})
"""One publisher under two names: the API and the files."""
_REMEDY = f"put {ORIGIN} back as it was: it holds the host that was asked, as api.eia.gov, or: {EMULATED}"


def require_publisher(storage: Storage, *mine: str) -> None:
    """UsageError where an output holds hours of others than `mine`, or hours of which nothing says whose they are."""
    held = tuple(_held(storage))
    if not held and any(_is_hours(entry.key) for folder in _OURS for entry in storage.list(folder)):
        raise UsageError(f"--output {storage.place} holds hours, and no {ORIGIN} says whose", remedy=_REMEDY)
    for before, origin in product(held, mine):
        if not (before == origin or {before, origin} <= _EIA):
            raise UsageError(
                f"--output {storage.place} holds hours of {before}, not of {origin}: choose another --output"
            )


def claim(storage: Storage, *mine: str) -> None:
    """Say that an output is for hours of `mine`, beside its answers. UsageError as for `require_publisher`."""
    require_publisher(storage, *mine)
    if _said(storage, ORIGIN):
        return
    said = (origin_of(storage) or mine[0]).encode()
    if not storage.create(ORIGIN, said) and not _said(storage, ORIGIN):
        storage.put(ORIGIN, said)
    # Another may have been faster.
    require_publisher(storage, *mine)


def origin_of(storage: Storage) -> str | None:
    """Whose hours an output holds; None where nobody has said."""
    return next(_held(storage), None)


def is_synthetic(storage: Storage) -> bool:
    """Whether the hours of an output were made by the embedded emulator."""
    return origin_of(storage) == EMULATED


def require_origin(storage: Storage, *, flag: str) -> str:
    """Whose hours the stored answers of an output are. UsageError where nothing says it."""
    origin = origin_of(storage)
    if origin is None:
        raise UsageError(f"{flag} {storage.place} holds no {ORIGIN} that says whose hours these are", remedy=_REMEDY)
    return origin


def _held(storage: Storage) -> Iterator[str]:
    """What is said of the answers, then what is said of the files."""
    answers = _said(storage, ORIGIN) or _said(storage, _BEFORE)
    if answers:
        yield answers
    manifest = read_whole(storage)
    if manifest and manifest.origin:
        yield manifest.origin


def _is_hours(key: str) -> bool:
    folder, name, *_ = key.split("/")
    return not (folder == "raw" and name in _MADE) and _LISTS not in key


def _said(storage: Storage, key: str) -> str:
    """What a file says; nothing where it is not there, or empty."""
    try:
        return storage.get(key)[:_LONGEST].decode("utf-8", "replace").strip()
    except KeyError:
        return ""
