# SPDX-License-Identifier: Apache-2.0
"""Hours that jump away from the last trusted hour (steps 7 and 8 of the demand screening)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eia930.screening.quartiles import Hours, RollingIqr, Values

_DELTA = 5.0  # × the rolling range of hour-to-hour steps, MW
_RATIO = 15.0  # × the series' range of steps in demand over its expected course


@dataclass(frozen=True, slots=True, kw_only=True)
class Jumps:
    """What the walk compares: the expected-course ratios and the local spread of hour-to-hour steps."""

    ratio: Values
    ratio_long: Values
    step_iqr: RollingIqr
    iqr_r: float

    def far(self, hour: int) -> float:
        """Return how far from its expected course an hour is, by the worse of both ratios."""
        return max(abs(1 - float(self.ratio[hour])), abs(1 - float(self.ratio_long[hour])))

    def between(self, demand: Values, reference: Hours, hours: Hours) -> NDArray[np.bool_]:
        """Tell which `hours` jump away from their `reference` hour."""
        hit = np.abs(self.ratio[reference] - self.ratio[hours]) > _RATIO * self.iqr_r
        suspects = np.flatnonzero(hit)  # few: only these need exact quartiles
        step = np.abs(demand[reference[suspects]] - demand[hours[suspects]])
        hit[suspects] = step > _DELTA * self.step_iqr.at(hours[suspects])
        return hit


def forward(demand: Values, jumps: Jumps) -> list[int]:
    """Return the hours that jump away, walking ahead; the reference moves to the hour that fits better."""
    present = np.flatnonzero(~np.isnan(demand))
    return _walk(demand, present, jumps, lambda hour, reference: jumps.far(hour) < jumps.far(reference))


def backward(demand: Values, jumps: Jumps) -> list[int]:
    """Return the hours that jump away, walking back from the end."""
    present = np.flatnonzero(~np.isnan(demand))[::-1]
    return _walk(demand, present, jumps, lambda _hour, _reference: False)


def _walk(demand: Values, present: Hours, jumps: Jumps, trust: Callable[[int, int], bool]) -> list[int]:
    """Visit jumps between successive hours only: between two of them the reference just follows."""
    flagged: list[int] = []
    resume = 0
    for start in np.flatnonzero(jumps.between(demand, present[:-1], present[1:])).tolist():
        if start < resume:
            continue
        at, reference, jumped = start + 1, int(present[start]), True
        while jumped and not trust(int(present[at]), reference):
            flagged.append(int(present[at]))
            at += 1
            if at == present.size:
                return flagged
            jumped = bool(jumps.between(demand, np.array([reference]), present[at : at + 1])[0])
        resume = at
    return flagged
