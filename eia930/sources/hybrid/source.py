# SPDX-License-Identifier: Apache-2.0
"""EIA's files and its API as one history: the files before the API begins, then the API, and files where it has none.

Both are asked under one lease, one after the other. Both words stay in the store; of a cell, the API's stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from eia930.question.listed import Listed
from eia930.question.span import Span
from eia930.reference.routes import ROUTES
from eia930.sources.api.source import ApiSource
from eia930.sources.columns import AnswerName, Columns, Row, Stored
from eia930.sources.fetched import Fetched, Looked, Readied, by_span
from eia930.sources.files.counting import joined
from eia930.sources.files.source import FilesSource
from eia930.sources.files.versions import ROOT as FILES
from eia930.sources.hybrid.counting import read, unsure
from eia930.sources.matrix import Matrix
from eia930.sources.session import Session, alone
from eia930.sources.source import Estimate, ListsAsked, Terms
from eia930.store.run import Run
from eia930.store.storage import Storage


@dataclass(frozen=True, slots=True)
class HybridSource:
    """Two sources of the same hours; the pace of each is its own."""

    api: ApiSource
    files: FilesSource
    name: str = "hybrid"

    @classmethod
    def on(cls, terms: Terms) -> HybridSource:
        """Both on a user's terms."""
        # The pace of the key bears on the API alone.
        apart = replace(terms, name="files", requests_per_hour=None)
        return cls(ApiSource.on(replace(terms, name="api")), FilesSource.on(apart), terms.name)

    @property
    def origins(self) -> tuple[str, ...]:
        """Both hosts."""
        return tuple(dict.fromkeys((*self.files.origins, *self.api.origins)))

    @property
    def requests_per_hour(self) -> int | None:
        """The API's: files are few."""
        return self.api.requests_per_hour

    @property
    def quota(self) -> str:
        """Where programs with the same key share the API's pace."""
        return self.api.quota

    @property
    def refresh(self) -> bool:
        """Whether hours are asked for although they are stored."""
        return self.api.refresh or self.files.refresh

    def at(self, url: str) -> HybridSource:
        """The same, its API asked at another server."""
        return replace(self, api=self.api.at(url))

    def check_here(self) -> None:
        """UsageError where there is no key."""
        self.api.check_here()

    def check_elsewhere(self) -> tuple[str, ...]:
        """What either says."""
        return (*self.files.check_elsewhere(), *self.api.check_elsewhere())

    def plan_size(self, spans: Sequence[Span]) -> int:
        """Requests of both."""
        return self.files.plan_size(spans) + self.api.plan_size(served(spans))

    def estimate(self, storage: Storage, spans: Sequence[Span]) -> Estimate:
        """What both would ask."""
        files, api = self.files.estimate(storage, spans), self.api.estimate(storage, served(spans))
        return Estimate(
            files.requests + api.requests,
            files.to_ask + api.to_ask,
            files.stored + api.stored,
            f"({files.requests:,} {files.each}, {api.requests:,} {api.each})",
            f"{files.lasting} of files; {api.lasting} of the API",
        )

    def counting(self, storage: Storage, spans: Sequence[Span]) -> str:
        """Both; and the rows of months in which both have holes, which nobody knows beforehand."""
        files, api = self.files.counting(storage, spans), self.api.counting(storage, served(spans))
        return f"{files}; {api}; and the rows of months in which both have holes"

    def fetch(self, storage: Storage, spans: Sequence[Span], run: Run) -> Fetched:
        """Files first, for they are soon here. Never raises Stop or UsageError: it says why."""
        return alone(storage, run, lambda session: self._both(storage, spans, run, session))

    def count(self, storage: Storage, spans: Sequence[Span], run: Run) -> tuple[Fetched, list[Matrix]]:
        """Both counts as one, exactly. Months in which both have holes are read of the API, as a load reads them."""
        fetched, here = self.files.count(storage, spans, run)
        if fetched.stopped:
            return fetched, []
        asked, there = self.api.count(storage, served(spans), run)
        files, api = ({one.span.id: one for one in some} for some in (here, there))
        asked = replace(asked, failures=(*fetched.failures, *asked.failures), warnings=fetched.warnings)
        whole = [] if asked.stopped else _whole(spans, asked)
        doubts = {
            part.id: part
            for one in served(whole)
            if (part := unsure(one, files.get(one.id), api.get(one.id))) is not None
        }
        if doubts:
            asked = self._read(storage, list(doubts.values()), run, asked)
            whole = [] if asked.stopped else _whole(spans, asked)
        matrices = [joined(span, files.get(span.id), api.get(span.id)) for span in whole]
        return asked, [
            read(one, part, self.files.newest(storage, one.span), self.api.columns(storage, part))
            if (part := doubts.get(one.span.id))
            else one
            for one in matrices
        ]

    def _read(self, storage: Storage, parts: Sequence[Span], run: Run, asked: Fetched) -> Fetched:
        """Ask the API for rows, after it was `asked` to count, at one pace; both accounts as one."""
        after = replace(self.api, sent_before=self.api.sent_before + asked.tally.sent, worked_before=True)
        done = after.fetch(storage, parts, run)
        failures = (*asked.failures, *done.failures)
        return replace(done, failures=failures, warnings=asked.warnings, lists=asked.lists)

    def lists_held(self, storage: Storage, routes: Sequence[str]) -> Listed:
        """The API's lists of codes, as far as they are stored."""
        return self.api.lists_held(storage, routes)

    def lists(self, storage: Storage, routes: Sequence[str], run: Run) -> ListsAsked:
        """The API's lists of codes."""
        return self.api.lists(storage, routes, run)

    def having_asked(self, asked: ListsAsked) -> HybridSource:
        """The same, whose pace at the API counts these."""
        return replace(self, api=self.api.having_asked(asked))

    def look(self, storage: Storage, spans: Sequence[Span], run: Run) -> Sequence[Looked]:
        """What is stored of the API's."""
        return self.api.look(storage, served(spans), run)

    def having_looked(self, looked: Sequence[Looked]) -> HybridSource:
        """The same, whose API need not look where a worker just has."""
        return replace(self, api=self.api.having_looked(looked))

    def columns(self, storage: Storage, span: Span) -> Iterator[Stored]:
        """What is stored by either, the files first."""
        for stored in self.files.columns(storage, span):
            yield replace(stored, source=self.files.name, rank=0)
        for part in served([span]):
            for stored in self.api.columns(storage, part):
                yield replace(_from(stored, part.first), source=self.api.name, rank=1)

    def keeping(self) -> HybridSource:
        """The same, which keeps columns of the API's answers; those of files are kept at any rate."""
        return replace(self, api=self.api.keeping())

    def answers(self, storage: Storage, span: Span) -> tuple[AnswerName, ...] | None:
        """What either reads."""
        told = [self.files.answers(storage, span), *(self.api.answers(storage, part) for part in served([span]))]
        known = [some for some in told if some is not None]
        return tuple(one for some in known for one in some) if len(known) == len(told) else None

    def verbatim(self, storage: Storage, span: Span, names: Sequence[str]) -> Iterator[tuple[str, Columns, list[Row]]]:
        """Stored answers of both once more."""
        yield from self.files.verbatim(storage, span, [name for name in names if name.startswith(f"{FILES}/")])
        yield from self.api.verbatim(storage, span, [name for name in names if not name.startswith(f"{FILES}/")])

    def ready(self, storage: Storage, name: str, spans: Sequence[Span]) -> Readied:
        """Read a file that is stored as it was served."""
        return self.files.ready(storage, name, spans)

    def _both(self, storage: Storage, spans: Sequence[Span], run: Run, session: Session) -> Fetched:
        files = self.files.ask(storage, spans, run, session)
        if files.stopped:
            return files
        session.then(files)
        api = self.api.ask(storage, served(spans), run, session)
        return replace(
            api,
            failures=(*files.failures, *api.failures),
            warnings=(*files.warnings, *api.warnings),
            unread=files.unread,
            paged=not files.unread,
        )


def _whole(spans: Sequence[Span], fetched: Fetched) -> list[Span]:
    """The spans of which nothing failed."""
    lacking = by_span(fetched.failures)
    return [span for span in spans if span.id not in lacking]


def served(spans: Sequence[Span]) -> list[Span]:
    """The spans as far as the API serves hours."""
    return [_part(span, begins) for span in spans if span.last >= (begins := ROUTES[span.route].first)]


def _part(span: Span, begins: int) -> Span:
    if span.first >= begins:
        return span
    pieces = span.pieces
    if pieces is not None:
        pieces = tuple(replace(one, first=max(one.first, begins)) for one in pieces if one.last >= begins)
    return replace(span, first=begins, pieces=pieces)


def _from(stored: Stored, begins: int) -> Stored:
    """Without the hours before: of those the files have the word."""
    columns = stored.columns
    later = columns.hour >= begins
    if np.all(later):
        return stored
    kept = replace(
        columns,
        received=columns.received - int((~later).sum()),
        hour=columns.hour[later],
        kind=columns.kind[later],
        value=columns.value[later],
    )
    return replace(stored, first=max(stored.first, begins), columns=kept)
