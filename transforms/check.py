# SPDX-License-Identifier: Apache-2.0
"""Check: all spans' accounts → the cross-checks between their series, read by reference from the tidy files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import apache_beam as beam

from eia.assembly import GroupReport
from eia.respondents import members, subregions
from eia.storage import Storage
from quality.check import Check as CrossCheck
from quality.checks import run_checks
from quality.tidy_series import TidySeries


class Check(beam.PTransform):
    """PCollection[GroupReport] → PCollection[tuple[CrossCheck, ...]], one element: the outcome of every check."""

    def __init__(self, storage: Storage, *, first: int, last: int) -> None:
        super().__init__()
        self._do = _CheckFn(storage, first, last)

    def expand(self, groups: beam.PCollection) -> beam.PCollection:
        """Only accounts cross the shuffle; values stay in their files."""
        return (
            groups
            | "All series" >> beam.WithKeys("checks")
            | "Gather" >> beam.GroupByKey()
            | "Cross-check" >> beam.ParDo(self._do)
        )


class _CheckFn(beam.DoFn):
    def __init__(self, storage: Storage, first: int, last: int) -> None:
        self._storage = storage
        self._first = first
        self._last = last

    def process(self, keyed: tuple[str, Iterable[GroupReport]]) -> Iterator[tuple[CrossCheck, ...]]:
        series = TidySeries(self._storage, list(keyed[1]), first=self._first, last=self._last)
        yield tuple(run_checks(series, self._first, {**subregions(), **members()}))
