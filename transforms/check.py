# SPDX-License-Identifier: Apache-2.0
"""Check: all spans' accounts → the cross-checks between their series, read by reference from the tidy files."""

from __future__ import annotations

import apache_beam as beam

from eia.assembly import GroupReport
from eia.respondents import members, subregions
from eia.storage import Storage
from quality.check import Check as CrossCheck
from quality.checks import run_checks
from quality.tidy_series import TidySeries, catalogue


class Check(beam.PTransform):
    """PCollection[list[GroupReport]] of one element → PCollection[tuple[CrossCheck, ...]]: every check's outcome."""

    def __init__(self, storage: Storage, *, first: int, last: int) -> None:
        super().__init__()
        self._place = (storage, first, last)

    def expand(self, accounts: beam.PCollection) -> beam.PCollection:
        """Only accounts travel; values stay in their files."""
        return accounts | "Cross-check" >> beam.Map(_check, *self._place)


def _check(accounts: list[GroupReport], storage: Storage, first: int, last: int) -> tuple[CrossCheck, ...]:
    series = TidySeries(storage, catalogue(accounts), first=first, last=last)
    return tuple(run_checks(series, first, {**subregions(), **members()}))
