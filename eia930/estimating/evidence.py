# SPDX-License-Identifier: Apache-2.0
"""What other series and the forecast say of an hour: jointly normal, conditioned on whatever of it is there.

Nothing is filled in with zero: a signal that is not whole around an hour is left out of that hour's equation, and each
pattern of what is there has weights of its own. Moments are kept by season and part of the day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from eia930.estimating.exact import Mask, Real, solve

Index = NDArray[np.intp]

_SEASONS = _PARTS = 4
_BESIDE = np.array([[1.0, 0.5, 0.2, 0.5], [0.5, 1.0, 0.5, 0.2], [0.2, 0.5, 1.0, 0.5], [0.5, 0.2, 0.5, 1.0]])
"""How much a season (a part of the day) tells of another."""
_RIDGE = 0.02
_BATCH = 256
_CELLS = _SEASONS * _PARTS
_COMMON = 16
"""A pattern of fewer lessons in a cell has the weights of all cells together."""
_SHARE, _LEAST = 0.85, 400
"""A signal joins if it is whole at this share of the hours that are left, and at so many."""


@dataclass(frozen=True, slots=True)
class Signals:
    """Departures of demand and of forecasts, and where each is whole around an hour."""

    value: Real
    """float64[signals, 2 + hours + 1]: NaN before and after."""
    whole: Mask
    """bool[signals, hours]: all the signal's lags are there."""
    lags: tuple[tuple[int, ...], ...]
    """Of each signal: hours beside t, from −2 to 1, that count as one."""

    def taken(self, signal: int, at: Index) -> Real:
        """One signal around hours `at`: float64[lags, hours]."""
        return np.asarray(self.value[signal][at[None, :] + (2 + np.array(self.lags[signal]))[:, None]])


def signals(value: Real, lags: Sequence[tuple[int, ...]]) -> Signals:
    """Take series float64[signals, hours] with the lags of each."""
    series, hours = value.shape
    wide = np.concatenate((np.full((series, 2), np.nan), value, np.full((series, 1), np.nan)), axis=1)
    there = ~np.isnan(wide)
    whole = np.ones(value.shape, bool)
    for row, of in enumerate(lags):
        for lag in of:
            whole[row] &= there[row, 2 + lag : 2 + lag + hours]
    return Signals(wide, whole, tuple(lags))


@dataclass(frozen=True, slots=True)
class Evidence:
    """Signals for one target, and their moments with it, by season and part of the day."""

    joined: tuple[int, ...]
    matrix: Real
    """float64[cells + 1, p, p], covariance of features, each signal's lags in turn; last, that of all cells."""
    right: Real
    """float64[cells + 1, p], covariance with the target."""
    common: Index
    """Patterns in a cell, as `expected` numbers them, that are often enough there to have weights of their own."""

    def pattern(self, of: Signals, at: Index) -> Index:
        """Which signals are whole at hours `at`: int[hours], a bit a signal."""
        return _pattern(self.joined, of.whole, at)

    def expected(self, of: Signals, at: Index, first: int) -> Real:
        """What the evidence at hours `at` says of the target: float64[hours], 0 where there is none."""
        found = np.zeros(at.size)
        if not self.joined or not at.size:
            return found
        pattern = self.pattern(of, at) * len(self.matrix)
        known, which = np.unique(pattern + cells(first, at), return_inverse=True)
        common = np.where(np.isin(known, self.common), known, known // len(self.matrix) * len(self.matrix) + _CELLS)
        known, again = np.unique(common, return_inverse=True)
        which = again[which]
        weights = np.ascontiguousarray(self._weights(of, known).T)
        k = 0
        for signal in self.joined:
            for row in of.taken(signal, at):
                found += weights[k][which] * np.where(np.isnan(row), 0.0, row)
                k += 1
        return found

    def _weights(self, of: Signals, known: Index) -> Real:
        """Weights of each pattern in a cell: float64[patterns, p]."""
        bits = (known[:, None] // len(self.matrix) >> np.arange(len(self.joined))) & 1
        features = np.repeat(bits == 1, [len(of.lags[signal]) for signal in self.joined], axis=1)
        out = np.empty(features.shape)
        own = np.arange(features.shape[1])
        for start in range(0, len(features), _BATCH):
            on, cell = features[start : start + _BATCH], known[start : start + _BATCH] % len(self.matrix)
            matrix = np.where(on[:, :, None] & on[:, None, :], self.matrix[cell], 0.0)
            matrix[:, own, own] += ~on
            out[start : start + _BATCH] = np.where(on, solve(matrix, np.where(on, self.right[cell], 0.0)), 0.0)
        return out


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
    at, cell = learnt.at[good], learnt.cell[good]
    stacked = np.concatenate([*(of.taken(signal, at) for signal in joined), target[None, at]])
    ends = np.searchsorted(cell, np.arange(_CELLS + 1))
    total = np.stack([stacked[:, a:b] @ stacked[:, a:b].T for a, b in pairwise(ends)])
    mixing = np.concatenate((np.kron(_BESIDE, _BESIDE), np.ones((1, _CELLS))))
    moments, count_in = np.zeros((len(mixing), *total.shape[1:])), np.diff(ends)
    for each, weights in zip(total, mixing.T, strict=True):
        moments += weights[:, None, None] * each
    for moment, weights in zip(moments, mixing, strict=True):
        moment /= max(float((weights * count_in).sum()), 1.0)
    matrix, right = moments[:, :-1, :-1].copy(), moments[:, :-1, -1].copy()
    own = np.arange(matrix.shape[1])
    matrix[:, own, own] += _RIDGE * matrix[:, own, own] + 1e-7
    numbers = _pattern(joined, learnt.whole, np.arange(learnt.at.size)) * len(mixing) + learnt.cell
    known, times = np.unique(numbers, return_counts=True)
    return Evidence(tuple(joined), matrix, right, known[times >= _COMMON])


def _pattern(joined: Sequence[int], whole: Mask, at: Index) -> Index:
    found = np.zeros(at.size, np.intp)
    for bit, signal in enumerate(joined):
        found += whole[signal, at].astype(np.intp) << bit
    return found


def cells(first: int, at: Index) -> Index:
    """Season (from mid-November on) and six hours of the day of each hour `first + at`: int[hours] below 16."""
    hour = first + at
    season = np.floor((hour / 24 + 46) * (_SEASONS / 365.2425)).astype(np.intp) % _SEASONS
    return np.asarray(season * _PARTS + (hour + 1) % 24 * _PARTS // 24, dtype=np.intp)
