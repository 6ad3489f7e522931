# SPDX-License-Identifier: Apache-2.0
"""Assemble: a stored span → its tidy file and its account. Responses are read by reference, in columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import apache_beam as beam

from eia930.program.code import fingerprint, require_same
from eia930.question.span import Span
from eia930.record.assembly import GroupReport, Screening
from eia930.record.unchanged.group import group
from eia930.sources.fetched import Failure, Readied, by_span
from eia930.sources.source import Reading
from eia930.store.failure import telling
from eia930.store.run import Run, heed_stop
from eia930.store.storage import Storage


class Assemble(beam.PTransform):
    """PCollection[(Span, failures)] → PCollection[GroupReport]; files are written on the way.

    `readied` holds a span back until all that it may be assembled of was read.
    """

    def __init__(
        self,
        source: Reading,
        storage: Storage,
        run: Run,
        *,
        screening: Screening,
        readied: beam.PCollection | None = None,
        drop_history: bool = False,
    ) -> None:
        super().__init__()
        self._readied = readied
        self._do = _AssembleFn(source, storage, run, screening, drop_history=drop_history)

    def expand(self, stored: beam.PCollection) -> beam.PCollection:
        """Spread the spans over the workers: they left the dispatcher in one place."""
        readied = () if self._readied is None else beam.pvalue.AsList(self._readied)
        return stored | "Spread" >> beam.Reshuffle() | "Write tidy" >> beam.ParDo(self._do, readied)


class _AssembleFn(beam.DoFn):
    def __init__(
        self,
        source: Reading,
        storage: Storage,
        run: Run,
        screening: Screening,
        *,
        drop_history: bool,
    ) -> None:
        self._source = source
        self._storage = storage
        self._run = run
        self._screening = screening
        self._drop_history = drop_history
        self._program = fingerprint()

    def process(self, stored: tuple[Span, list[Failure]], readied: Sequence[Readied]) -> Iterator[GroupReport]:
        with telling(self._storage, self._run, "Assemble"):
            # Other code would write other bytes.
            require_same(self._program)
            heed_stop(self._storage, self._run)
            span, failures = stored
            late = (one for some in sorted(readied, key=lambda some: some.name) for one in some.failures)
            failures = [*failures, *by_span(late).get(span.id, [])]
            yield group(
                self._storage,
                self._source,
                span,
                screening=self._screening,
                failures=failures,
                drop_history=self._drop_history,
            )
