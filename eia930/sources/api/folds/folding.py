# SPDX-License-Identifier: Apache-2.0
"""Small stored responses are put into archives, so that a record that is kept up does not grow by objects without end.

A run writes the archive, and leaves the objects where they are. A later run removes them: it has read the archive
back, and whoever began to read before that knows of the archive. Killed at any moment, nothing is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime
from itertools import accumulate

from eia930.sources.api.folds.archive import Packed, sha256_of
from eia930.sources.api.folds.held import Held
from eia930.sources.api.folds.shelf import Fold, Shelf, put_archive
from eia930.store.storage import Storage

LEAST = 32
"""Objects of a respondent from which on they are put into an archive."""
SMALL = 24 * 2**10
"""Bytes: a page full of rows is larger, and stays an object of its own."""
_LARGEST = 8 * 2**20
"""Bytes of an archive that takes in no more."""
_MOST = 50_000
_THREADS = 8


def crowded(shelf: Shelf, before: datetime) -> bool:
    """Whether there is something to fold, or to remove since it was folded."""
    return bool(shelf.doubled) or len(shelf.old_small(before, SMALL)) >= LEAST


def fold_all(storage: Storage, folders: Iterable[str], *, before: datetime, tick: Callable[[], None]) -> None:
    """Fold what was written `before` in each of the folders. `tick` is called every second; what it raises ends it."""
    pool = ThreadPoolExecutor(_THREADS)
    try:
        todo = {pool.submit(fold, storage, folder, before=before) for folder in folders}
        while todo:
            done, todo = wait(todo, timeout=1.0)
            for one in done:
                one.result()
            tick()
    finally:
        pool.shutdown(cancel_futures=True)


def fold(storage: Storage, folder: str, *, before: datetime) -> None:
    """Remove what an archive of an earlier run has; put what is left into one where it is much.

    What is more than an archive holds is left for the next run.
    """
    shelf = Shelf.of(storage, folder)
    if shelf.doubled and _removed(storage, shelf, before):
        shelf = Shelf.of(storage, folder)
    loose = shelf.old_small(before, SMALL)
    if len(loose) < LEAST:
        return
    room = accumulate(one.size for one in loose)
    some = [one for one, size in zip(loose[:_MOST], room, strict=False) if size <= _LARGEST]
    answers: dict[str, Packed] = {}
    for one in _taken_in(shelf.folds, sum(one.size for one in some), len(some)):
        answers |= one.read(storage)
    put_archive(storage, folder, answers | {one.name: Packed(storage.get(one.key), one.modified) for one in some})


def without(storage: Storage, shelf: Shelf, spoiled: Sequence[Held]) -> None:
    """Remove damaged responses; an archive that has some, or is damaged, is written anew before it goes."""
    storage.delete(*(one.key for one in spoiled if not one.place))
    for fold in shelf.folds:
        gone = {one.name for one in spoiled if one.place and one.place.archive == fold.entry.key}
        if gone or not fold.whole:
            rest = {name: one for name, one in fold.read(storage).items() if name not in gone}
            if not rest or put_archive(storage, shelf.folder, rest) != fold.entry.key:
                storage.delete(fold.entry.key)


def _taken_in(folds: Sequence[Fold], size: int, count: int) -> Iterator[Fold]:
    """The archives that a new one takes in: each no larger than twice what it has by then, so that few remain."""
    for one in sorted(folds, key=lambda fold: (fold.entry.size, fold.entry.key)):
        if one.entry.size > min(_LARGEST - size, 2 * size) or count + len(one.members) > _MOST:
            return
        size, count = size + one.entry.size, count + len(one.members)
        yield one


def _removed(storage: Storage, shelf: Shelf, before: datetime) -> bool:
    """Remove what lies once more, byte for byte, in an archive written `before` then; whether there was any."""
    doubled, gone = shelf.doubled, []
    held: dict[str, str] = {}
    # The fullest first: what it has need not lie in others.
    for fold in sorted(shelf.folds, key=lambda one: (-len(one.members), one.entry.key)):
        if fold.entry.modified >= before or not any(one.name in doubled for one in fold.members):
            continue
        mine = {name: sha256_of(one.data) for name, one in fold.read(storage).items()}
        if len(mine) == len(fold.members) and all(held.get(name) == sha256 for name, sha256 in mine.items()):
            gone.append(fold.entry.key)
        else:
            storage.settle(fold.entry.key)
            held = mine | held
    again = (one for name, one in shelf.loose.items() if name in held)
    gone += [one.key for one in again if sha256_of(storage.get(one.key)) == held[one.name]]
    storage.delete(*gone)
    return bool(gone)
