# SPDX-License-Identifier: Apache-2.0
"""Count: spans → how many rows they have, month by month; and Publish coverage: the counts → files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import apache_beam as beam

from eia930.coverage.account import Method, publish_coverage
from eia930.coverage.from_tidy import count_tidy
from eia930.question.span import Span
from eia930.sources.fetched import Fetched
from eia930.sources.matrix import Matrix
from eia930.sources.source import Source
from eia930.store.failure import telling
from eia930.store.fenced import Fenced
from eia930.store.manifest import File
from eia930.store.run import Run, heed_stop
from eia930.store.storage import Storage


class CountByAsking(beam.PTransform):
    """PCollection[Span] → PCollection[Matrix | Fetched]. One key, one worker, one dispatcher, as for a load."""

    def __init__(self, source: Source, storage: Storage, run: Run) -> None:
        super().__init__()
        self._do = _AskFn(source, storage, run)

    def expand(self, spans: beam.PCollection) -> beam.PCollection:
        """Only spans and counts cross the shuffle."""
        return (
            spans
            | "One key" >> beam.WithKeys("dispatcher")
            | "One dispatcher" >> beam.GroupByKey()
            | "Ask" >> beam.ParDo(self._do)
        )


class CountTidy(beam.PTransform):
    """PCollection[Span] → PCollection[Matrix], from the tidy `files` in `storage`; the run works on `place`."""

    def __init__(self, storage: Storage, files: Mapping[str, File], place: Storage, run: Run) -> None:
        super().__init__()
        self._where = (storage, files, place, run)

    def expand(self, spans: beam.PCollection) -> beam.PCollection:
        """Spans spread over the workers; rows stay in their files."""
        return spans | "Spread" >> beam.Reshuffle() | "Read" >> beam.Map(_count_tidy, *self._where)


class PublishCoverage(beam.PTransform):
    """PCollection[Matrix | Fetched] → PCollection[str]: the output's URL, once all is written."""

    def __init__(self, storage: Storage, run: Run, method: Method) -> None:
        super().__init__()
        self._do = _PublishFn(storage, run, method)

    def expand(self, told: beam.PCollection) -> beam.PCollection:
        """Only counts cross the shuffle: two numbers a series and month."""
        return (
            told
            | "One account" >> beam.WithKeys("coverage")
            | "Gather" >> beam.GroupByKey()
            | "Write coverage" >> beam.ParDo(self._do)
        )


def _count_tidy(span: Span, storage: Storage, files: Mapping[str, File], place: Storage, run: Run) -> Matrix:
    with telling(place, run, "Count"):
        heed_stop(place, run)
        return count_tidy(storage, span, files)


class _AskFn(beam.DoFn):
    def __init__(self, source: Source, storage: Storage, run: Run) -> None:
        self._source = source
        self._storage = storage
        self._run = run

    def process(self, keyed: tuple[str, Iterable[Span]]) -> Iterator[Matrix | Fetched]:
        spans: Sequence[Span] = sorted(keyed[1], key=lambda span: span.id)
        with telling(self._storage, self._run, "Count"):
            fetched, matrices = self._source.count(self._storage, spans, self._run)
        yield fetched
        yield from matrices


class _PublishFn(beam.DoFn):
    def __init__(self, storage: Storage, run: Run, method: Method) -> None:
        self._storage = storage
        self._run = run
        self._method = method

    def process(self, keyed: tuple[str, Iterable[Matrix | Fetched]]) -> Iterator[str]:
        told = list(keyed[1])
        matrices = [one for one in told if isinstance(one, Matrix)]
        fetched = next((one for one in told if isinstance(one, Fetched)), None)
        with telling(self._storage, self._run, "Publish"):
            if fetched is None or not fetched.stopped:
                heed_stop(self._storage, self._run)
            publish_coverage(Fenced.of(self._storage, self._run), matrices, fetched, self._method)
        yield self._storage.url
