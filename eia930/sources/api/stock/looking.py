# SPDX-License-Identifier: Apache-2.0
"""A look over the stored responses of spans: which are whole, and what is still to be asked for besides.

Any worker may look, at its spans alone; one dispatcher then asks, and need not list nor read what they have seen.
What is damaged is removed, so that it is asked for again.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from eia930.question.pieces import Flags, Piece, wanted_hours
from eia930.question.span import Span
from eia930.reference.runs import runs
from eia930.sources.api.again import Again
from eia930.sources.api.folds.folding import crowded, without
from eia930.sources.api.folds.held import Held
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


def look_over(
    storage: Storage, spans: Sequence[Span], run: Run, again: Again, *, epoch: int | None = None
) -> tuple[Stock, ...]:
    """What is stored of each span, in their order, several at a time; `epoch` as `Looked` has it."""
    ours = Fenced.of(storage, run)
    with ThreadPoolExecutor(_THREADS) as pool:
        return tuple(pool.map(lambda span: _stock(ours, span, run, again, epoch), spans))


def usable(held: Held, span: Span) -> bool:
    """Whether a stored response speaks of hours and kinds of the span."""
    return held.first <= span.last and held.last >= span.first


def _stock(storage: Storage, span: Span, run: Run, again: Again, epoch: int | None) -> Stock:
    checked, bad = Checked(storage, span), 0
    while True:
        shelf = shelf_of(storage, span.route, span.respondent)
        held = shelf.held()
        spoiled = checked.damaged(one for one in held if usable(one, span))
        if not spoiled and all(fold.whole for fold in shelf.folds):
            break
        # An object of its own may be damaged that lies whole in an archive: then it is heard from there.
        without(storage, shelf, spoiled)
        bad += len(spoiled) + sum(fold.lost for fold in shelf.folds)
    checked.keep(held)
    checked.write()
    return Stock(
        span.id,
        epoch,
        wanted=_stretches(span, needed(span, held, again)),
        reused=sum(serves(one, span, again) for one in held),
        damaged=bad,
        crowded=shelf.folder if crowded(shelf, run.since) else "",
        latest=tuple(heapq.nlargest(_LATEST, (one for one in held if one.at), key=lambda one: one.retrieved)),
    )


def _stretches(span: Span, wanted: Flags) -> tuple[tuple[int, int], ...]:
    first, length = runs(wanted)
    begins = first + np.int64(span.first)
    return tuple(zip(begins.tolist(), (begins + length - 1).tolist(), strict=True))
