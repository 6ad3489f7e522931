# SPDX-License-Identifier: Apache-2.0
"""Fetch: spans → spans whose hours are stored. One key, one worker, one dispatcher: the exact rate on any runner.

Before it, whichever worker is free looks over what is stored. After it, Ready: what is stored as it was served → its
columns, once. Names travel, and what is left to ask; never what was answered.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence

import apache_beam as beam

from eia930.account.standing import sparing
from eia930.errors import Stop, UsageError
from eia930.program.code import require_same
from eia930.question.dealing import dealt
from eia930.question.span import Span
from eia930.sources.fetched import Failure, Looked, Readied, by_span
from eia930.sources.source import LooksFirst, ReadsAhead, Source
from eia930.store.failure import telling
from eia930.store.run import Run, heed_stop
from eia930.store.storage import Storage

FETCHED, UNREAD = "fetched", "unread"
_LOTS = 8
"""Lots of spans that workers look over, several spans of one at a time."""
Seen = tuple[Span, Looked | None]


class Fetch(beam.PTransform):
    """PCollection[Span] → main: (Span, failures) once all are stored; `fetched`: what the dispatcher did.

    `unread`: names of what is stored as it was served, and is to be read before spans are assembled.
    """

    def __init__(self, source: Source, storage: Storage, run: Run) -> None:
        super().__init__()
        self._how = (source, storage, run)

    def expand(self, spans: beam.PCollection) -> beam.pvalue.DoOutputsTuple:
        """Spans cross the shuffle, and of each what is left to ask: one or two kilobytes."""
        return (
            spans
            | "Lot" >> beam.WithKeys(_lot)
            | "Lots" >> beam.GroupByKey()
            | "Look" >> beam.FlatMap(_look, *self._how)
            | "One key" >> beam.WithKeys("dispatcher")
            | "One dispatcher" >> beam.GroupByKey()
            | "Ask" >> beam.ParDo(_FetchFn(*self._how)).with_outputs(FETCHED, UNREAD, main="stored")
        )


def _lot(span: Span) -> int:
    return zlib.crc32(span.id.encode()) % _LOTS


def _look(lot: tuple[int, Iterable[Span]], source: Source, storage: Storage, run: Run) -> Iterator[Seen]:
    spans = list(lot[1])
    with telling(storage, run, "Look"):
        seen = {one.span: one for one in _looked(spans, source, storage, run)}
    yield from ((span, seen.get(span.id)) for span in spans)


def _looked(spans: Sequence[Span], source: Source, storage: Storage, run: Run) -> Sequence[Looked]:
    if not isinstance(source, LooksFirst):
        return ()
    try:
        require_same(run.program)
        heed_stop(storage, run)
        return source.look(storage, spans, run)
    except (Stop, UsageError):
        # Whoever asks meets the same, and accounts for it.
        return ()


class _FetchFn(beam.DoFn):
    def __init__(self, source: Source, storage: Storage, run: Run) -> None:
        self._source = source
        self._storage = storage
        self._run = run

    def process(self, keyed: tuple[str, Iterable[Seen]]) -> Iterator[tuple[Span, list[Failure]] | object]:
        seen = sorted(keyed[1], key=lambda one: one[0].id)
        spans, source = [span for span, _ in seen], self._source
        if isinstance(source, LooksFirst):
            source = source.having_looked([one for _, one in seen if one])
        with telling(self._storage, self._run, "Fetch"):
            fetched = sparing(self._storage, source.fetch(self._storage, spans, self._run), self._run)
        yield beam.pvalue.TaggedOutput(FETCHED, fetched)
        if not fetched.stopped:
            yield from (beam.pvalue.TaggedOutput(UNREAD, name) for name in fetched.unread)
            failed = by_span(fetched.failures)
            yield from ((span, failed.get(span.id, [])) for span in dealt(spans))


class Ready(beam.PTransform):
    """PCollection[str] of names → PCollection[Readied]; columns are written on the way."""

    def __init__(self, source: Source, storage: Storage, run: Run, spans: Sequence[Span]) -> None:
        super().__init__()
        self._how = (source, storage, run, tuple(spans))

    def expand(self, names: beam.PCollection) -> beam.PCollection:
        """Spread the names over the workers: they left the dispatcher in one place."""
        return names | "Spread" >> beam.Reshuffle() | "Read" >> beam.Map(_ready, *self._how)


def _ready(name: str, source: Source, storage: Storage, run: Run, spans: Sequence[Span]) -> Readied:
    with telling(storage, run, "Ready"):
        heed_stop(storage, run)
        if not isinstance(source, ReadsAhead):
            raise AssertionError(f"{source.name} names {name} to be read, and cannot read it")
        return source.ready(storage, name, spans)
