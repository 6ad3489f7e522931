# SPDX-License-Identifier: Apache-2.0
"""Reduced screening for series whose sign and zero are legal: interchange, net generation, storage, sources.

The demand method would call nights of solar, storage that charges and idle ties faults. What remains are two
steps that hold for any of them: a value out of all proportion, and a moving series that stands still.
"""

import numpy as np
from numpy.typing import NDArray

from eia930.reference.runs import runs
from eia930.screening.flags import FLAGS, Screened
from eia930.screening.quartiles import Values

_GLOBAL = 10.0  # × the 99th percentile of sizes
_LONGEST_SPIKE = 6  # hours: what lasts longer is an event (oil in a cold spell), or a new plant
_SHORTEST_RUN = 24
_BY_CHANCE = 1e-9  # a run must be less likely than this for a series that repeats as often as this one does


def screen_signed(values: Values, *, stands_still: bool = False) -> Screened:
    """Screen one series (MW, any sign) on a full hourly frame: float64[hours], NaN = absent or null.

    `stands_still`: long runs of one value are normal (a reactor at full power), so only outliers are flagged.
    `g` of the result is the 99th percentile of the sizes of its non-zero values, in MW.
    """
    code = np.zeros(values.size, dtype=np.uint8)
    g = _usual_size(values)
    code[_spikes(values, g)] = FLAGS.index("global_outlier")
    if not stands_still:
        code[_frozen(values) & (code == 0)] = FLAGS.index("identical_run")
    return Screened(code=code, g=g, iqr_r=float("nan"))


def _usual_size(values: Values) -> float:
    """Return the 99th percentile of the non-zero sizes, taken down to a value that occurs; NaN where there is none."""
    sizes = np.abs(values[(values != 0) & ~np.isnan(values)])
    if not sizes.size:
        return float("nan")
    rank = int(0.99 * (sizes.size - 1))
    return float(np.partition(sizes, rank)[rank])


def _spikes(values: Values, g: float) -> NDArray[np.intp]:
    """Return the hours of short spikes to ten times the usual size."""
    starts, lengths = runs(np.abs(values) >= _GLOBAL * g)
    short = lengths <= _LONGEST_SPIKE
    hours = [np.arange(start, start + length) for start, length in zip(starts[short], lengths[short], strict=True)]
    return np.concatenate(hours) if hours else np.zeros(0, dtype=np.intp)


def _frozen(values: Values) -> NDArray[np.bool_]:
    """Tell which hours are the third and later of a run of one non-zero value, too long to be chance."""
    frozen = np.zeros(values.size, dtype=bool)
    same = np.zeros(values.size, dtype=bool)
    same[1:] = (values[1:] == values[:-1]) & (values[1:] != 0)
    starts, lengths = runs(same)
    moving = int(((values != 0) & ~np.isnan(values)).sum())
    repeats = int(lengths.sum())
    for start, length in zip(starts.tolist(), lengths.tolist(), strict=True):
        if length >= _SHORTEST_RUN - 1 and _is_rare(length, repeats - length, moving - length - 1):
            frozen[start + 1 : start + length] = True
    return frozen


def _is_rare(length: int, repeats: int, hours: int) -> bool:
    """Tell whether `length` repeats in a row are beyond chance, judged by the series' other non-zero hours."""
    if hours < _SHORTEST_RUN:
        return False
    return bool((max(repeats, 1) / hours) ** length < _BY_CHANCE)
