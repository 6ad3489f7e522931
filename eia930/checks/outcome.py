# SPDX-License-Identifier: Apache-2.0
"""What a cross-check finds: how many hours were held against each other, how many differ, and the worst."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Series = Mapping[str, Values]
"""series id → float64[hours] in MW on one common hourly frame, NaN = absent; may load on demand."""

Places = NDArray[np.intp]
"""Hours of the frame, by their index."""

_SHOWN = 20
NOWHERE: Places = np.zeros(0, np.intp)


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far two figures may differ: the larger of `mw` and `share` of the figures' size."""

    mw: float
    share: float

    def of(self, size: Values) -> Values:
        """Return the allowed difference in MW for figures of this size."""
        return np.maximum(self.mw, self.share * size)

    def __str__(self) -> str:
        return f"{self.mw:g} MW or {self.share:.1%}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Worst:
    """One series that a check found wrong: its worst hour, and in how many hours.

    `hour` counts from 1970-01-01 UTC (hour ending). `expected` and `found` are MW at that hour (NaN = missing);
    for shifted stamps they are hours of delay.
    """

    series_id: str
    hour: int
    expected: float
    found: float
    hours: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The outcome of one check over all series; `worst` lists at most 20 series, the most serious first.

    `columns` names what `expected` and `found` are here. `left_out` counts the sums that were not checked because not
    all of their parts were asked for.
    """

    name: str
    what: str
    tolerance: str
    hours_checked: int
    hours_broken: int
    worst: tuple[Worst, ...]
    columns: tuple[str, str]
    left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcome:
    """What a check found for one series, pair or sum: the worst, and `places`, every hour that is wrong (sorted)."""

    hours_checked: int
    worst: Worst | None = None
    weight: float = 0.0
    places: Places = field(default_factory=lambda: NOWHERE)

    def __post_init__(self) -> None:
        """Refuse a worst hour without places: `checks.parquet` has all of them."""
        if (self.worst is None) != (self.places.size == 0):
            raise ValueError(f"an outcome names its worst hour and all that are wrong, or neither: {self.worst}")


def collect(
    name: str,
    what: str,
    *,
    tolerance: str,
    outcomes: Iterable[Outcome],
    columns: tuple[str, str],
    left_out: int = 0,
) -> Check:
    """Add outcomes up to a check; the list of worst is ordered by weight, then by name, each series once."""
    checked, broken, found = 0, 0, list[tuple[float, Worst]]()
    for outcome in outcomes:
        checked += outcome.hours_checked
        if outcome.worst:
            broken += outcome.worst.hours
            found.append((outcome.weight, outcome.worst))
    found.sort(key=lambda pair: (-pair[0], pair[1].series_id))
    worst = dict[str, Worst]()
    for _, one in found:
        # A wrong part may break two sums: that of its region and that of the nation.
        first = worst.setdefault(one.series_id, one)
        worst[one.series_id] = replace(first, hours=max(first.hours, one.hours))
    return Check(
        name=name,
        what=what,
        tolerance=tolerance,
        hours_checked=checked,
        hours_broken=broken,
        worst=tuple(worst.values())[:_SHOWN],
        columns=columns,
        left_out=left_out,
    )
