# SPDX-License-Identifier: Apache-2.0
"""Check: the series of an output → the cross-checks between them, read by reference from the tidy files."""

from __future__ import annotations

import apache_beam as beam

from eia.respondents import members, subregions
from eia.storage import Storage
from quality.check import Check as CrossCheck
from quality.checks import run_checks
from quality.tidy_series import SeriesRef, TidySeries


class Check(beam.PTransform):
    """PCollection[list[SeriesRef]] of one element → PCollection[tuple[CrossCheck, ...]]: every check's outcome."""

    def __init__(self, storage: Storage, *, first: int, last: int) -> None:
        super().__init__()
        self._place = (storage, first, last)

    def expand(self, catalogue: beam.PCollection) -> beam.PCollection:
        """Only names travel; values stay in their files."""
        return catalogue | "Cross-check" >> beam.Map(_check, *self._place)


def _check(refs: list[SeriesRef], storage: Storage, first: int, last: int) -> tuple[CrossCheck, ...]:
    series = TidySeries(storage, refs, first=first, last=last)
    return tuple(run_checks(series, first, {**subregions(), **members()}))
