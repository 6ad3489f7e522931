# SPDX-License-Identifier: Apache-2.0
"""An answer of several respondents, taken apart: of each one an answer of its own, as if it alone had been asked.

Rows come sorted by respondent, then period. So a full page has all hours of those before its last row's respondent,
and of that one the hours before the last row's. The next page begins a row earlier than what is known: where that row
is one of those known, nothing can lie between, whatever was added or removed meanwhile. In a descending
request the last respondent and hour come first, and what is said here of before holds of after.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import msgspec
import numpy as np

from eia930.errors import Garbled, Refused, Unordered
from eia930.question.several import Several
from eia930.question.window import Window
from eia930.reference.hours import parse_hour, stamp
from eia930.reference.routes import PAGE, Route
from eia930.sources.api.responses import Answer, Body, part_of, read_answer, read_body
from eia930.sources.columns import Columns

Place = tuple[str, str]
"""Whose row, and its period: what the rows are sorted by."""


@dataclass(frozen=True, slots=True)
class Joint(Answer):
    """What came for a `Several`: `parts` settle hours. Those `left` were not reached, in order; those `apart` are to be
    asked alone, for a row of theirs cannot be read, or what came does not join what is known of them.

    Of the first one left the hours before `since` are settled; `skip` rows may be passed over.
    Of those `doubted` no row came, and it is not settled that they have none.
    """

    parts: tuple[Answer, ...] = ()
    unread: tuple[Answer, ...] = ()
    """Of those with rows that cannot be read; they settle nothing."""
    left: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    since: int | None = None
    skip: int = 0
    doubted: tuple[str, ...] = ()

    @property
    def stored(self) -> int:
        """How many stored responses it makes."""
        return len(self.parts)

    @property
    def goes_on(self) -> bool:
        """Whether it begins among rows that are known: then the first respondent was heard."""
        return isinstance(self.window, Several) and self.window.since is not None


def parts_of(answer: Answer) -> tuple[Answer, ...]:
    """What of an answer is stored: of several, that of each."""
    return answer.parts if isinstance(answer, Joint) else (answer,)


@dataclass(frozen=True, slots=True)
class _Edge:
    """Where a full page ends: it has all of the last row's respondent that comes before `hour`."""

    respondent: str
    hour: int
    rows: int
    """Its rows before that hour, from the first hour asked on."""
    known: bool = False
    """Whether some of its hours were known before."""


def read_joint(body: bytes, asked: Several, retrieved_at: datetime) -> Joint:
    """A body of status 200 → an answer that agrees with itself.

    Garbled or Unordered where it does not; Refused where a row is nobody's, or one hour overflows a page.
    """
    whole = read_body(body, asked)
    try:
        rows = msgspec.json.decode(whole.data, type=list[msgspec.Raw])
    except msgspec.DecodeError as error:
        raise Garbled(f"{asked.id}: the answer's data are no list of rows ({error})") from None
    due = max(0, whole.total - asked.skip)
    if len(rows) != min(due, PAGE):
        raise Garbled(f"{asked.id}: total says {whole.total} rows, {asked.skip} were passed over, {len(rows)} came")
    places = _places(whole.data, asked)
    if due > len(rows) or asked.skip:
        _check_order(places, asked)
    if asked.skip and not _joins(places, asked):
        return _joint(asked, whole, len(rows), retrieved_at, left=asked.others, apart=(asked.respondent,))
    edge = _edge(places, asked) if due > len(rows) else None
    if edge and asked.until is not None and edge.respondent == asked.respondents[-1] and _passed(edge.hour, asked):
        edge = None
    return _taken_apart(asked, whole, _sorted_out(rows, places, asked, edge), retrieved_at, edge=edge)


def _taken_apart(
    asked: Several, whole: Body, rows: dict[str, list[msgspec.Raw]], at: datetime, *, edge: _Edge | None
) -> Joint:
    codes, received = asked.respondents, min(PAGE, whole.total - asked.skip)
    reached = codes.index(edge.respondent) if edge else len(codes)
    hours = {code: asked.wanted(code) for code in codes[:reached]}
    begun = edge is not None and (bool(rows[edge.respondent]) or edge.known)
    if edge and begun:
        hours[edge.respondent] = _before(edge, asked)
    every = [_part(asked, whole, code, rows[code], at, hours=found) for code, found in hours.items()]
    apart = tuple(one.window.respondent for one in every if one.columns.refused)
    parts = tuple(one for one in every if not one.columns.refused)
    unread = tuple(one for one in every if one.columns.refused)
    left = tuple(code for code in codes[reached:] if code not in apart)
    if edge is None or not begun or edge.respondent in apart:
        return _joint(asked, whole, received, at, parts=parts, unread=unread, left=left, apart=apart)
    known = (edge.hour, max(0, edge.rows - 1))
    return _joint(asked, whole, received, at, parts=parts, unread=unread, left=left, apart=apart, known=known)


def _joint(
    asked: Several,
    whole: Body,
    received: int,
    at: datetime,
    *,
    left: tuple[str, ...],
    apart: tuple[str, ...],
    parts: tuple[Answer, ...] = (),
    unread: tuple[Answer, ...] = (),
    known: tuple[int | None, int] = (None, 0),
) -> Joint:
    nothing = np.zeros(0, np.int64)
    columns = Columns(received, nothing, nothing.astype(np.int32), (), nothing.astype(np.float64))
    first, last = asked.first, asked.last
    return Joint(asked, first, last, whole.total, columns, b"", at, asked.id, parts, unread, left, apart, *known)


def _passed(hour: int, asked: Several) -> bool:
    """Whether an hour of the last one is among those that are known."""
    first, last = asked.wanted(asked.respondents[-1])
    return hour < first if asked.descending else hour > last


def _before(edge: _Edge, asked: Several) -> tuple[int, int]:
    """The hours of the last row's respondent that a full page has whole."""
    first, last = asked.wanted(edge.respondent)
    return (max(first, edge.hour + 1), last) if asked.descending else (first, min(last, edge.hour - 1))


def _part(
    asked: Several, whole: Body, code: str, rows: Sequence[msgspec.Raw], at: datetime, *, hours: tuple[int, int]
) -> Answer:
    window = Window(asked.route, code, *hours, asked.kinds, asked.descending)
    return read_answer(part_of(whole, rows), window, at, together=asked.id)


def _places(data: bytes, asked: Several) -> list[Place]:
    """Refused where a row does not say whose it is, or is of nobody who was asked for."""
    try:
        rows = _decoder(asked.source).decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(f"{asked.id}: a row does not say whose it is ({error})") from None
    places = [(row.respondent, row.period) for row in rows]
    if strange := {code for code, _ in places} - set(asked.respondents):
        raise Refused(f"{asked.id}: rows of {min(strange)[:20]!r}, who was not asked for")
    return places


@cache
def _decoder(route: Route) -> msgspec.json.Decoder[Any]:
    """Of what a row is sorted by; its other members are skipped unread."""
    names = {"respondent": route.respondent}
    row: Any = msgspec.defstruct("Keys", [("period", str), ("respondent", str)], rename=names, gc=False)
    return msgspec.json.Decoder(list[row])


def _check_order(places: Sequence[Place], asked: Several) -> None:
    precedes = _precedes(asked)
    if any(precedes(later, earlier) for earlier, later in itertools.pairwise(places)):
        raise Unordered(f"{asked.id}: a full page out of order, so its end says nothing")


def _joins(places: Sequence[Place], asked: Several) -> bool:
    """Whether the page begins among the rows that are known, so that none lies between."""
    return bool(places) and _is_known(asked)(places[0])


def _precedes(asked: Several) -> Callable[[Place, Place], bool]:
    """Tells whether a row comes before another, by the order in which they were asked for."""
    return operator.gt if asked.descending else operator.lt


def _is_known(asked: Several) -> Callable[[Place], bool]:
    """Tells whether a row is of the first one's hours that are known."""
    if asked.since is None:
        return lambda _: False
    begins, precedes = (asked.respondent, stamp(asked.since)), _precedes(asked)
    return lambda place: place[0] == begins[0] and precedes(place, begins)


def _edge(places: Sequence[Place], asked: Several) -> _Edge:
    code, period = places[-1]
    try:
        hour = parse_hour(period)
    except ValueError:
        raise Unordered(f"{asked.id}: a full page ends with a row of no hour, so its end says nothing") from None
    head = code == asked.respondent
    first, last = asked.wanted(code)
    if head and (hour >= last if asked.descending else hour <= first):
        raise Refused(f"{asked.id}: one hour holds more than a page of {PAGE} rows")
    precedes = _precedes(asked)
    before = sum(one == code and precedes((one, at), (code, period)) for one, at in places)
    known = head and asked.since is not None
    return _Edge(code, hour, before + (asked.skip if head else 0), known)


def _sorted_out(
    rows: Sequence[msgspec.Raw], places: Sequence[Place], asked: Several, edge: _Edge | None
) -> dict[str, list[msgspec.Raw]]:
    """The rows by respondent, without those that are known, and those of the hour in which a full page ends."""
    stop = (edge.respondent, stamp(edge.hour)) if edge else None
    until = None if asked.until is None else (asked.respondents[-1], stamp(asked.until))
    is_known, precedes = _is_known(asked), _precedes(asked)
    found: dict[str, list[msgspec.Raw]] = {code: [] for code in asked.respondents}
    for row, place in zip(rows, places, strict=True):
        known = is_known(place) or (until is not None and precedes(until, place))
        if not known and (stop is None or precedes(place, stop)):
            found[place[0]].append(row)
    return found
