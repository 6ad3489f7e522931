# SPDX-License-Identifier: Apache-2.0
"""Lines of `rejects/`: what is not kept, as EIA sent it, why, and which stored response or request it was in.

    refused row ─────────────────────────────► rejected
    row that another one stands for ─► Lost ─► duplicate   (its response is read once more for the row itself,
                                                            where no line of the file that stands has it)
    request that could not be had ───────────► failures

Each line names the count of `report.json` that it belongs to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import msgspec
from msgspec import UNSET, UnsetType

from eia930.question.span import Span
from eia930.reference.hours import stamp
from eia930.reference.routes import ROUTES
from eia930.sources.columns import Columns, Refusal, Row
from eia930.sources.fetched import Failure
from eia930.store.manifest import File, put_file
from eia930.store.storage import Storage

REPEATED = "another row of the same answer differs"
REVISED = "a later answer says another value"
WITHDRAWN = "a later answer has no row for this hour"
REJECTED, DUPLICATE, FAILURES = "rejected", "duplicate", "failures"
Verbatim = Callable[[Sequence[str]], Iterator[tuple[str, Columns, list[Row]]]]
"""Names of stored answers → of each that can be read, its rows that are kept, as columns and as they were served."""
Told = Callable[[Sequence["Lost"]], Sequence[Row] | None]
"""Rows of one answer that do not stand → each as it was served; None where that is to be read."""
Key = tuple[int, str, float | None]


class Reject(msgspec.Struct, frozen=True):
    """A line of `rejects/`. `winner`: the response whose word stands instead; `stands`: the value that it has."""

    reason: str
    request: str
    row: Row
    counter: str
    winner: str | UnsetType = UNSET
    stands: str | UnsetType | None = UNSET


@dataclass(frozen=True, slots=True)
class Lost:
    """A row that was received in `request` and does not stand, for `winner` says otherwise: each a stored answer.

    `value` in MW, NaN for null; so is `stands`, the value of the row that stands instead, if one does.
    """

    reason: str
    kind: str
    hour: int
    value: float
    request: str
    winner: str
    stands: float | None = None

    @property
    def key(self) -> Key:
        """What to find the row by in its answer."""
        return self.hour, self.kind, None if self.value != self.value else self.value


def refused(rows: Iterable[Refusal], request: str) -> Iterator[Reject]:
    """Lines of rows that are not as they should be."""
    for one in rows:
        yield Reject(one.reason, request, _raw(one.row), REJECTED)


def kind_in(row: str, name: str) -> str:
    """Which kind a refused row names; empty where that cannot be read."""
    try:
        kind = msgspec.json.decode(row, type=dict[str, object]).get(name)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return ""
    return kind if isinstance(kind, str) else ""


def failed(failures: Iterable[Failure]) -> Iterator[Reject]:
    """Lines of requests that could not be had."""
    for failure in failures:
        yield Reject(failure.reason, failure.request, "", FAILURES)


def lost(verbatim: Verbatim, span: Span, rows: Sequence[Lost], *, told: Told) -> list[Reject]:
    """Lines of rows that do not stand, in their order. Of the answers that held one, those are read again, each once,
    of which not all rows were told before."""
    by_request: dict[str, list[int]] = {}
    for at, one in enumerate(rows):
        by_request.setdefault(one.request, []).append(at)
    found: dict[int, Row] = {}
    for places in by_request.values():
        if (known := told([rows[at] for at in places])) is not None:
            found.update(zip(places, known, strict=True))
    unread = [request for request, places in by_request.items() if places[0] not in found]
    for request, columns, raw in verbatim(unread) if unread else ():
        served = _served(columns, raw)
        for at in by_request[request]:
            if same := served.get(rows[at].key):
                found[at] = _own(same.pop())
    # Of an answer that was removed or damaged meanwhile, a row is told by its columns.
    return [_line(one, found[at] if at in found else _remade(span, one.key)) for at, one in enumerate(rows)]


def is_remade(row: Row, span: Span, key: Key) -> bool:
    """Whether a line has a row that could not be read again when it was written."""
    return row == _remade(span, key)


def _served(columns: Columns, raw: list[Row]) -> dict[Key, list[Row]]:
    """The rows of an answer as they were served; the last of equal ones is to be taken first."""
    served: dict[Key, list[Row]] = {}
    values = zip(columns.hour.tolist(), columns.kind.tolist(), columns.value.tolist(), raw, strict=True)
    for hour, kind, value, row in values:
        served.setdefault((hour, columns.kinds[kind], None if value != value else value), []).append(row)
    return served


def _own(row: Row) -> Row:
    """A copy, in one line: the row by itself would keep its whole answer in memory."""
    return _in_one_line(bytes(row)) if isinstance(row, msgspec.Raw) else row


def _in_one_line(row: bytes) -> msgspec.Raw:
    """Servers may lay JSON out in lines; a line of rejects/ is one."""
    return msgspec.Raw(msgspec.json.format(row, indent=0) if b"\n" in row or b"\r" in row else row)


def _remade(span: Span, key: Key) -> Row:
    """A row whose answer cannot be read again, in EIA's own columns."""
    route, (hour, kind, value) = ROUTES[span.route], key
    row = {
        "period": stamp(hour),
        route.respondent: span.respondent,
        route.kind: kind,
        "value": None if value is None else _text(value),
    }
    return msgspec.Raw(msgspec.json.encode(row))


def _line(one: Lost, row: Row) -> Reject:
    stands = UNSET if one.stands is None else _text(one.stands)
    return Reject(one.reason, one.request, row, DUPLICATE, one.winner, stands)


def counted(rejects: Iterable[Reject]) -> dict[str, dict[str, int]]:
    """How many lines there are by counter and reason, both in alphabetical order."""
    counts = Counter((one.counter, one.reason) for one in rejects)
    told: dict[str, dict[str, int]] = {name: {} for name in (DUPLICATE, FAILURES, REJECTED)}
    for counter, reason in sorted(counts):
        told[counter][reason] = counts[counter, reason]
    return told


def rejects_path(route: str, respondent: str) -> str:
    """`rejects/region-data/PACW.jsonl`."""
    return f"rejects/{route}/{respondent}.jsonl"


def write_rejects(storage: Storage, span: Span, rejects: Sequence[Reject]) -> list[File]:
    """One line a reject; no file where there is none."""
    if not rejects:
        return []
    path = rejects_path(span.route, span.respondent)
    lines = b"".join(msgspec.json.encode(reject) + b"\n" for reject in rejects)
    return [put_file(storage, path, lines, rows=len(rejects))]


def _text(value: float) -> str | None:
    """A number as the API writes it; None for null."""
    return None if value != value else f"{value:.15g}"


def _raw(row: str) -> Row:
    """The row as it came, as JSON if it is any."""
    try:
        msgspec.json.decode(row)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return row
    return _in_one_line(row.encode())
