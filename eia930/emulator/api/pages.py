# SPDX-License-Identifier: Apache-2.0
"""One page of rows from many series: which rows, in which order. Columns all the way, no object a row.

A sort that begins with `period` touches only the hours of its page; any other gathers the whole selection.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eia930.emulator.api.query import Query, Sort
from eia930.emulator.series import Flags, Hours, Series, Values
from eia930.reference.routes import Route

_NEVER, _ALWAYS = -(2**31), 2**31 - 1
Order = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of several series, as columns [n]: hour, index of the series, value, and where there is none."""

    series: tuple[Series, ...]
    hours: Hours
    which: NDArray[np.int32]
    values: Values
    empty: Flags

    def __len__(self) -> int:
        return len(self.hours)

    def take(self, order: Order) -> "Rows":
        """The same rows in another order, or some of them."""
        return Rows(self.series, self.hours[order], self.which[order], self.values[order], self.empty[order])


@dataclass(frozen=True, slots=True)
class Selection:
    """The rows that a request's facets and bounds leave: of each series those from `first` up to `stop`."""

    series: tuple[Series, ...]
    first: NDArray[np.int64]
    stop: NDArray[np.int64]

    @property
    def total(self) -> int:
        """How many rows there are over all pages."""
        return int((self.stop - self.first).sum())

    def before(self, hour: int) -> int:
        """How many of the rows come before `hour`."""
        cuts = (_position(s.hours, hour) for s in self.series)
        return sum(
            min(max(cut, low), high) - low
            for cut, low, high in zip(cuts, self.first.tolist(), self.stop.tolist(), strict=True)
        )

    def between(self, first: int, stop: int) -> Rows:
        """The rows of hours `first` up to, not including, `stop`, series after series."""
        low = [max(_position(s.hours, first), a) for s, a in zip(self.series, self.first.tolist(), strict=True)]
        high = [min(_position(s.hours, stop), b) for s, b in zip(self.series, self.stop.tolist(), strict=True)]
        return _gather(self.series, low, high)


def select(series: Sequence[Series], query: Query) -> Selection:
    """The part of `series` inside the query's bounds, both inclusive."""
    first = _NEVER if query.first is None else query.first
    stop = _ALWAYS if query.last is None else query.last + 1
    return Selection(
        series=tuple(series),
        first=np.array([_position(s.hours, first) for s in series], np.int64),
        stop=np.array([max(_position(s.hours, stop), _position(s.hours, first)) for s in series], np.int64),
    )


def page(selection: Selection, route: Route, query: Query, *, shuffle: np.random.Generator | None = None) -> Rows:
    """Rows `offset` up to `offset + length` of the selection in the query's order.

    Rows that the sort leaves equal come by respondent, then kind; with `shuffle`, in an order drawn anew.
    """
    sort = query.sort or (Sort(column="period", descending=False),)
    begin = min(query.offset, selection.total)
    end = min(begin + query.length, selection.total)
    if begin == end:
        return selection.between(0, 0)
    if sort[0].column != "period":
        rows = selection.between(_NEVER, _ALWAYS)
        return rows.take(_order(rows, route, sort, shuffle)[begin:end])
    if sort[0].descending:
        low, high = _hours(selection, selection.total - end, selection.total - begin)
        skip = selection.before(high) - (selection.total - begin)
    else:
        low, high = _hours(selection, begin, end)
        skip = begin - selection.before(low)
    rows = selection.between(low, high)
    return rows.take(_order(rows, route, sort, shuffle)[skip : skip + end - begin])


def _hours(selection: Selection, begin: int, end: int) -> tuple[int, int]:
    """The hours [low, high) that hold the rows `begin` up to `end` of the ascending order."""
    held = [s.hours for s, a, b in zip(selection.series, selection.first, selection.stop, strict=True) if a < b]
    first, last = min(int(h[0]) for h in held), max(int(h[-1]) for h in held)
    low = _smallest(first, last, lambda hour: selection.before(hour + 1) > begin)
    high = _smallest(first, last + 1, lambda hour: selection.before(hour) >= end)
    return low, high


def _smallest(low: int, high: int, holds: Callable[[int], bool]) -> int:
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low


def _order(rows: Rows, route: Route, sort: Sequence[Sort], shuffle: np.random.Generator | None) -> Order:
    ties = rows.which if shuffle is None else shuffle.permutation(len(rows))
    keys = [_ranks(rows, route, s) for s in sort]
    return np.lexsort([ties, *reversed(keys)])


def _ranks(rows: Rows, route: Route, sort: Sort) -> NDArray[np.float64] | NDArray[np.int64]:
    ranks = _column(rows, route, sort.column)
    return -ranks if sort.descending else ranks


def _column(rows: Rows, route: Route, column: str) -> NDArray[np.float64] | NDArray[np.int64]:
    if column == "period":
        return rows.hours.astype(np.int64)
    if column == "value":
        return np.where(rows.empty, np.inf, rows.values)
    texts = [_text(s, route, column) for s in rows.series]
    ranks = np.unique(texts, return_inverse=True)[1].astype(np.int64)
    return ranks[rows.which]


def _text(series: Series, route: Route, column: str) -> str:
    return {
        route.respondent: series.respondent,
        route.respondent_name: series.respondent_name,
        route.kind: series.kind,
        route.kind_name: series.kind_name,
    }.get(column, "")


def _position(hours: Hours, hour: int) -> int:
    # A 32-bit needle: a wider one would make numpy copy the whole column to compare.
    return int(hours.searchsorted(np.int32(min(max(hour, _NEVER), _ALWAYS))))


def _gather(series: tuple[Series, ...], low: Sequence[int], high: Sequence[int]) -> Rows:
    parts = [(i, s, slice(a, b)) for i, (s, a, b) in enumerate(zip(series, low, high, strict=True)) if a < b]
    if not parts:
        nothing = np.array([], np.int32)
        return Rows(series, nothing, nothing, np.array([], np.int64), np.array([], np.bool_))
    return Rows(
        series=series,
        hours=np.concatenate([s.hours[cut] for _, s, cut in parts]),
        which=np.repeat(np.array([i for i, _, _ in parts], np.int32), [cut.stop - cut.start for _, _, cut in parts]),
        values=np.concatenate([s.values[cut] for _, s, cut in parts]),
        empty=np.concatenate([s.empty[cut] for _, s, cut in parts]),
    )
