# SPDX-License-Identifier: Apache-2.0
"""Check: the series of an output → the cross-checks between them, read by reference from the tidy files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import apache_beam as beam
import msgspec

from eia930.checks.all_checks import run_checks
from eia930.checks.asked import Asked, asked_by
from eia930.checks.outcome import Check as CrossCheck
from eia930.checks.stretches import encoded
from eia930.question.span import Span
from eia930.record.tidy_series import SeriesRef, TidySeries
from eia930.record.unchanged.inputs import named
from eia930.record.unchanged.kept import all_whole, keep, kept
from eia930.reference.respondents import members, subregions
from eia930.store.failure import telling
from eia930.store.manifest import CHECKS, File, put_file
from eia930.store.run import Run, heed_stop
from eia930.store.storage import Storage

_KEPT = "raw/assembled/checks"
"""What came of the checks, under the name of the question and of all tidy files."""


class Check(beam.PTransform):
    """PCollection[list[SeriesRef]] of one element → PCollection[tuple[CrossCheck, ...] | File].

    Every check's outcome; and what the manifest says of `checks.parquet`, which is written here.
    """

    def __init__(self, storage: Storage, run: Run, spans: Iterable[Span]) -> None:
        super().__init__()
        asked = asked_by(spans)
        self._place = (storage, run, asked, _question(asked))

    def expand(self, catalogue: beam.PCollection) -> beam.PCollection:
        """Only names travel; values stay in their files."""
        return catalogue | "Cross-check" >> beam.FlatMap(_check, *self._place)


class _Checked(msgspec.Struct, frozen=True):
    """What came of the checks, and the file; None where there is no series."""

    checks: tuple[CrossCheck, ...]
    file: File | None


def _check(
    refs: list[SeriesRef], storage: Storage, run: Run, asked: Asked, question: str
) -> Iterator[tuple[CrossCheck, ...] | File]:
    with telling(storage, run, "Check"):
        if refs:
            # A fetch that was stopped leaves none, and has its account to write.
            heed_stop(storage, run)
        inputs = named(question, refs)
        done = kept(storage, _KEPT, inputs, _Checked) if refs else None
        if done is None or done.file is None or not all_whole(storage, [done.file]):
            done = _checked(refs, storage, asked)
            keep(storage, _KEPT, inputs, done)
    yield done.checks
    if done.file is not None:
        yield done.file


def _question(asked: Asked) -> str:
    return named(asked.kinds is None, sorted((asked.kinds or {}).items()), asked.first, asked.last)


def _checked(refs: list[SeriesRef], storage: Storage, asked: Asked) -> _Checked:
    series = TidySeries(storage, refs, first=asked.first, last=asked.last)
    found = run_checks(series, asked.first, {**subregions(), **members()}, asked=asked)
    stretches = found.stretches
    file = put_file(storage, CHECKS, encoded(stretches), rows=stretches.num_rows) if refs else None
    return _Checked(found.checks, file)
