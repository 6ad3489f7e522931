# SPDX-License-Identifier: Apache-2.0
"""Check: the series of an output → the cross-checks between them, read by reference from the tidy files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import apache_beam as beam

from eia930.checks.all_checks import run_checks
from eia930.checks.asked import Asked, asked_by
from eia930.checks.outcome import Check as CrossCheck
from eia930.checks.stretches import encoded
from eia930.question.span import Span
from eia930.record.tidy_series import SeriesRef, TidySeries
from eia930.reference.respondents import members, subregions
from eia930.store.failure import telling
from eia930.store.manifest import CHECKS, File, put_file
from eia930.store.run import Run, heed_stop
from eia930.store.storage import Storage


class Check(beam.PTransform):
    """PCollection[list[SeriesRef]] of one element → PCollection[tuple[CrossCheck, ...] | File].

    Every check's outcome; and what the manifest says of `checks.parquet`, which is written here.
    """

    def __init__(self, storage: Storage, run: Run, spans: Iterable[Span]) -> None:
        super().__init__()
        self._place = (storage, run, asked_by(spans))

    def expand(self, catalogue: beam.PCollection) -> beam.PCollection:
        """Only names travel; values stay in their files."""
        return catalogue | "Cross-check" >> beam.FlatMap(_check, *self._place)


def _check(refs: list[SeriesRef], storage: Storage, run: Run, asked: Asked) -> Iterator[tuple[CrossCheck, ...] | File]:
    with telling(storage, run, "Check"):
        if refs:
            # A fetch that was stopped leaves none, and has its account to write.
            heed_stop(storage, run)
        series = TidySeries(storage, refs, first=asked.first, last=asked.last)
        found = run_checks(series, asked.first, {**subregions(), **members()}, asked=asked)
        written = put_file(storage, CHECKS, encoded(found.stretches), rows=found.stretches.num_rows) if refs else None
    yield found.checks
    if written is not None:
        yield written
