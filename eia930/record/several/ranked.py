# SPDX-License-Identifier: Apache-2.0
"""A span's answers where several sources speak: a grid a source, and of a cell that two fill, one value that stands.

Within a source the later retrieved stands; between sources the one of the higher rank that has a value. What the other
says of the cell counts as a duplicate, and is held against it (several/comparison), not among the rejects.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from eia930.question.span import Span
from eia930.record.grid import Grid, Origin, Series
from eia930.record.rejects import Lost, Reject
from eia930.record.several.comparison import Compared, compared
from eia930.record.versions.words import Replaced
from eia930.reference.routes import ROUTES
from eia930.reference.series import SeriesKey
from eia930.sources.columns import Stored


@dataclass(slots=True)
class Ranked:
    """All series of a span. Rows received = kept + duplicate + rejected, over all sources."""

    span: Span
    compared: list[Compared] = field(default_factory=list)
    """Where two sources speak, what each series comes to; known once it is finished."""
    _grids: dict[str, Grid] = field(default_factory=dict)
    """By source, as they came."""
    _ranks: dict[str, int] = field(default_factory=dict)
    _beaten: int = 0

    def add(self, stored: Stored) -> None:
        """Scatter a stored answer into its source's grid."""
        self._ranks[stored.source] = stored.rank
        self._grid(stored.source).add(stored)

    def finish(self) -> list[Series]:
        """The series, sorted by kind."""
        if len(self._grids) < 2:
            return [
                self._one({name: series}) if name else series
                for name, grid in self._grids.items()
                for series in grid.finish()
            ]
        names = sorted(self._grids, key=lambda name: self._ranks[name])
        asked_both = {kind: self._settled_by_all(kind) for kind in self.kinds()}
        layers = {name: {one.kind: one for one in self._grids[name].finish()} for name in names}
        kinds = sorted({kind for found in layers.values() for kind in found})
        found = []
        for kind in kinds:
            some = {name: layers[name][kind] for name in names if kind in layers[name]}
            if len(some) == 2:
                key = SeriesKey(ROUTES[self.span.route], self.span.respondent, kind)
                self.compared += compared(key.id, self.span, some, asked_both[kind])
            found.append(self._one(some))
        return found

    def _one(self, layers: dict[str, Series]) -> Series:
        """Of a kind's series, the lowest rank first, the one that stands."""
        stands, code = next(iter(layers.values())), np.zeros(self.span.hours, np.uint8)
        for number, above in enumerate(list(layers.values())[1:], 1):
            lower = (stands.at != 0) & np.isnan(above.value)
            self._beaten += int(((stands.at != 0) & (above.at != 0)).sum())
            stands, code = _upon(stands, above, lower), np.where(lower, code, np.uint8(number))
        return replace(stands, origin=Origin(code, tuple(layers)))

    def kinds(self) -> tuple[str, ...]:
        """The kinds that have a series so far in any source, sorted."""
        return tuple(sorted({kind for grid in self._grids.values() for kind in grid.kinds()}))

    def expect(self, kind: str, hours: NDArray[np.bool_]) -> None:
        """Count these hours (bool[hours]) of a kind as asked, whether a row came or not."""
        some = [grid for grid in self._grids.values() if kind in grid.kinds()]
        for grid in some or [next(iter(self._grids.values()), None) or self._grid("")]:
            grid.expect(kind, hours)

    def unanswered(self, kind: str) -> NDArray[np.bool_]:
        """bool[hours]: which hours of a kind no answer of any source settles. To be called before `finish`."""
        left = np.ones(self.span.hours, bool)
        for grid in self._grids.values():
            left &= grid.unanswered(kind)
        return left

    def ahead(self, kind: str) -> NDArray[np.bool_]:
        """bool[hours]: which hours had not ended when they were last answered by any source."""
        early, due = (np.zeros(self.span.hours, bool) for _ in range(2))
        for grid in self._grids.values():
            ahead = grid.ahead(kind)
            early |= ahead
            due |= ~ahead & ~grid.unanswered(kind)
        return early & ~due

    def _settled_by_all(self, kind: str) -> NDArray[np.bool_]:
        """bool[hours]: which hours of a kind every source has answered."""
        settled = np.ones(self.span.hours, bool)
        for grid in self._grids.values():
            settled &= ~grid.unanswered(kind)
        return settled

    @property
    def refused_kinds(self) -> Counter[str]:
        """Refused rows by the kind that they name."""
        return sum((grid.refused_kinds for grid in self._grids.values()), Counter[str]())

    @property
    def replaced(self) -> list[Replaced]:
        """What a later word of the same source ever replaced; known once it is finished."""
        return [replace(one, source=name) for name, grid in self._grids.items() for one in grid.replaced]

    @property
    def received(self) -> int:
        """Rows that came."""
        return sum(grid.received for grid in self._grids.values())

    @property
    def duplicate(self) -> int:
        """Rows that another one stands for."""
        return sum(grid.duplicate for grid in self._grids.values()) + self._beaten

    @property
    def rejected(self) -> int:
        """Rows that are refused."""
        return sum(grid.rejected for grid in self._grids.values())

    @property
    def refused(self) -> Iterator[Reject]:
        """Their lines."""
        return (line for grid in self._grids.values() for line in grid.refused)

    @property
    def lost(self) -> list[Lost]:
        """Rows that do not stand, and that say otherwise than the row of the same source that does."""
        return [one for grid in self._grids.values() for one in grid.lost]

    def _grid(self, source: str) -> Grid:
        if source not in self._grids:
            self._grids[source] = Grid(self.span)
            self._ranks.setdefault(source, 0)
        return self._grids[source]


def _upon(below: Series, above: Series, lower: NDArray[np.bool_]) -> Series:
    """What a higher rank says stands, save where (`lower`) it has no value and the lower one has."""
    return Series(
        kind=above.kind,
        value=np.where(lower, below.value, above.value),
        at=np.where(lower, below.at, above.at),
        asked=_either(below.asked, above.asked),
        # Where the higher rank has no value, and no figure of EIA's, that of the lower one stands beside it.
        adjusted=_chosen(lower | (np.isnan(above.value) & _none(above.adjusted)), below.adjusted, above.adjusted),
    )


def _either(one: NDArray[np.bool_] | None, other: NDArray[np.bool_] | None) -> NDArray[np.bool_] | None:
    return None if one is None or other is None else one | other


def _none(adjusted: NDArray[np.float64] | None) -> NDArray[np.bool_] | bool:
    return True if adjusted is None else np.isnan(adjusted)


def _chosen(
    lower: NDArray[np.bool_], below: NDArray[np.float64] | None, above: NDArray[np.float64] | None
) -> NDArray[np.float64] | None:
    if below is None and above is None:
        return None
    none = np.full(len(lower), np.nan)
    return np.where(lower, none if below is None else below, none if above is None else above)
