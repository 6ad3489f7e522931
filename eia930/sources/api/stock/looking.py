# SPDX-License-Identifier: Apache-2.0
"""A look over the stored responses of spans: which are whole, and what is still to be asked for besides.

Any worker may look, at its spans alone; one dispatcher then asks, and need not list nor read what they have seen. It
looks itself at what is damaged, and removes that, so that it is asked for again.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from eia930.question.pieces import Flags, Piece, stretches, wanted_hours
from eia930.question.span import Span
from eia930.sources.api.again import Again
from eia930.sources.api.folds.folding import crowded, without
from eia930.sources.api.folds.held import Held
from eia930.sources.api.folds.shelf import Shelf
from eia930.sources.api.lanes import needed, serves
from eia930.sources.api.responses import shelf_of
from eia930.sources.api.stock.checked import Checked
from eia930.sources.fetched import Looked
from eia930.store.fenced import Fenced
from eia930.store.run import Run
from eia930.store.storage import Storage

_LATEST = 8
"""Stored responses of a span that are looked into where nothing comes of it any more."""
_THREADS = 8


@dataclass(frozen=True, slots=True)
class Stock(Looked):
    """What is stored of a span: `reused` responses save asking for hours, so many more were `damaged`."""

    wanted: tuple[tuple[int, int], ...] = ()
    """Hours still to be asked for, first and last of each stretch."""
    reused: int = 0
    damaged: int = 0
    crowded: str = ""
    """The span's folder, where that has many small responses; else nothing."""
    latest: tuple[Held, ...] = ()
    """Those that were retrieved last; those without a moment are settled, and not among them."""

    def flags(self, span: Span) -> Flags:
        """bool[hours of the span]: which are still to be asked for."""
        return wanted_hours((Piece(first, last) for first, last in self.wanted), span.first, span.last)


def look(storage: Storage, spans: Sequence[Span], run: Run, again: Again, *, epoch: int) -> tuple[Stock, ...]:
    """What is stored of each span all of whose responses are whole, several at a time; `epoch` as `Looked` has it.

    For any worker: nothing is removed, and of a span that has damage nothing is said.
    """
    ours = Fenced.of(storage, run)
    with ThreadPoolExecutor(_THREADS) as pool:
        found = list(pool.map(lambda span: _stock(_Shelved.of(ours, span), run, again, epoch), spans))
    return tuple(one for one in found if one)


def look_and_mend(storage: Storage, spans: Sequence[Span], run: Run, again: Again) -> tuple[Stock, ...]:
    """What is stored of each span, once what is damaged was removed: for who holds the lease, and asks for it again."""
    ours = Fenced.of(storage, run)
    with ThreadPoolExecutor(_THREADS) as pool:
        return tuple(pool.map(lambda span: _mended(ours, span, run, again), spans))


def usable(held: Held, span: Span) -> bool:
    """Whether a stored response speaks of hours and kinds of the span."""
    return held.first <= span.last and held.last >= span.first


@dataclass(frozen=True, slots=True)
class _Shelved:
    """The responses of a span as they lie there, and those of them that are damaged."""

    span: Span
    shelf: Shelf
    held: list[Held]
    spoiled: list[Held]
    checked: Checked

    @classmethod
    def of(cls, storage: Storage, span: Span) -> _Shelved:
        """As they are now; each that is not known to be whole is opened."""
        shelf, checked = shelf_of(storage, span.route, span.respondent), Checked(storage, span)
        held = shelf.held()
        return cls(span, shelf, held, checked.damaged(one for one in held if usable(one, span)), checked)

    @property
    def whole(self) -> bool:
        """Whether all of them can be read, and no archive has lost its directory."""
        return not self.spoiled and all(fold.whole for fold in self.shelf.folds)


def _mended(storage: Storage, span: Span, run: Run, again: Again) -> Stock:
    bad = 0
    while (found := _stock(now := _Shelved.of(storage, span), run, again, None)) is None:
        # An object of its own may be damaged that lies whole in an archive: then it is heard from there.
        without(storage, now.shelf, now.spoiled)
        bad += len(now.spoiled) + sum(fold.lost for fold in now.shelf.folds)
    return replace(found, damaged=bad)


def _stock(now: _Shelved, run: Run, again: Again, epoch: int | None) -> Stock | None:
    """What it comes to, and what is known of it for a later run; None where there is damage."""
    if not now.whole:
        return None
    span, held = now.span, now.held
    now.checked.keep(held)
    now.checked.write()
    return Stock(
        span.id,
        epoch,
        wanted=tuple(stretches(needed(span, held, again), span.first)),
        reused=sum(serves(one, span, again) for one in held),
        crowded=now.shelf.folder if crowded(now.shelf, run.since) else "",
        latest=tuple(heapq.nlargest(_LATEST, (one for one in held if one.at), key=lambda one: one.retrieved)),
    )
