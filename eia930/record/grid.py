# SPDX-License-Identifier: Apache-2.0
"""A respondent's whole history in one route on a grid of hours: one cell a (series, hour), no sorting, no rows.

Stored answers are scattered into the grid in any order; the one retrieved later decides a cell, and an hour that a
later answer holds no row for is empty. A cell keeps which answer stands in it: 12 bytes, however often it was asked.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from eia930.question.span import Span
from eia930.record.rejects import REPEATED, REVISED, WITHDRAWN, Lost, Reject, kind_in, refused
from eia930.record.versions.words import Replaced, Words
from eia930.reference.routes import FORECAST, ROUTES
from eia930.sources.columns import Columns, Filled, Stored

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Rows = slice | NDArray[np.intp]
_ALL = slice(None)


@dataclass(frozen=True, slots=True)
class Origin:
    """Of which source each row is: `code` uint8[hours], an index into `names`."""

    code: NDArray[np.uint8]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """One series on the frame: `value` float64[hours] in MW (NaN: null or absent), `at` uint32[hours].

    `at` is when the row was retrieved, in seconds since 1970 UTC; 0 where there is no row.
    """

    kind: str
    value: Floats
    at: NDArray[np.uint32]
    asked: NDArray[np.bool_] | None = None
    """bool[hours]: which count as asked; None: all."""
    adjusted: Floats | None = None
    """float64[hours]: what EIA puts in the value's place, MW (NaN: nothing); None where there is none at all.

    Between the first row and the last also where there is no row."""
    origin: Origin | None = None
    """None: all rows are of the one source that was read."""


@dataclass(slots=True)
class _Cells:
    """`value` as in Series; `answer` uint32[hours], whose row stands (0: there is none), by number."""

    kind: str
    value: Floats
    answer: NDArray[np.uint32]
    words: Words
    asked: NDArray[np.bool_] | None = None
    adjusted: Floats | None = None
    filled: NDArray[np.uint32] | None = None
    """uint32[hours]: by which answer there is a figure of EIA's without a row (0: none)."""
    figure: Floats = field(default_factory=lambda: np.zeros(0))
    """float64[hours]: that figure, MW."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """What is kept of a stored answer once its rows are scattered; `moment` in Unix seconds."""

    number: int
    name: str
    first: int
    last: int
    kinds: tuple[str, ...]
    moment: int

    def settles(self, kind: str, hour: int) -> bool:
        """Whether a row that is not in it does not exist."""
        return self.first <= hour <= self.last and (not self.kinds or kind in self.kinds)


@dataclass(slots=True)
class Grid:
    """All series of a span. Rows `received` = kept + `duplicate` + `rejected`, for the hours and kinds of the span."""

    span: Span
    received: int = 0
    duplicate: int = 0
    rejected: int = 0
    refused: list[Reject] = field(default_factory=list)
    refused_kinds: Counter[str] = field(default_factory=Counter)
    """Refused rows by the kind that they name, as far as they can be read."""
    lost: list[Lost] = field(default_factory=list)
    replaced: list[Replaced] = field(default_factory=list)
    """What was ever replaced, a series each, in the order of kinds; known once it is finished."""
    _answers: list[_Answer] = field(default_factory=list)
    _fills: list[tuple[_Answer, tuple[str, ...], Filled]] = field(default_factory=list)
    _moments: NDArray[np.uint32] = field(default_factory=lambda: np.zeros(64, np.uint32))
    _cells: dict[str, _Cells] = field(default_factory=dict)
    _covered: dict[tuple[str, ...], NDArray[np.uint32]] = field(default_factory=dict)

    def add(self, stored: Stored) -> None:
        """Scatter a stored answer."""
        answer, columns = self._numbered(stored), stored.columns
        self._cover(answer)
        self._refuse(answer.name, columns)
        inside = (columns.hour >= self.span.first) & (columns.hour <= self.span.last)
        for code, kind in enumerate(columns.kinds):
            if not self.span.kinds or kind in self.span.kinds:
                mine = inside & (columns.kind == code)
                place = columns.hour[mine] - self.span.first
                rows = self._scatter(answer, kind, place, columns.value[mine])
                if columns.adjusted is not None and len(place):
                    self._adjust(answer, self._cells[kind], place[rows], columns.adjusted[mine][rows])
        if columns.filled is not None and len(columns.filled.hour):
            self._fills.append((answer, columns.kinds, columns.filled))

    def finish(self) -> list[Series]:
        """The series, sorted by kind, without the rows that a later answer no longer has."""
        for answer, kinds, filled in self._fills:
            # Only now it is known of which kinds there is a series.
            self._fill(answer, kinds, filled)
        self.replaced = [self._replaced(self._cells[kind]) for kind in sorted(self._cells)]
        for cells in self._cells.values():
            self._withdraw(cells)
        self._covered.clear()
        some = (self._cells[kind] for kind in sorted(self._cells))
        return [Series(one.kind, one.value, self._moments[one.answer], one.asked, one.adjusted) for one in some]

    def _numbered(self, stored: Stored) -> _Answer:
        number, moment = len(self._answers) + 1, int(stored.at.timestamp())
        # An answer that names no types has those that the tables know, and none that is newer.
        kinds = stored.kinds or ROUTES[self.span.route].types
        answer = _Answer(number, stored.name, stored.first, stored.last, kinds, moment)
        self._answers.append(answer)
        if number >= len(self._moments):
            self._moments = np.concatenate([self._moments, np.zeros_like(self._moments)])
        self._moments[number] = moment
        return answer

    def _cover(self, answer: _Answer) -> None:
        covered = self._covered.setdefault(answer.kinds, np.zeros(self.span.hours, np.uint32))
        here = covered[max(0, answer.first - self.span.first) : max(0, answer.last + 1 - self.span.first)]
        np.maximum(here, np.uint32(answer.moment), out=here)

    def _refuse(self, name: str, columns: Columns) -> None:
        self.received += len(columns.refused)
        self.rejected += len(columns.refused)
        self.refused.extend(refused(columns.refused, name))
        self.refused_kinds.update(kind_in(one.row, ROUTES[self.span.route].kind) for one in columns.refused)

    def _scatter(self, answer: _Answer, kind: str, place: Places, value: Floats) -> Rows:
        """Which of the rows are the answer's word: of those of one hour, one."""
        if not len(place):
            return _ALL
        self.received += len(place)
        rows = self._once(answer, kind, place, value)
        place, value = place[rows], value[rows]
        cells = self._get(kind)
        taken = cells.answer[place] != 0
        if np.any(taken):
            self._settle(answer, cells, place[taken], value[taken])
            place, value = place[~taken], value[~taken]
        cells.value[place] = value
        cells.answer[place] = answer.number
        return rows

    def _adjust(self, answer: _Answer, cells: _Cells, place: Places, adjusted: Floats) -> None:
        """EIA's own figures, where the answer's rows stand."""
        stands = cells.answer[place] == answer.number
        if cells.adjusted is None:
            cells.adjusted = np.full(self.span.hours, np.nan)
        cells.adjusted[place[stands]] = adjusted[stands]

    def _fill(self, answer: _Answer, kinds: tuple[str, ...], filled: Filled) -> None:
        """EIA's figures where the answer has no row: of two answers, those of the one retrieved later."""
        inside = (filled.hour >= self.span.first) & (filled.hour <= self.span.last)
        for code, kind in enumerate(kinds):
            mine = inside & (filled.kind == code)
            if kind not in self._cells or not mine.any():
                continue
            cells, place = self._cells[kind], filled.hour[mine] - self.span.first
            if cells.filled is None:
                cells.filled = np.zeros(self.span.hours, np.uint32)
                cells.figure = np.full(self.span.hours, np.nan)
            later = self._moments[cells.filled[place]] <= answer.moment
            cells.filled[place[later]] = answer.number
            cells.figure[place[later]] = filled.value[mine][later]

    def _once(self, answer: _Answer, kind: str, place: Places, value: Floats) -> Rows:
        """One row of each hour, whatever the order of rows: a value stands before a null, then the larger one, then the
        positive one. EIA has sent rows twice whose names differ in letter case alone."""
        steps = np.diff(place)
        # Rows come by hour, forwards or backwards: then nothing is sorted.
        if np.all(steps > 0) or np.all(steps < 0) or (np.all(steps) and len(np.unique(place)) == len(place)):
            return _ALL
        size = np.where(np.isnan(value), -1.0, np.abs(value))
        ranked = np.lexsort((np.nan_to_num(value), size, place))
        order = ranked[np.flatnonzero(np.diff(place[ranked], append=-1))]
        dropped = np.setdiff1d(np.arange(len(place)), order)
        stands = dict(zip(place[order].tolist(), value[order].tolist(), strict=True))
        self.duplicate += len(dropped)
        for i in dropped.tolist():
            mine, other, hour = float(value[i]), stands[int(place[i])], self.span.first + int(place[i])
            if not _same(mine, other):
                self.lost.append(Lost(REPEATED, kind, hour, mine, answer.name, answer.name, stands=other))
        return order

    def _settle(self, answer: _Answer, cells: _Cells, place: Places, value: Floats) -> None:
        """Cells that hold a row already: the later retrieved stands; where the two differ, both are recorded."""
        self.duplicate += len(place)
        old, held = cells.value[place], cells.answer[place]
        later = self._moments[held] <= answer.moment
        cells.words.add(place, (old, held), (value, answer.number))
        differs = ~((old == value) | (np.isnan(old) & np.isnan(value)))
        for i in np.flatnonzero(differs).tolist():
            hour, mine, other = self.span.first + int(place[i]), float(value[i]), float(old[i])
            name, theirs = answer.name, self._name(int(held[i]))
            if later[i]:
                self.lost.append(Lost(REVISED, cells.kind, hour, other, theirs, name, stands=mine))
            else:
                self.lost.append(Lost(REVISED, cells.kind, hour, mine, name, theirs, stands=other))
        cells.value[place[later]] = value[later]
        cells.answer[place[later]] = answer.number

    def _replaced(self, cells: _Cells) -> Replaced:
        standing = cells.value, cells.answer
        return cells.words.replaced(cells.kind, standing, self._answers, moments=self._moments, first=self.span.first)

    def _withdraw(self, cells: _Cells) -> None:
        """Empty the cells whose hour was answered later without a row."""
        at = self._moments[cells.answer]
        gone = np.zeros(len(at), bool)
        for kinds, covered in self._covered.items():
            if not kinds or cells.kind in kinds:
                gone |= (at != 0) & (at < covered)
        latest = sorted(self._answers, key=lambda one: -one.moment) if gone.any() else []
        for i in np.flatnonzero(gone).tolist():
            hour, was = self.span.first + i, self._name(int(cells.answer[i]))
            winner = next(one.name for one in latest if one.settles(cells.kind, hour))
            self.lost.append(Lost(WITHDRAWN, cells.kind, hour, float(cells.value[i]), was, winner))
        self.duplicate += int(gone.sum())
        cells.value[gone] = np.nan
        cells.answer[gone] = 0
        if cells.adjusted is not None:
            cells.adjusted[gone] = np.nan
        if cells.filled is not None:
            self._beside(cells, cells.filled)

    def _beside(self, cells: _Cells, filled: NDArray[np.uint32]) -> None:
        """EIA's figures beside the rows that stand, as far as no later answer leaves them out."""
        places = np.flatnonzero(cells.answer)
        fresh = self._moments[filled] >= self._answered(cells.kind)
        fresh &= (filled != 0) & (cells.answer == 0)
        fresh[: places[0] if len(places) else len(fresh)] = False
        fresh[places[-1] + 1 if len(places) else 0 :] = False
        if cells.adjusted is None:
            cells.adjusted = np.full(self.span.hours, np.nan)
        cells.adjusted[fresh] = cells.figure[fresh]

    def _name(self, number: int) -> str:
        return self._answers[number - 1].name

    def _get(self, kind: str) -> _Cells:
        if kind not in self._cells:
            hours = self.span.hours
            self._cells[kind] = _Cells(
                kind, np.full(hours, np.nan), np.zeros(hours, np.uint32), Words(np.zeros(hours, bool))
            )
        return self._cells[kind]

    def kinds(self) -> tuple[str, ...]:
        """The kinds that have a series so far, sorted."""
        return tuple(sorted(self._cells))

    def expect(self, kind: str, hours: NDArray[np.bool_]) -> None:
        """Count these hours (bool[hours]) of a kind as asked, whether a row came or not."""
        self._get(kind).asked = hours

    def unanswered(self, kind: str) -> NDArray[np.bool_]:
        """bool[hours]: which hours of a kind no answer settles. To be called before `finish`."""
        never: NDArray[np.bool_] = self._answered(kind) == 0
        return never

    def ahead(self, kind: str) -> NDArray[np.bool_]:
        """bool[hours]: which hours had not ended when they were last answered: it was too early for rows of them.

        An hour that was observed has ended, and so have those before it, whatever a server's clock says that is behind.
        """
        answered = self._answered(kind)
        ends = (np.arange(self.span.hours, dtype=np.int64) + self.span.first) * 3600
        early: NDArray[np.bool_] = (answered != 0) & (answered < ends)
        if early.any():
            early[: self._observed] = False
        return early

    @property
    def _observed(self) -> int:
        """Hours of the span until the last one of which a value came; day-ahead forecasts observe nothing."""
        values = (cells.value for kind, cells in self._cells.items() if kind != FORECAST)
        lasts = (np.flatnonzero(~np.isnan(one))[-1:] for one in values)
        return max((int(last[0]) + 1 for last in lasts if last.size), default=0)

    def _answered(self, kind: str) -> NDArray[np.uint32]:
        """uint32[hours]: when each hour of a kind was last answered, in seconds since 1970 UTC; 0: never."""
        latest = np.zeros(self.span.hours, np.uint32)
        for kinds, covered in self._covered.items():
            if not kinds or kind in kinds:
                np.maximum(latest, covered, out=latest)
        return latest


def _same(one: float, other: float) -> bool:
    return one == other or (one != one and other != other)
