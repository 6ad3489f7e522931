# SPDX-License-Identifier: Apache-2.0
"""Where a span may be cut into windows so that every window holds at least one row, given what is known of it.

Known are pieces of hours, mostly months, and how many hours of each, one after the other, are sure to hold a row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eia930.reference.runs import runs

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Piece:
    """Hours `first`..`last` (inclusive), of which any `sure` in a row hold at least one row."""

    first: int
    last: int
    sure: int = 1


@dataclass(frozen=True, slots=True)
class Existing:
    """The pieces of hours in which a kind has rows, or may have some, as far as is known."""

    kind: str
    pieces: tuple[Piece, ...]


def wanted_hours(pieces: Iterable[Piece], first: int, last: int) -> Flags:
    """bool[hours `first`..`last`]: which lie in a piece."""
    wanted = np.zeros(last - first + 1, bool)
    for piece in pieces:
        wanted[max(0, piece.first - first) : max(0, piece.last + 1 - first)] = True
    return wanted


def stretches(wanted: Flags, first: int) -> Iterator[tuple[int, int]]:
    """First and last hour of each run of wanted ones, in order; the first of them all is hour `first`."""
    for start, length in zip(*runs(wanted), strict=True):
        yield first + int(start), first + int(start + length) - 1


def bounds(pieces: Iterable[Piece], first: int, last: int) -> Flags:
    """bool[hours `first`..`last` + 1]: where a window may begin, or the one before it end. Pieces come in order."""
    allowed = np.zeros(last - first + 2, bool)
    before, loose = -1, False
    for piece in pieces:
        low, stop = max(0, piece.first - first), min(last, piece.last) + 1 - first
        if stop <= low:
            continue
        joined = low == before
        if stop - low >= piece.sure:
            allowed[low : stop - piece.sure + 1 : piece.sure] = True
            allowed[low] = not (joined and loose)
            loose = False
        else:
            # The question cuts it too short to be sure of: it goes with its neighbour, where it has one.
            allowed[low] = not joined
            loose = loose or not joined
        allowed[stop] = True
        before = stop
    return allowed


def mend(allowed: Flags, wanted: Flags) -> None:
    """Take away, in place, the bounds that would leave a window unsure at the edges of the wanted hours."""
    for start, length in zip(*runs(wanted), strict=True):
        stop = start + length
        inner = np.flatnonzero(allowed[start + 1 : stop]) + start + 1
        if len(inner) and not allowed[start]:
            allowed[inner[0]] = False
            inner = inner[1:]
        if len(inner) and not allowed[stop]:
            allowed[inner[-1]] = False


def fitting(allowed: Flags, edge: int, hours: int, run: int, *, descending: bool) -> int:
    """How many of a run's hours, from its `edge` on, make a window: about `hours`, up to a bound or the run's end."""
    if hours >= run:
        return run
    if descending:
        sizes = np.flatnonzero(allowed[edge - run + 2 : edge + 1][::-1]) + 1
    else:
        sizes = np.flatnonzero(allowed[edge + 1 : edge + run]) + 1
    fits = sizes[sizes <= hours]
    if len(fits):
        return int(fits[-1])
    return int(sizes[0]) if len(sizes) else run
