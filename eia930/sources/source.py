# SPDX-License-Identifier: Apache-2.0
"""What a source of hours is: it says what it would ask, asks for what is not stored yet, and reads what is stored.

Programs and transforms know this protocol alone; `members.SOURCES` turns a name into a member.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, Self, runtime_checkable

from eia930.question.listed import Listed
from eia930.question.span import Span
from eia930.reference.halves import Half
from eia930.sources.columns import AnswerName, Columns, Row, Stored
from eia930.sources.fetched import Fetched, Looked, Readied
from eia930.sources.matrix import Matrix
from eia930.store.run import Run
from eia930.store.storage import Storage


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a user wants a source to be asked: a source takes what concerns it.

    `name` is the source's; `url`, and `files_url` of the six-month files, None for EIA's own address; `key` a
    reference (`env:NAME`, `file:PATH`), never the key.
    """

    name: str
    url: str | None = None
    files_url: str | None = None
    key: str = "none:"
    requests_per_hour: int | None = None
    burst_per_second: int = 3
    min_delay: float = 0.0
    max_in_flight: int = 8
    hours_per_request: int | None = None
    tries: int = 10
    quota: str | None = None
    """Where programs with one key share its pace: a folder, a bucket, `none`; None for the source's own choice."""
    settle_hours: int = 240
    refresh: bool = False
    refresh_halves: tuple[Half, ...] = ()
    """Six-month files that are asked for again although they are stored."""
    revisit_days: int | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """About what a load asks: `requests` were nothing stored, `to_ask` as things stand, and what one of them is.

    `stored` answers save asking for some of it; `lasting` says how long the rest takes.
    """

    requests: int
    to_ask: int
    stored: int
    each: str
    """What a request is: `of up to 5,000 rows`."""
    lasting: str

    @property
    def words(self) -> str:
        """All of it but what is stored."""
        return f"about {self.requests:,} {self.each}; about {self.to_ask:,} still to ask: {self.lasting}"


@dataclass(frozen=True, slots=True)
class ListsAsked:
    """The lists at hand after asking: requests `sent` and `answered`; `trouble` says why some did not come, if any."""

    listed: Listed
    sent: int = 0
    answered: int = 0
    trouble: str = ""
    ended: bool = False
    """Whether the trouble is the server's or the key's as a whole: whoever asks for hours meets it too, and says it."""


@runtime_checkable
class ListsCodes(Protocol):
    """A source that says which codes it has: a plan then holds those that the tables lack."""

    def lists_held(self, storage: Storage, routes: Sequence[str]) -> Listed:
        """The newest lists of these routes that are stored. Asks nobody."""

    def lists(self, storage: Storage, routes: Sequence[str], run: Run) -> ListsAsked:
        """The same; what is not of today is asked for, at the source's pace. Never raises Stop or UsageError."""

    def having_asked(self, asked: ListsAsked) -> Self:
        """The same source, whose pace counts these requests; a key that they were answered for has worked."""


@runtime_checkable
class LooksFirst(Protocol):
    """A source whose stored answers any worker can look over, each its spans, before one asks for what is left."""

    def look(self, storage: Storage, spans: Sequence[Span], run: Run) -> Sequence[Looked]:
        """What is stored of spans. Asks nobody, removes nothing: who asks looks again at those that are not told of."""

    def having_looked(self, looked: Sequence[Looked]) -> Source:
        """The same source, which need not look where a worker just has."""


@runtime_checkable
class ReadsAhead(Protocol):
    """A source that stores answers as they were served, for any worker to read: those that `Fetched.unread` names."""

    def ready(self, storage: Storage, name: str, spans: Sequence[Span]) -> Readied:
        """Read one of them, once: whoever assembles finds its columns. Asks nobody, and may be done again."""


class Reading(Protocol):
    """A source as far as assembling needs it: what is stored, and nothing is asked."""

    @property
    def name(self) -> str:
        """What the tidy column `source` says."""

    def columns(self, storage: Storage, span: Span) -> Iterator[Stored]:
        """What is stored for a span, in a fixed order."""

    def verbatim(self, storage: Storage, span: Span, names: Sequence[str]) -> Iterator[tuple[str, Columns, list[Row]]]:
        """Stored answers once more: the rows of the span that are kept, as columns and as they were served.

        Each by its name, in any order; what is gone or damaged meanwhile is passed over.
        """


@runtime_checkable
class NamesAnswers(Protocol):
    """A source that says what `columns` would read, without reading it: then what is unchanged is not read again."""

    def answers(self, storage: Storage, span: Span) -> tuple[AnswerName, ...] | None:
        """Every stored answer that has a part in `columns` and `verbatim`, in their order; None where one is unknown.

        Of equal names, given an equal source and span, `columns` gives equal answers.
        """

    def keeping(self) -> Reading:
        """The same source, whose `columns` keeps what it made of an answer, so that it is not parsed again."""


@runtime_checkable
class HeldAgainst(Protocol):
    """A source whose stored answers `pipelines.verify` holds against what was noted of them when they were stored."""

    @classmethod
    def stored(cls, storage: Storage) -> Iterable[str]:
        """The key of each of them, whoever's they are, by listing alone."""

    @classmethod
    def fault(cls, storage: Storage, key: str) -> tuple[str, str] | None:
        """What is wrong with one (`is missing`), and what mends it; None where it is as it was stored."""


class Source(Reading, Protocol):
    """A place that hours come from. It travels to workers: it holds references, never a key nor a connection."""

    @classmethod
    def on(cls, terms: Terms) -> Self:
        """The source on a user's terms. UsageError where it cannot be asked so."""

    @property
    def origins(self) -> tuple[str, ...]:
        """Whose hours it brings, for `store.origin.claim`: the hosts that it asks."""

    @property
    def requests_per_hour(self) -> int | None:
        """Requests that may start in any hour; None: unhurried."""

    @property
    def quota(self) -> str:
        """Where programs with the same key share its pace (`eia930.sources.quota`); `none` where each has its own."""

    @property
    def refresh(self) -> bool:
        """Whether hours are asked for although they are stored."""

    def at(self, url: str) -> Self:
        """The same, asked of another server: the embedded emulator, once it runs."""

    def check_here(self) -> None:
        """UsageError where this machine lacks what asking takes."""

    def check_elsewhere(self) -> tuple[str, ...]:
        """Warnings, a line each, where workers on other machines ask. UsageError where they cannot."""

    def plan_size(self, spans: Sequence[Span]) -> int:
        """About how many requests the spans take where nothing is stored."""

    def estimate(self, storage: Storage, spans: Sequence[Span]) -> Estimate:
        """What a load would ask, given what is stored. Sends and writes nothing."""

    def counting(self, storage: Storage, spans: Sequence[Span]) -> str:
        """In words, what `count` would ask, given what is stored. Sends and writes nothing."""

    def fetch(self, storage: Storage, spans: Sequence[Span], run: Run) -> Fetched:
        """Ask for every hour of `spans` that is not stored. Never raises Stop or UsageError: it says why."""

    def count(self, storage: Storage, spans: Sequence[Span], run: Run) -> tuple[Fetched, list[Matrix]]:
        """Count the rows of `spans`. A span that cannot be counted has no matrix."""
