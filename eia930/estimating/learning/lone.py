# SPDX-License-Identifier: Apache-2.0
"""A lone hour: both hours beside it stand, so what is asked is how far it stands out of the line between them.

That is told by how far the forecast and the series most alike stand out of theirs at that hour, and by the series' own
line and its bends two hours, a day and a week away.
"""

from __future__ import annotations

import numpy as np

from eia930.estimating.learning.evidence import Evidence, Index, conditioned
from eia930.estimating.learning.exact import Mask, Real, coarse
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


def lone_hours(of: Learnt, row: int, at: Index, evidence: Evidence) -> Real:
    """The departure of a series at lone hours: float64[at], NaN where there is too little to learn it from."""
    if not at.size:
        return np.zeros(0)
    lessons = of.learn[1 : -1 : of.manner.every]
    own = np.pad(of.own.value[row], _FAR + 1, constant_values=np.nan)
    bend = np.pad(coarse(own[1:-1] - (own[:-2] + own[2:]) / 2), 1, constant_values=np.nan)
    seen = np.concatenate((_features(of, own, bend, lessons, evidence), bend[None, lessons + _FAR + 1]))
    whole = ~np.isnan(seen).any(axis=0)
    if np.count_nonzero(whole) < _LEAST:
        return np.full(at.size, np.nan)
    moments = np.where(whole, seen, 0.0)
    moments = moments @ moments.T
    diagonal = np.arange(len(moments) - 1)
    moments[diagonal, diagonal] *= 1 + _RIDGE
    told = _features(of, own, bend, at, evidence)
    on, which = np.unique(~np.isnan(told).T, axis=0, return_inverse=True)
    matrix, right = (np.repeat(part[None], len(on), axis=0) for part in (moments[:-1, :-1], moments[:-1, -1]))
    weights = conditioned(matrix, right, on)
    found = (own[at + _FAR] + own[at + _FAR + 2]) / 2
    for k, feature in enumerate(told):
        found += weights[which, k] * np.where(on[which, k], feature, 0.0)
    return coarse(found)


def _features(of: Learnt, own: Real, bend: Real, at: Index, evidence: Evidence) -> Real:
    """What tells of hours `at`: float64[features, hours], NaN where it is not there."""
    here = at + _FAR + 1
    lines = [coarse((own[here - k] + own[here + k]) / 2) for k in (1, 2)]
    return np.stack([*lines, *(bend[here + k] for k in _BENDS), *(_bent(of, signal, at) for signal in evidence.joined)])


def _bent(of: Learnt, signal: int, at: Index) -> Real:
    """How far a signal stands out of the line between the hours beside it: float64[at], NaN where one is not there."""
    value, whole = of.signals.value[signal], of.signals.whole[signal]
    there = whole[at - 1] & whole[at] & whole[at + 1]
    return np.where(there, coarse(value[at + 2] - (value[at + 1] + value[at + 3]) / 2), np.nan)
