# SPDX-License-Identifier: Apache-2.0
"""What is still to be asked of a respondent, as a value: it yields windows; what became of one makes the next value.

Windows are cut from both ends, as many hours as fill a page at the density last seen there. What holds, whatever comes:
the hours of windows under way and the hours still wanted never overlap, and together with those settled or given up
they are the hours wanted in the beginning; no window reaches over a hole; each ends at a cut or where the wanted do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil

import numpy as np
from numpy.typing import NDArray

from eia930.question.pieces import Flags, fitting
from eia930.reference.routes import PAGE

_OVERASK = 1.05
"""A full page wastes nothing where it overflows, so windows are a little longer than expected."""
_THINNEST = 0.1
Pair = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Cut:
    """Places `first`..`last` (inclusive) of the wanted hours, cut from their front, or from their back."""

    first: int
    last: int
    back: bool = False

    @property
    def hours(self) -> int:
        """How many hours."""
        return self.last - self.first + 1


def cut(wanted: Flags, cuts: Flags, hours: float, *, back: bool, least: float = 0.0) -> Cut | None:
    """About `hours` of the wanted, from one end on, up to a place where they may be cut.

    None where nothing is wanted, or fewer than `least` hours in a row are left at that end.
    """
    places = np.flatnonzero(wanted)
    if not len(places):
        return None
    run = _run(places[::-1] if back else places)
    if run < least:
        return None
    edge = int(places[-1] if back else places[0])
    length = fitting(cuts, edge, int(hours), run, descending=back)
    first = edge - length + 1 if back else edge
    return Cut(first, first + length - 1, back)


@dataclass(frozen=True, slots=True, eq=False)
class Pending:
    """Hours that are `wanted`, bool[hours], and `cuts`, bool[hours + 1], where windows may begin, or end before.

    `density` is rows an hour as last seen at the front and at the back; `busy` says at which end a window is under way;
    `fixed` is a length that the user gave; `fill` how full pages are to be.
    """

    wanted: Flags
    cuts: Flags
    density: Pair
    fixed: int | None = None
    fill: float = _OVERASK
    busy: tuple[bool, bool] = (False, False)
    left: int = 0
    """How many hours are wanted."""

    @classmethod
    def of(cls, wanted: Flags, cuts: Flags, density: float, *, fixed: int | None = None) -> Pending:
        """All that is wanted, at one density."""
        dense = max(density, _THINNEST)
        return cls(wanted, cuts, (dense, dense), fixed, left=int(wanted.sum()))

    def next(self) -> tuple[Cut, Pending] | None:
        """The next window, and what is pending besides; None while both ends are busy, or nothing is left."""
        if not self.left or all(self.busy):
            return None
        back = self.busy[0]
        size = self._size(back=back)
        # While another is under way it may give hours back here: one page will do for both.
        found = cut(self.wanted, self.cuts, size, back=back, least=1.5 * size if any(self.busy) else 0.0)
        if found is None:
            return None
        return found, replace(self._marked(found.first, found.last, wanted=False), busy=self._ends(back, value=True))

    def answered(self, asked: Cut, settled: tuple[int, int], *, total: int, received: int) -> Pending:
        """An answer came: of `total` rows it held those `received`, and settles the places `settled` (inclusive).

        What a full page did not settle is wanted again, and the density is learned.
        """
        hours = settled[1] - settled[0] + 1
        # A full page ends in the hour after those it settles, on average in its middle.
        dense = received / (hours + 0.5) if total > received else total / hours
        front, back = self.density
        after = replace(
            self,
            density=(front, dense) if asked.back else (dense, back),
            busy=self._ends(asked.back, value=False),
        )
        if settled[1] < asked.last:
            # The first hour given back has a row: it is the one at which the page was full.
            after = after._marked(settled[1] + 1, asked.last, wanted=True)
        if settled[0] > asked.first:
            after = after._marked(asked.first, settled[0] - 1, wanted=True)
        return after

    def given_up(self, asked: Cut) -> Pending:
        """The window cannot be had; its hours are not asked again."""
        return replace(self, busy=self._ends(asked.back, value=False))

    def shrunk(self, asked: Cut) -> Pending:
        """The window's page was full and out of order: its hours again, from now on in half as long pieces."""
        after = replace(self, fill=self.fill / 2, busy=self._ends(asked.back, value=False))
        return after._marked(asked.first, asked.last, wanted=True)

    def halves(self) -> tuple[Pending, Pending]:
        """Two of half the hours each, cut where that may be."""
        half = int(np.flatnonzero(self.wanted)[self.left // 2])
        middle = half + int(np.argmax(self.cuts[half:]))
        places = np.arange(len(self.wanted))
        early, late = (
            replace(self, wanted=mine, left=int(mine.sum()))
            for mine in (self.wanted & (places < middle), self.wanted & (places >= middle))
        )
        return early, late

    @property
    def pages(self) -> float:
        """About how many pages are left."""
        return self.left * max(self.density) / PAGE

    def _size(self, *, back: bool) -> int:
        """Hours that fill a page."""
        if self.fixed:
            return max(1, int(self.fixed * min(1.0, self.fill)))
        density = self.density[back]
        return ceil(PAGE / density * self.fill) + 1 if density > 0 else len(self.wanted)

    def _ends(self, back: bool, *, value: bool) -> tuple[bool, bool]:  # noqa: FBT001
        front, other = self.busy
        return (front, value) if back else (value, other)

    def _marked(self, first: int, last: int, *, wanted: bool) -> Pending:
        flags = self.wanted.copy()
        flags[first : last + 1] = wanted
        return replace(self, wanted=flags, left=self.left + (last - first + 1) * (1 if wanted else -1))


def _run(places: NDArray[np.intp]) -> int:
    """How many of the places, from the first on, follow each other without a hole."""
    breaks = np.flatnonzero(np.abs(np.diff(places)) != 1)
    return int(breaks[0]) + 1 if len(breaks) else len(places)
