# SPDX-License-Identifier: Apache-2.0
"""What two sources say of the same hours, series by series and month by month: both words, counted.

Differences are no errors: both values stay in what is stored, and one stands by rank. Many in a month are a finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from eia930.question.span import Span
from eia930.record.grid import Series
from eia930.reference.hours import stamp
from eia930.reference.months import month_of, months_of

ODD = 0.001
"""Share of a month's compared hours that differ, above which the month is a finding."""


class MonthCompared(msgspec.Struct, frozen=True):
    """One month of a series in which the two do not say the same."""

    month: str
    compared: int
    equal: int
    differing: int
    largest: float
    """Of the differences, MW."""
    only_here: int
    only_there: int


class Compared(msgspec.Struct, frozen=True):
    """One series: hours in which both have a value = `equal` + `differing`; hours that one alone has a value in.

    `here` is the source that stands where both speak, `there` the other. Hours are those from the first to the last
    month in which both have a value. `months` holds those in which not all is equal.
    """

    series_id: str
    route: str
    here: str
    there: str
    compared: int
    equal: int
    differing: int
    largest: float
    largest_at: str | None
    only_here: int
    only_there: int
    months: list[MonthCompared]

    @property
    def findings(self) -> list[MonthCompared]:
        """Months in which more hours differ than may be."""
        return [one for one in self.months if one.differing > ODD * one.compared]


def compared(series_id: str, span: Span, layers: Mapping[str, Series], asked_both: NDArray[np.bool_]) -> list[Compared]:
    """Of two sources, the higher rank last. Nothing where no month has values of both.

    `asked_both` bool[hours]: which hours both have answered, so that silence of one of them says something.
    """
    (there, below), (here, above) = layers.items()
    mine, theirs = ~np.isnan(above.value), ~np.isnan(below.value)
    month = months_of(np.arange(span.first, span.last + 1)) - month_of(span.first)
    both = mine & theirs
    shared = np.bincount(month[both], minlength=int(month[-1]) + 1) > 0
    if not shared.any():
        return []
    some = np.flatnonzero(shared)
    inside = asked_both & (month >= some[0]) & (month <= some[-1])
    gap = np.where(both, np.abs(above.value - below.value), 0.0)
    counts = {
        "compared": both,
        "equal": both & (gap == 0),
        "differing": gap > 0,
        "only_here": inside & mine & ~theirs,
        "only_there": inside & theirs & ~mine,
    }
    worst = int(gap.argmax())
    return [
        Compared(
            series_id=series_id,
            route=span.route,
            here=here,
            there=there,
            largest=float(gap[worst]),
            largest_at=stamp(span.first + worst) if gap[worst] else None,
            months=list(_months(counts, gap, month, month_of(span.first))),
            **{name: int(flags.sum()) for name, flags in counts.items()},
        )
    ]


def _months(
    counts: Mapping[str, NDArray[np.bool_]], gap: NDArray[np.float64], month: NDArray[np.int64], zero: int
) -> Iterable[MonthCompared]:
    tables = {name: np.bincount(month[flags], minlength=int(month[-1]) + 1) for name, flags in counts.items()}
    odd = np.flatnonzero(tables["differing"] + tables["only_here"] + tables["only_there"])
    for place in odd.tolist():
        told = {name: int(table[place]) for name, table in tables.items()}
        yield MonthCompared(month=_named(zero + place), largest=float(gap[month == place].max()), **told)


def _named(month: int) -> str:
    return f"{1970 + month // 12}-{month % 12 + 1:02d}"
