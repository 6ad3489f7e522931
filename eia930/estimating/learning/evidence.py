# SPDX-License-Identifier: Apache-2.0
"""What other series and the forecast say of an hour: jointly normal, conditioned on whatever of it is there.

Nothing is filled in with zero: a signal that is not whole around an hour is left out of that hour's equation, and each
pattern of what is there has weights of its own. Moments are kept by season and part of the day.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from eia930.estimating.learning.course import Departures
from eia930.estimating.learning.exact import Index, Mask, Real, in_parts, solve
from eia930.estimating.learning.levels import DAY, Levels

_SEASONS = _PARTS = 4
_BESIDE = np.array([[1.0, 0.5, 0.2, 0.5], [0.5, 1.0, 0.5, 0.2], [0.2, 0.5, 1.0, 0.5], [0.5, 0.2, 0.5, 1.0]])
"""How much a season (a part of the day) tells of another."""
_MIXING = np.concatenate((np.kron(_BESIDE, _BESIDE), np.ones((1, _PARTS * _SEASONS))))
"""float64[cells + 1, cells]: how much each cell tells of each, and of all cells together."""
_RIDGE = 0.02
_CELLS = _SEASONS * _PARTS
_COMMON = 16
"""A pattern of fewer lessons in a cell has the weights of all cells together."""
_SHARE, _LEAST = 0.85, 400
"""A signal joins if it is whole at this share of the hours that are left, and at so many."""


@dataclass(frozen=True, slots=True)
class Signals:
    """Departures of demand and of forecasts, and where each is whole around an hour."""

    value: Real
    """float64[signals, 2 + hours + 1]: zero before and after, and where nothing stands."""
    whole: Mask
    """bool[signals, hours]: all the signal's lags are there."""
    lags: tuple[tuple[int, ...], ...]
    """Of each signal: hours beside t, from −2 to 1, that count as one."""
    levels: Levels

    def taken(self, signal: int, at: Index) -> Real:
        """One signal around hours `at`: float64[lags, hours]."""
        return np.asarray(self.value[signal][at[None, :] + (2 + np.array(self.lags[signal]))[:, None]])

    def along(self, some: Sequence[int], part: slice, gone: Index) -> Iterator[Real]:
        """Signals around each hour of a stretch, above their levels without the hours `gone`: float64[hours] a lag."""
        first, last = max(part.start - 2, 0), min(part.stop + 1, self.whole.shape[1])
        days = slice(first // DAY, (last - 1) // DAY + 1)
        inside = slice(first - days.start * DAY, last - days.start * DAY)
        for signal, hidden in zip(some, self.levels.hidden(some, gone)[:, days], strict=True):
            row = self.value[signal, part.start : part.stop + 3].copy()
            row[first + 2 - part.start : last + 2 - part.start] += np.repeat(hidden, DAY)[inside]
            for lag in self.lags[signal]:
                yield row[2 + lag : 2 + lag + part.stop - part.start]


def signals(some: list[Departures], lags: Sequence[tuple[int, ...]], *, behind: bool) -> Signals:
    """Take series with the lags of each."""
    value = np.concatenate([one.value for one in some])
    series, hours = value.shape
    wide, whole = np.zeros((series, 2 + hours + 1)), np.ones(value.shape, bool)
    for row, of in enumerate(lags):
        there = np.concatenate(([False, False], ~np.isnan(value[row]), [False]))
        wide[row, 2:-1] = np.where(there[2:-1], value[row], 0.0)
        for lag in of:
            whole[row] &= there[2 + lag : 2 + lag + hours]
    return Signals(wide, whole, tuple(lags), Levels.of(some, whole, behind=behind))


@dataclass(frozen=True, slots=True)
class Evidence:
    """Signals for one target, and their moments with it, by season and part of the day."""

    joined: tuple[int, ...]
    matrix: Real
    """float64[cells + 1, p, p], covariance of features, each signal's lags in turn; last, that of all cells."""
    right: Real
    """float64[cells + 1, p], covariance with the target."""
    common: Mask
    """Of each pattern in a cell, as `expected` numbers them: whether it is often enough there for its own weights."""

    def expected(self, of: Signals, part: slice, first: int, gone: Index) -> Real:
        """What the evidence says of the target at each hour of a stretch: float64[hours], 0 where there is none.

        `gone`: the hours of the window that are missing of the target.
        """
        hours = np.arange(part.start, part.stop)
        found = np.zeros(hours.size)
        if not self.joined or not hours.size:
            return found
        several = len(self.matrix)
        number = _pattern(self.joined, of.whole[:, part]) * several + cells(first, hours)
        number = np.where(self.common[number], number, number // several * several + _CELLS)
        known = np.flatnonzero(np.bincount(number))
        place = np.zeros(known[-1] + 1, np.intp)
        place[known] = np.arange(known.size)
        which, weights = place[number], np.ascontiguousarray(self._weights(of, known).T)
        for weight, row in zip(weights, of.along(self.joined, part, gone), strict=True):
            # A signal that is not whole has no weight, whatever of it stands.
            found += weight[which] * row
        return found

    def _weights(self, of: Signals, known: Index) -> Real:
        """Weights of each pattern in a cell: float64[patterns, p]."""
        bits = (known[:, None] // len(self.matrix) >> np.arange(len(self.joined))) & 1
        features = np.repeat(bits == 1, [len(of.lags[signal]) for signal in self.joined], axis=1)
        cell = known % len(self.matrix)
        parts = in_parts(np.arange(len(known)), features.shape[1])
        return np.concatenate([conditioned(self.matrix[cell[i]], self.right[cell[i]], features[i]) for i in parts])


@dataclass(frozen=True, slots=True)
class Lessons:
    """The hours that are learnt from, sorted by cell, and what the signals were there."""

    at: Index
    cell: Index
    whole: Mask
    """bool[signals, hours]."""


def lessons(of: Signals, at: Index, first: int) -> Lessons:
    """Make hours `at` ready for all targets."""
    cell = cells(first, at)
    order = np.argsort(cell, kind="stable")
    return Lessons(at[order], cell[order], of.whole[:, at[order]])


def weigh(target: Real, candidates: Sequence[int], most: int, of: Signals, learnt: Lessons) -> Evidence:
    """Learn how signals go with a target (float64[hours]), over the hours where all of them stand.

    Of the candidates, in order, those join that are whole at most of the hours where the target and those before are.
    """
    good, joined = ~np.isnan(target[learnt.at]), list[int]()
    left = int(good.sum())
    for signal in candidates:
        both = good & learnt.whole[signal]
        count = int(both.sum())
        if count >= max(_SHARE * left, _LEAST):
            joined.append(signal)
            good, left = both, count
        if len(joined) == most:
            break
    # What does not count is zero: sums are exact, so it is as if it were not there.
    stacked = np.concatenate([*(of.taken(signal, learnt.at) for signal in joined), target[None, learnt.at]])
    stacked = np.where(good, stacked, 0.0)
    ends = np.searchsorted(learnt.cell, np.arange(_CELLS + 1))
    total = np.stack([stacked[:, a:b] @ stacked[:, a:b].T for a, b in pairwise(ends)])
    moments, count_in = np.zeros((len(_MIXING), *total.shape[1:])), np.bincount(learnt.cell[good], minlength=_CELLS)
    for each, weights in zip(total, _MIXING.T, strict=True):
        moments += weights[:, None, None] * each
    moments /= np.maximum((_MIXING * count_in).sum(axis=1), 1.0)[:, None, None]
    matrix, right = moments[:, :-1, :-1].copy(), moments[:, :-1, -1].copy()
    own = np.arange(matrix.shape[1])
    matrix[:, own, own] += _RIDGE * matrix[:, own, own] + 1e-7
    numbers = _pattern(joined, learnt.whole) * len(_MIXING) + learnt.cell
    common = np.bincount(numbers, minlength=len(_MIXING) << len(joined)) >= _COMMON
    return Evidence(tuple(joined), matrix, right, common)


def conditioned(matrix: Real, right: Real, on: Mask) -> Real:
    """Weights of the features that are `on`, of each system, as if the others were not: float64[systems, features].

    `matrix`: float64[systems, features, features]; `right` and `on`: [systems, features].
    """
    left = np.where(on[:, :, None] & on[:, None, :], matrix, 0.0)
    own = np.arange(on.shape[1])
    left[:, own, own] += ~on
    return np.where(on, solve(left, np.where(on, right, 0.0)), 0.0)


def _pattern(joined: Sequence[int], whole: Mask) -> Index:
    """Which signals are whole at each hour: int[hours], a bit a signal."""
    found = np.zeros(whole.shape[1], np.intp)
    for bit, signal in enumerate(joined):
        found += whole[signal].astype(np.intp) << bit
    return found


def cells(first: int, at: Index) -> Index:
    """Season (from mid-November on) and six hours of the day of each hour `first + at`: int[hours] below 16."""
    hour = first + at
    season = np.floor((hour / 24 + 46) * (_SEASONS / 365.2425)).astype(np.intp) % _SEASONS
    return np.asarray(season * _PARTS + (hour + 1) % 24 * _PARTS // 24, dtype=np.intp)
