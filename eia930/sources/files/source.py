# SPDX-License-Identifier: Apache-2.0
"""EIA's six-month files as a source: they hold the record since July 2015, need no key, and are the API's own hours."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from threading import Lock
from urllib.parse import urlsplit

import msgspec
import numpy as np
import zstandard

from eia930.errors import Garbled, Refused, UsageError
from eia930.question.span import Span, known
from eia930.reference.clocks import EARLIEST, clock_of
from eia930.reference.halves import Half, halves, parse_half
from eia930.reference.hours import hour_of
from eia930.sources.api.http import LOOPBACK
from eia930.sources.columns import AnswerName, Columns, Refusal, Row, Stored
from eia930.sources.dispatch import Dispatcher
from eia930.sources.fetched import Failure, Fetched, Readied, after_reading
from eia930.sources.files.client import FILES_URL, Client, checked_files_url
from eia930.sources.files.contents.grouping import Records
from eia930.sources.files.counting import counted
from eia930.sources.files.downloading import download
from eia930.sources.files.lane import FileAnswer, FileRequest, Files, hours_of
from eia930.sources.files.names import ROUTES_OF, FileName, exists, kinds_for, parse_index, ruled
from eia930.sources.files.verbatim import lines_of
from eia930.sources.files.verifying import fault_of, versions
from eia930.sources.files.versions import Kept, Taken, Versions
from eia930.sources.matrix import Matrix
from eia930.sources.patience import Clocks
from eia930.sources.quota import NONE
from eia930.sources.rate import Limiter, Pace, Unlimited
from eia930.sources.session import Session, alone
from eia930.sources.source import Estimate, Terms
from eia930.store.run import Run
from eia930.store.storage import Storage

_SETTLED = timedelta(days=60)
"""After its end a half is still asked for again: corrections come within 30 days, some later."""
_SPEED = 5e6
"""Bytes a second at which a plan's minutes are told: 40 Mbit/s."""
_BYTES = {"balance": 48e6, "interchange": 105e6, "subregion": 26e6}
"""About what a half has, unpacked."""
_PAUSE = 1.0
"""Seconds between two starts, at least."""


@dataclass(frozen=True, slots=True)
class FilesSource:
    """The folder of six-month files, EIA's or any server's that has them."""

    url: str = FILES_URL
    requests_per_hour: int | None = None
    min_delay: float = _PAUSE
    tries: int = 10
    timeout: float = 60.0
    refresh: bool = False
    halves: tuple[Half, ...] = ()
    """Where any are named, `refresh` is of these alone."""
    name: str = field(default="files")
    quota: str = NONE
    """No key, no quota: one file at a time, a second apart."""
    clocks: Clocks | None = None

    @classmethod
    def on(cls, terms: Terms) -> FilesSource:
        """On a user's terms. A server on this machine is not paused for unless they say so."""
        url = checked_files_url(FILES_URL if terms.files_url is None else terms.files_url)
        usual = 0.0 if urlsplit(url).hostname in LOOPBACK else _PAUSE
        return cls(
            url=url,
            requests_per_hour=terms.requests_per_hour,
            min_delay=max(terms.min_delay, usual),
            tries=terms.tries,
            refresh=terms.refresh or bool(terms.refresh_halves),
            halves=() if terms.refresh else terms.refresh_halves,
            name=terms.name,
        )

    @classmethod
    def stored(cls, storage: Storage) -> Iterator[str]:
        """Every version of every file."""
        return versions(storage)

    @classmethod
    def fault(cls, storage: Storage, key: str) -> tuple[str, str] | None:
        """What is wrong with one, and what mends it."""
        return fault_of(storage, key)

    @property
    def origins(self) -> tuple[str, ...]:
        """The server's host."""
        return (str(urlsplit(self.url).hostname),)

    def at(self, url: str) -> FilesSource:
        """The same, asked of another server."""
        return replace(self, url=url)

    def check_here(self) -> None:
        """Nothing is lacking: there is no key."""

    def check_elsewhere(self) -> tuple[str, ...]:
        """UsageError where workers on other machines do not reach the server."""
        if urlsplit(self.url).hostname in LOOPBACK:
            raise UsageError(f"--files_url {self.url}: Dataflow's workers do not reach this machine's own address")
        return ()

    def plan_size(self, spans: Sequence[Span]) -> int:
        """The index and a request a file."""
        return len(wanted(spans)) + 1

    def estimate(self, storage: Storage, spans: Sequence[Span]) -> Estimate:
        """What a load would ask, given what is stored."""
        files = wanted(spans)
        due = [one for one in files if self._is_due(storage, ruled(*one))]
        size = sum(_BYTES[kind] for kind, _ in due)
        lasting = f"about {size / 1e6:,.0f} MB, {size / _SPEED / 60:.1f} minutes at {_SPEED * 8 / 1e6:.0f} Mbit/s"
        # Without a file to ask for, the index is not asked for either.
        asked = len(due) + 1 if due else 0
        each = f"for the index and {len(files):,} six-month file{'' if len(files) == 1 else 's'}"
        return Estimate(
            len(files) + 1, asked, len(files) - len(due), each, lasting if due else "nothing is left to ask"
        )

    def counting(self, storage: Storage, spans: Sequence[Span]) -> str:
        """The same: every row of the files is at hand."""
        return self.estimate(storage, spans).words

    def fetch(self, storage: Storage, spans: Sequence[Span], run: Run) -> Fetched:
        """Ask for every file of `spans` that is not stored or not settled. It never raises Stop: it says why."""
        return alone(storage, run, lambda session: self.ask(storage, spans, run, session))

    def count(self, storage: Storage, spans: Sequence[Span], run: Run) -> tuple[Fetched, list[Matrix]]:
        """Fetch the files of `spans`, and count their rows. A span that lacks a file has no matrix."""
        fetched = self.fetch(storage, spans, run)
        fetched = after_reading(fetched, (self.ready(storage, name, spans) for name in fetched.unread))
        lacking = {(one.route, one.respondent) for one in fetched.failures}
        whole = [] if fetched.stopped else [one for one in spans if (one.route, one.respondent) not in lacking]
        return fetched, [counted(span, self.newest(storage, span)) for span in whole]

    def columns(self, storage: Storage, span: Span) -> Iterator[Stored]:
        """What the stored files say of a span, the oldest half and version first."""
        return self._read(storage, span)

    def newest(self, storage: Storage, span: Span) -> Iterator[Stored]:
        """The same of the newest version of each half alone: what was revised away is no more."""
        return self._read(storage, span, newest=1)

    def _read(self, storage: Storage, span: Span, *, newest: int = 0) -> Iterator[Stored]:
        """The same of the `newest` versions of each half; 0: of all."""
        for kind in kinds_for((span.route,)):
            for half in halves(span.first, span.last):
                versions = Versions(storage, ruled(kind, half))
                for kept in versions.kept()[-newest:]:
                    yield _stored(versions, kept, half, span)

    def keeping(self) -> FilesSource:
        """The same: columns of files are kept at any rate."""
        return self

    def answers(self, storage: Storage, span: Span) -> tuple[AnswerName, ...] | None:
        """The stored versions that `columns` reads, each by all that its commit says."""
        return tuple(
            AnswerName(kept.key, kept.version.size, hashlib.sha256(msgspec.json.encode(kept.version)).hexdigest())
            for kind in kinds_for((span.route,))
            for half in halves(span.first, span.last)
            for kept in Versions(storage, ruled(kind, half)).kept()
        )

    def verbatim(self, storage: Storage, span: Span, names: Sequence[str]) -> Iterator[tuple[str, Columns, list[Row]]]:
        """The records of a span in stored files, and the line that each was on."""
        if not names:
            return
        for kind in kinds_for((span.route,)):
            for half in halves(span.first, span.last):
                versions = Versions(storage, ruled(kind, half))
                for kept in (one for one in versions.kept() if one.key in names):
                    try:
                        columns = _stored(versions, kept, half, span).columns
                        lines: list[Row] = list(lines_of(storage, kept, ruled(kind, half), span, columns))
                    except (KeyError, ValueError, zstandard.ZstdError):
                        continue
                    yield kept.key, columns, lines

    def ask(self, storage: Storage, spans: Sequence[Span], run: Run, session: Session) -> Fetched:
        """The work of `fetch`, by who holds the lease."""
        files = wanted(spans)
        due = [one for one in files if self._is_due(storage, ruled(*one), run)]
        session.begin(hours=sum(hours_of(half) for _, half in due), reused=len(files) - len(due))
        client, line = Client(self.url, timeout=self.timeout), Lock()

        def ask(request: FileRequest) -> FileAnswer:
            # One at a time, whatever the dispatcher would allow.
            with line:
                return _asked(client, storage, request)

        dispatcher = Dispatcher(
            [Files(due, lambda file: self._is_due(storage, file, run))],
            ask=ask,
            limiter=self._limiter(),
            tick=session.tick,
            in_flight=1,
            tries=self.tries,
            worked=session.worked,
            clocks=self.clocks,
        )
        dispatcher.run()
        client.close()
        dispatcher.failures = [one for failure in dispatcher.failures for one in _told(failure, spans)]
        fetched = session.fetched(dispatcher, damaged=0, limit_per_hour=self.requests_per_hour)
        failed = {one.request for one in fetched.failures}
        names = (file for file in (ruled(*one) for one in files) if file.name not in failed)
        return replace(fetched, unread=tuple(file.folder for file in names))

    def ready(self, storage: Storage, name: str, spans: Sequence[Span]) -> Readied:
        """Read the versions of one file that nobody has read yet. One whose cells are unreadable is taken back."""
        kind, _, half = name.partition("/")
        file = ruled(kind, parse_half(half))
        versions = Versions(storage, file)
        told: list[str] = []
        for kept in versions.kept():
            try:
                told = versions.warnings(kept)
            except (Garbled, Refused) as error:
                versions.take_back(kept, error.what, error.remedy)
        texts = (f"{file.name}: {text.removeprefix(f'{file.name}: ')}" for text in told)
        return Readied(name, tuple(_unread(file, versions.taken_back(), spans)), tuple(texts))

    def _is_due(self, storage: Storage, file: FileName, run: Run | None = None) -> bool:
        """Whether to ask: not there, or not whole; or its half was open, or just closed, when it was asked for last."""
        versions = Versions(storage, file)
        (kept, spoiled), checked = versions.found(), versions.checked()
        if not kept or spoiled or (checked and not checked.is_of(kept[-1].version)):
            return True
        asked = versions.asked_at()
        if run is not None and asked is not None and asked >= run.since:
            return False
        ended = file.half.hours()[1] + int(_SETTLED.total_seconds()) // 3600
        return (
            self._refreshes(file.half)
            or versions.taken_back() is not None
            or hour_of((checked or kept[-1].version).at) < ended
        )

    def _refreshes(self, half: Half) -> bool:
        return self.refresh and (not self.halves or half in self.halves)

    def _limiter(self) -> Limiter:
        if not self.min_delay and self.requests_per_hour is None:
            return Unlimited()
        return Pace(self.requests_per_hour or 3600, 1, self.min_delay)


def wanted(spans: Sequence[Span]) -> list[tuple[str, Half]]:
    """Kind and half of every file that spans touch."""
    found = {
        (kind, half)
        for span in spans
        for kind in kinds_for((span.route,))
        for piece in known(span)
        for half in halves(piece.first, piece.last)
        if exists(kind, half)
    }
    return sorted(found)


def _told(failure: Failure, spans: Sequence[Span]) -> Iterator[Failure]:
    """A file that could not be had, said of each span that it holds hours of; of the index nothing is lost."""
    routes = next((of for of in ROUTES_OF.values() if of[0].id == failure.route), ())
    for span in spans:
        first, last = max(span.first, failure.first), min(span.last, failure.last)
        if first <= last and any(route.id == span.route for route in routes):
            yield replace(failure, route=span.route, respondent=span.respondent, first=first, last=last)


def _unread(file: FileName, taken: Taken | None, spans: Sequence[Span]) -> Iterator[Failure]:
    if taken is not None:
        lost = FileRequest(file)
        yield from _told(Failure(lost.id, lost.route, "", lost.first, lost.last, taken.reason, taken.remedy), spans)


def _asked(client: Client, storage: Storage, request: FileRequest) -> FileAnswer:
    if request.file is not None:
        came = download(client, storage, request.file)
        return FileAnswer(came.kept.version.rows if came.new else 0, hours=hours_of(request.file.half))
    try:
        with client.get(request.id) as answer:
            return FileAnswer(0, parse_index(b"".join(answer.body)))
    except (Garbled, Refused):
        # No list, or none that can be read: the names follow a rule.
        return FileAnswer(0)


def _stored(versions: Versions, kept: Kept, half: Half, span: Span) -> Stored:
    columns, records = versions.records(kept, (span.route, span.respondent))
    first, last = half.hours(clock_of(span.respondent) or EARLIEST)
    if hour_of(kept.version.at) <= last + 72:
        # An open half speaks of the hours up to the last with a value; forecasts go further.
        last = min(last, _until(records, span.route, columns.account.last))
    refused = columns.refused.get((span.route, span.respondent), ())
    whole = _columns(records, refused)
    return Stored(kept.key, first, last, (), whole, kept.version.at, outside_counts=False)


def _until(records: Records | None, route: str, otherwise: int) -> int:
    if records is None:
        return otherwise
    measured = records.hour
    if route == "region-data" and "DF" in records.kinds:
        measured = records.hour[records.kind != records.kinds.index("DF")]
    return int(measured.max()) if len(measured) else otherwise


def _columns(records: Records | None, refused: tuple[Refusal, ...]) -> Columns:
    if records is None:
        return Columns(len(refused), np.zeros(0, np.int64), np.zeros(0, np.int32), (), np.zeros(0), refused)
    received = len(records.value) + len(refused)
    hour = records.hour.astype(np.int64)
    return Columns(
        received, hour, records.kind, records.kinds, records.value, refused, records.adjusted, records.filled
    )
