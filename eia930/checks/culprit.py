# SPDX-License-Identifier: Apache-2.0
"""Which figure of a broken sum is the wrong one: the part that alone is far from its usual value, and fits corrected.

The total is compared in the same way, and nothing is said where it could be wrong just as well.
"""

from __future__ import annotations

from collections.abc import Iterable

import bottleneck as bn
import numpy as np
from numpy.typing import NDArray

from eia930.checks.outcome import Places, Values

_DAYS = 10  # the same hour of so many days to each side says what is usual
_HOURS = 84  # where that is too little: all hours so far to each side
_FEWEST = 7
_FAR, _NEAR = 12.0, 3.0  # × the median departure from the usual value, about 8 and 2 standard deviations
_REST = 0.05  # share of the difference that may be left when the part is corrected: sums seldom agree to the MW


class Usual:
    """What is usual of a series at some hours: a median, and the median departure from it; NaN where unknown."""

    def __init__(self, values: Values, places: Places) -> None:
        steps = np.arange(1, _DAYS + 1) * 24
        around = _around(values, places, np.concatenate((-steps, steps)))
        few = np.count_nonzero(~np.isnan(around), axis=1) < _FEWEST
        steps = np.arange(1, _HOURS + 1)
        self.middle, self.spread = _medians(around)
        if few.any():
            self.middle[few], self.spread[few] = _medians(_around(values, places[few], np.concatenate((-steps, steps))))

    def far(self, values: Values, allowed: Values) -> NDArray[np.bool_]:
        """Whether values are none that the series usually has."""
        return np.abs(values - self.middle) > np.maximum(_FAR * self.spread, 2 * allowed)

    def near(self, values: Values, allowed: Values) -> NDArray[np.bool_]:
        """Whether they are."""
        return np.abs(values - self.middle) <= np.maximum(_NEAR * self.spread, allowed)


def culprits(
    total: Values, summed: Values, parts: Iterable[tuple[str, int, Values]], places: Places, *, allowed: Values
) -> dict[str, Places]:
    """Name → the hours among `places` in which that part alone is to blame for total ≠ sum.

    `parts`: name, sign in the sum, values; `allowed` MW at each of the places.
    """
    off = total[places] - summed[places]
    allowed = with_rest(allowed, off)
    whole = Usual(total, places)
    # The total itself may be wrong where the sum would be usual of it, or where nothing usual is known of it.
    open_ = ~whole.near(summed[places], allowed) & ~np.isnan(whole.middle)
    places, off, allowed = places[open_], off[open_], allowed[open_]
    if not places.size:
        return {}
    names, hits = [], []
    for name, sign, values in parts:
        usual, here = Usual(values, places), values[places]
        names.append(name)
        hits.append(usual.far(here, allowed) & usual.near(here + sign * off, allowed))
    alone = np.sum(hits, axis=0) == 1
    found = {name: places[hit & alone] for name, hit in zip(names, hits, strict=True)}
    return {name: hours for name, hours in found.items() if hours.size}


def with_rest(allowed: Values, off: Values) -> Values:
    """How far from right a sum may still be where the largest fault in it is put right."""
    return np.maximum(allowed, _REST * np.abs(off))


def _around(values: Values, places: Places, steps: NDArray[np.int64]) -> Values:
    """float64[places, steps]: the values so many hours away, NaN beyond the frame."""
    at = places[:, None] + steps
    inside = (at >= 0) & (at < values.size)
    return np.where(inside, values[np.where(inside, at, 0)], np.nan)


def _medians(around: Values) -> tuple[Values, Values]:
    """The median of each row, and the median departure from it; NaN where a row has too few values."""
    enough = np.count_nonzero(~np.isnan(around), axis=1) >= _FEWEST
    middle, spread = np.full(len(around), np.nan), np.full(len(around), np.nan)
    if enough.any():
        middle[enough] = bn.nanmedian(around[enough], axis=1)
        spread[enough] = bn.nanmedian(np.abs(around[enough] - middle[enough, None]), axis=1)
    return middle, spread
