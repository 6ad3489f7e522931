# SPDX-License-Identifier: Apache-2.0
"""Lines of `rejects/`: what is not kept, as EIA sent it, why, and which stored response or request it was in.

    refused row ─────────────────────────────► rejected
    row that another one stands for ─► Lost ─► duplicate   (its response is read once more for the row itself)
    request that could not be had ───────────► failures

Each line names the count of `report.json` that it belongs to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import zstandard
from msgspec import UNSET, UnsetType

from eia930.question.span import Span
from eia930.question.window import Window
from eia930.reference.hours import stamp
from eia930.reference.routes import ROUTES
from eia930.sources.api.responses import load_verbatim
from eia930.sources.api.rows import Refusal
from eia930.sources.dispatch import Failure
from eia930.store.manifest import File, put_file
from eia930.store.storage import Storage

REPEATED = "another row of the same answer differs"
REVISED = "a later answer says another value"
WITHDRAWN = "a later answer has no row for this hour"
REJECTED, DUPLICATE, FAILURES = "rejected", "duplicate", "failures"
Row = msgspec.Raw | str
_Key = tuple[int, str, float | None]


class Reject(msgspec.Struct, frozen=True):
    """A line of `rejects/`. `winner`: the response whose word stands instead; `stands`: the value that it has."""

    reason: str
    request: str
    row: Row
    counter: str
    winner: str | UnsetType = UNSET
    stands: str | UnsetType | None = UNSET


@dataclass(frozen=True, slots=True)
class Answered:
    """A stored response: what it was asked, which hours (inclusive) it answers whole, and when (Unix seconds)."""

    key: str
    window: Window
    settled: tuple[int, int]
    moment: int

    def may_hold(self, kind: str, hour: int) -> bool:
        """Whether a row of that kind and hour may be in it."""
        return self.window.first <= hour <= self.window.last and _speaks_of(self.window, kind)

    def settles(self, kind: str, hour: int) -> bool:
        """Whether a row that is not in it does not exist."""
        return self.settled[0] <= hour <= self.settled[1] and _speaks_of(self.window, kind)


@dataclass(frozen=True, slots=True)
class Lost:
    """A row that was received and does not stand; `value` in MW, NaN for null, as is `stands`, if a row stands instead.

    `request` is its stored response; empty where only the `moment` of that is known. `winners` is the response whose
    word stands; more than one where several that may hold the row were retrieved in the same second.
    """

    reason: str
    kind: str
    hour: int
    value: float
    request: str
    moment: int
    winners: tuple[str, ...]
    stands: float | None = None

    @property
    def key(self) -> _Key:
        """What to find the row by in its response."""
        return self._with(self.value)

    def stood_in(self, held: Mapping[str, Container[_Key]]) -> str:
        """The winner, by what each of several holds; the first where none can be read again."""
        if len(self.winners) > 1 and self.stands is not None:
            found = (name for name in self.winners if self._with(self.stands) in held.get(name, ()))
            return next(found, self.winners[0])
        return next(iter(self.winners), "")

    def _with(self, value: float) -> _Key:
        return self.hour, self.kind, None if value != value else value


def refused(rows: Iterable[Refusal], request: str) -> Iterator[Reject]:
    """Lines of rows that are not as they should be."""
    for one in rows:
        yield Reject(one.reason, request, _raw(one.row), REJECTED)


def failed(failures: Iterable[Failure]) -> Iterator[Reject]:
    """Lines of requests that could not be had."""
    for failure in failures:
        yield Reject(failure.reason, failure.request, "", FAILURES)


def lost(storage: Storage, span: Span, rows: Sequence[Lost], answers: Sequence[Answered]) -> list[Reject]:
    """Lines of rows that do not stand, in their order. Only the responses that held one are read again."""
    found: dict[int, tuple[str, Row]] = {}
    waiting: dict[int, list[int]] = {}
    for at, one in enumerate(rows):
        waiting.setdefault(one.moment, []).append(at)
    for answered in answers:
        mine = [at for at in waiting.get(answered.moment, ()) if at not in found and _may_be_in(answered, rows[at])]
        if mine:
            # Who is known to have stood here comes before who may have.
            mine.sort(key=lambda at: not rows[at].request)
            served = _served(storage, answered)
            # A copy: the row by itself would keep its whole response in memory.
            found |= {at: (answered.key, row.pop().copy()) for at in mine if (row := served.get(rows[at].key))}
    unsure = {name for one in rows if len(one.winners) > 1 for name in one.winners}
    held = {one.key: set(_served(storage, one)) for one in answers if one.key in unsure}
    return [_line(one, held, *(found.get(at) or _remade(span, one, answers))) for at, one in enumerate(rows)]


def _may_be_in(answered: Answered, one: Lost) -> bool:
    if one.request:
        return answered.key == one.request
    return answered.key not in one.winners and answered.may_hold(one.kind, one.hour)


def _served(storage: Storage, answered: Answered) -> dict[_Key, list[msgspec.Raw]]:
    """The rows of a response as they were served; the last of equal ones is to be taken first."""
    try:
        columns, raw = load_verbatim(storage, answered.key, answered.window)
    except (KeyError, ValueError, zstandard.ZstdError):
        # Removed or damaged meanwhile: the row is told by its columns.
        return {}
    served: dict[_Key, list[msgspec.Raw]] = {}
    values = zip(columns.hour.tolist(), columns.kind.tolist(), columns.value.tolist(), raw, strict=True)
    for hour, kind, value, row in values:
        served.setdefault((hour, columns.kinds[kind], None if value != value else value), []).append(row)
    return served


def _remade(span: Span, one: Lost, answers: Sequence[Answered]) -> tuple[str, Row]:
    """A row whose response cannot be read again, in EIA's own columns."""
    route = ROUTES[span.route]
    row = {
        "period": stamp(one.hour),
        route.respondent: span.respondent,
        route.kind: one.kind,
        "value": _text(one.value),
    }
    request = next((each.key for each in answers if each.moment == one.moment and _may_be_in(each, one)), one.request)
    return request, msgspec.Raw(msgspec.json.encode(row))


def _line(one: Lost, held: Mapping[str, Container[_Key]], request: str, row: Row) -> Reject:
    stands = UNSET if one.stands is None else _text(one.stands)
    return Reject(one.reason, request, row, DUPLICATE, one.stood_in(held), stands)


def counted(rejects: Iterable[Reject]) -> dict[str, dict[str, int]]:
    """How many lines there are by counter and reason, both in alphabetical order."""
    counts = Counter((one.counter, one.reason) for one in rejects)
    told: dict[str, dict[str, int]] = {name: {} for name in (DUPLICATE, FAILURES, REJECTED)}
    for counter, reason in sorted(counts):
        told[counter][reason] = counts[counter, reason]
    return told


def write_rejects(storage: Storage, span: Span, rejects: Sequence[Reject]) -> list[File]:
    """One line a reject; no file where there is none (an older one goes)."""
    path = f"rejects/{span.route}/{span.respondent}.jsonl"
    if not rejects:
        storage.delete(path)
        return []
    lines = b"".join(msgspec.json.encode(reject) + b"\n" for reject in rejects)
    return [put_file(storage, path, lines, rows=len(rejects))]


def _speaks_of(window: Window, kind: str) -> bool:
    return not window.kinds or kind in window.kinds


def _text(value: float) -> str | None:
    """A number as the API writes it; None for null."""
    return None if value != value else f"{value:.15g}"


def _raw(row: str) -> Row:
    """The row as it came, as JSON if it is any."""
    try:
        msgspec.json.decode(row)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return row
    return msgspec.Raw(row.encode())
