# SPDX-License-Identifier: Apache-2.0
"""Which figure of a broken sum is the wrong one: the part that alone is far from its usual value, and fits corrected.

The total is compared in the same way, and nothing is said where it could be wrong just as well.
"""

from __future__ import annotations

from collections.abc import Sequence

import bottleneck as bn
import numpy as np
from numpy.typing import NDArray

from eia930.checks.outcome import Places, Values

_AT_ONCE = 4096  # places of all series together of which the usual is found in one step: it needs 200 numbers each
_DAYS = 10  # the same hour of so many days to each side says what is usual
_HOURS = 84  # where that is too little: all hours so far to each side
_SAME_HOUR = np.delete(np.arange(-_DAYS, _DAYS + 1), _DAYS) * 24
_ALL_HOURS = np.delete(np.arange(-_HOURS, _HOURS + 1), _HOURS)
_FEWEST = 7
_FAR, _NEAR = 12.0, 3.0  # × the median departure from the usual value, about 8 and 2 standard deviations
_REST = 0.05  # share of the difference that may be left when the part is corrected: sums seldom agree to the MW


class Usual:
    """What is usual of some series at some hours: float64[series, places] each, NaN where unknown.

    `middle`: a median. `spread`: the median departure from it.
    """

    def __init__(self, some: Sequence[Values], places: Places) -> None:
        around = np.stack([_around(values, places, _SAME_HOUR) for values in some])
        self.middle, self.spread, few = _medians(around)
        for number, values in enumerate(some):
            if few[number].any():
                at = number, few[number]
                self.middle[at], self.spread[at], _ = _medians(_around(values, places[few[number]], _ALL_HOURS))

    def far(self, values: Values, allowed: Values) -> NDArray[np.bool_]:
        """Whether values are none that the series usually has."""
        return np.abs(values - self.middle) > np.maximum(_FAR * self.spread, 2 * allowed)

    def near(self, values: Values, allowed: Values) -> NDArray[np.bool_]:
        """Whether they are."""
        return np.abs(values - self.middle) <= np.maximum(_NEAR * self.spread, allowed)


def culprits(
    total: Values, summed: Values, parts: Sequence[tuple[str, int, Values]], places: Places, *, allowed: Values
) -> dict[str, Places]:
    """Name → the hours among `places` in which that part alone is to blame for total ≠ sum.

    `parts`: name, sign in the sum, values; `allowed` MW at each of the places.
    """
    off = total[places] - summed[places]
    allowed = with_rest(allowed, off)
    whole = Usual([total], places)
    # The total itself may be wrong where the sum would be usual of it, or where nothing usual is known of it.
    (open_,) = ~whole.near(summed[places], allowed) & ~np.isnan(whole.middle)
    places, off, allowed = places[open_], off[open_], allowed[open_]
    if not places.size:
        return {}
    step = max(1, _AT_ONCE // places.size)
    hits = np.concatenate([_hits(parts[at : at + step], places, off, allowed) for at in range(0, len(parts), step)])
    alone = np.count_nonzero(hits, axis=0) == 1
    found = {name: places[hit & alone] for (name, _, _), hit in zip(parts, hits, strict=True)}
    return {name: hours for name, hours in found.items() if hours.size}


def _hits(parts: Sequence[tuple[str, int, Values]], places: Places, off: Values, allowed: Values) -> NDArray[np.bool_]:
    """bool[parts, places]: where a part is far from usual, and fits once it is corrected by what is off."""
    usual = Usual([values for _, _, values in parts], places)
    here, sign = np.stack([values[places] for _, _, values in parts]), np.array([[sign] for _, sign, _ in parts])
    return usual.far(here, allowed) & usual.near(here + sign * off, allowed)


def with_rest(allowed: Values, off: Values) -> Values:
    """How far from right a sum may still be where the largest fault in it is put right."""
    return np.maximum(allowed, _REST * np.abs(off))


def _around(values: Values, places: Places, steps: NDArray[np.int64]) -> Values:
    """float64[places, steps]: the values so many hours away, NaN beyond the frame; both are sorted."""
    at = places[:, None] + steps
    found = np.take(values, at, mode="clip")
    if at[0, 0] < 0 or at[-1, -1] >= values.size:
        found[(at < 0) | (at >= values.size)] = np.nan
    return found


def _medians(around: Values) -> tuple[Values, Values, NDArray[np.bool_]]:
    """The median of each row, and the median departure from it; NaN where a row has too few values, and which do."""
    few = np.count_nonzero(np.isnan(around), axis=-1) > around.shape[-1] - _FEWEST
    middle = bn.nanmedian(around, axis=-1)
    spread = bn.nanmedian(np.abs(around - middle[..., None]), axis=-1)
    middle[few] = spread[few] = np.nan
    return middle, spread, few
