# SPDX-License-Identifier: Apache-2.0
"""A lone hour: both hours beside it stand, so what is asked is how far it stands out of the line between them.

That is told by how far the forecast and the series most alike stand out of theirs at that hour, and by the series' own
line and its bends two hours, a day and a week away.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eia930.estimating.learning.evidence import Evidence, conditioned
from eia930.estimating.learning.exact import Index, Mask, Real, coarse
from eia930.estimating.learning.learnt import Learnt

_BENDS = (-168, -24, -2, 2, 24, 168)
_FAR = 169
_RIDGE = 0.01
_LEAST = 400
"""Hours at which all must stand to be learnt from."""


def is_lone(there: Mask, at: Index) -> Mask:
    """Whether both hours beside each of `at` stand: bool[at]. `there`: bool[hours]."""
    wide = np.concatenate(([False], there, [False]))
    return np.asarray(wide[at] & wide[at + 2])


@dataclass(frozen=True, slots=True)
class Lone:
    """What lone hours of a window are told from."""

    of: Learnt
    lessons: Index
    bends: Real
    """float64[signals, lessons]: how far each signal stands out of its line there."""

    @classmethod
    def learnt(cls, of: Learnt) -> Lone:
        """Make a window ready for all its series."""
        lessons = of.learn[1 : -1 : of.manner.every]
        bends = np.empty((len(of.signals.value), lessons.size))
        for signal in range(len(bends)):
            bends[signal] = _bent(of, signal, lessons)
        return cls(of, lessons, bends)

    def departed(self, row: int, at: Index, evidence: Evidence) -> Real:
        """The departure of a series at lone hours: float64[at], NaN where there is too little to learn it from."""
        if not at.size:
            return np.zeros(0)
        own = np.pad(self.of.own.value[row], _FAR + 1, constant_values=np.nan)
        bend = np.pad(coarse(own[1:-1] - (own[:-2] + own[2:]) / 2), 1, constant_values=np.nan)
        mine = (_own(own, bend, self.lessons), self.bends[list(evidence.joined)])
        seen = np.concatenate((*mine, bend[None, self.lessons + _FAR + 1]))
        whole = ~np.isnan(seen).any(axis=0)
        if np.count_nonzero(whole) < _LEAST:
            return np.full(at.size, np.nan)
        moments = np.where(whole, seen, 0.0)
        moments = moments @ moments.T
        diagonal = np.arange(len(moments) - 1)
        moments[diagonal, diagonal] *= 1 + _RIDGE
        told = np.concatenate((_own(own, bend, at), *(_bent(self.of, signal, at)[None] for signal in evidence.joined)))
        found = (own[at + _FAR] + own[at + _FAR + 2]) / 2
        return coarse(found + _told(moments, told))


def _told(moments: Real, told: Real) -> Real:
    """What features say of the target, by what is there of them: float64[hours].

    `moments`: float64[features + 1, features + 1], the target's last; `told`: float64[features, hours], NaN: not there.
    """
    on, which = np.unique(~np.isnan(told).T, axis=0, return_inverse=True)
    matrix, right = (np.repeat(part[None], len(on), axis=0) for part in (moments[:-1, :-1], moments[:-1, -1]))
    weights, found = conditioned(matrix, right, on), np.zeros(told.shape[1])
    for k, feature in enumerate(told):
        found += weights[which, k] * np.where(on[which, k], feature, 0.0)
    return found


def _own(own: Real, bend: Real, at: Index) -> Real:
    """What a series' own line and bends are around hours `at`: float64[features, hours], NaN where not there."""
    here = at + _FAR + 1
    lines = [coarse((own[here - k] + own[here + k]) / 2) for k in (1, 2)]
    return np.stack([*lines, *(bend[here + k] for k in _BENDS)])


def _bent(of: Learnt, signal: int, at: Index) -> Real:
    """How far a signal stands out of the line between the hours beside it: float64[at], NaN where one is not there."""
    value, whole = of.signals.value[signal], of.signals.whole[signal]
    there = whole[at - 1] & whole[at] & whole[at + 1]
    return np.where(there, coarse(value[at + 2] - (value[at + 1] + value[at + 3]) / 2), np.nan)
