# SPDX-License-Identifier: Apache-2.0
"""What an earlier load left in an output that this one will not hold: said before, and after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from eia930.account.model import SpanAsked
from eia930.account.stored import last_account
from eia930.errors import UsageError
from eia930.question.pieces import Existing, Piece
from eia930.question.span import Span
from eia930.record.assembly import SeriesReport
from eia930.record.expected import EARLIER
from eia930.record.tidy import tidy_path
from eia930.reference.hours import hour_of, parse_hour, stamp
from eia930.sources.api.responses import ROOT as API
from eia930.sources.files.versions import ROOT as FILES
from eia930.store.manifest import read_manifest
from eia930.store.storage import Storage

_NAMED = 5
"""Series named of a respondent: one with many neighbours has more than a line holds."""
_ENDED = 31 * 24
"""Hours without a value at a load's end from which on a series is taken to have ended."""
_GONE = "raw/ has no answers of it: put it back from its backup first, or the rest is gone from here"
_ON = 2**31
"""An hour beyond all."""


def narrower(storage: Storage, spans: Sequence[Span]) -> Iterator[str]:
    """A line a respondent whose tidy hours or series, from the last load, are more than are asked for now."""
    for span, what, fewer, again in _narrowed(storage, spans):
        known = f"raw/ keeps all: {again}, and nothing is sent" if _remembered(storage, span) else _GONE
        yield f"tidy/ has {what}; this load asks for fewer {fewer} and leaves only those there ({known})"


def require_memory(storage: Storage, spans: Sequence[Span]) -> None:
    """UsageError where tidy hours or series would go that no stored answer can bring back, as none is there.

    Of answers that are there, assembling finds out what they say.
    """
    for span, what, _, _ in _narrowed(storage, spans):
        if not _remembered(storage, span):
            raise UsageError(
                f"tidy/ has {what}, which this load does not ask for, and raw/ has no answers of {span.id} that "
                "would bring it back",
                remedy="put raw/ back from its backup, ask for all of it, or say --drop_history to go on without",
            )


def expecting(storage: Storage, spans: Sequence[Span]) -> tuple[Span, ...]:
    """The spans, each with the hours in which the kinds that the last load had are to be expected again.

    From its first hour with a value to its last one; on from there, where it had some at the end of that load.
    UsageError where the account of that load is lost.
    """
    told = last_account(storage)
    if told is None:
        return tuple(spans)
    ends = {f"{one.route}/{one.respondent}": parse_hour(one.last) for one in told.spans}
    had: dict[str, list[Existing]] = {}
    for one in told.series:
        span = f"{one.route}/{one.respondent}"
        if (piece := _goes_on(one, ends.get(span))) is not None:
            had.setdefault(span, []).append(Existing(one.kind, (piece,)))
    return tuple(replace(span, earlier=tuple(had.get(span.id, ()))) for span in spans)


def _goes_on(one: SeriesReport, end: int | None) -> Piece | None:
    """The hours in which a series of the last load, which ended with `end`, is to be expected; None for none."""
    if one.first and one.last:
        last = parse_hour(one.last)
        return Piece(parse_hour(one.first), _ON if end is None or end - last < _ENDED else last)
    # Expected by an earlier one, and silent in the last: that is not forgotten.
    return Piece(0, _ON) if one.expected_by == EARLIER else None


def others(storage: Storage, spans: Sequence[Span]) -> int:
    """How many tidy files of earlier loads stay beside those of this one, which its report does not speak of."""
    mine = {tidy_path(span.route, span.respondent) for span in spans}
    return sum(file.path.startswith("tidy/") and file.path not in mine for file in read_manifest(storage))


def _narrowed(storage: Storage, spans: Sequence[Span]) -> Iterator[tuple[Span, str, str, str]]:
    """Whose files get narrower: what they have, what it is asked fewer of, and how to ask for it again."""
    asked = {span.id: span for span in spans}
    asked_before, had = _last(storage)
    last = [(asked.get(f"{one.route}/{one.respondent}"), one.first, one.last) for one in asked_before]
    for span, first, end in (*last, *_of_earlier(storage, spans, {span.id for span, *_ in last if span})):
        if span and _beyond(first, end, span):
            yield span, f"{span.id} from {first} to {end}", "hours", "ask for the longer range again"
    for span in spans:
        if left := [one.series_id for one in had if _left(one, span)]:
            more = f" and {len(left) - _NAMED:,} more" if len(left) > _NAMED else ""
            yield span, f"{', '.join(left[:_NAMED])}{more} of {span.id}", "types", "ask without --types again"


def _last(storage: Storage) -> tuple[tuple[SpanAsked, ...], tuple[SeriesReport, ...]]:
    """What the last load asked for and had; nothing where none has come to an end."""
    account = last_account(storage)
    return (account.spans, account.series) if account else ((), ())


def _of_earlier(storage: Storage, spans: Sequence[Span], told: set[str]) -> Iterator[tuple[Span, str, str]]:
    """First and last hour in the tidy files of loads before the last one, whose account does not speak of them."""
    files = {file.path for file in read_manifest(storage)}
    for span in spans:
        path = tidy_path(span.route, span.respondent)
        if path in files and span.id not in told:
            with suppress(KeyError, OSError, pa.ArrowException):
                held = pa.BufferReader(storage.get(path))
                period = pq.read_table(held, columns=["period"], use_threads=False)["period"]
                if len(period):
                    ends = pc.min_max(period).as_py()
                    yield span, stamp(hour_of(ends["min"])), stamp(hour_of(ends["max"]))


def _remembered(storage: Storage, span: Span) -> bool:
    """Whether there is any stored answer of which what leaves tidy/ might be had again."""
    return any(True for root in (f"{API}/{span.id}", FILES) for _ in storage.list(root))


def _beyond(first: str, last: str, span: Span) -> bool:
    """Whether some of these hours are not asked for now."""
    return parse_hour(first) < span.first or parse_hour(last) > span.last


def _left(one: SeriesReport, span: Span) -> bool:
    """Whether this series of the same respondent has values, and is not asked for now."""
    same = f"{one.route}/{one.respondent}" == span.id
    return same and bool(one.present and span.kinds) and one.kind not in span.kinds
