# SPDX-License-Identifier: Apache-2.0
"""Whether an answer is written as we expect it: a few odd rows are asked for once more, mostly odd ones are no answer.

A server whose format has changed says so by every row. What is expected and what was found stand in one line.
And whether its clock goes forwards: of two words on an hour the one stands that says it is the later.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

import msgspec
import numpy as np

from eia930.errors import Drifted, Marred
from eia930.question.window import Window
from eia930.reference.hours import moment_of
from eia930.reference.routes import FORECAST
from eia930.sources.api.responses import Answer
from eia930.sources.api.together.joint import Joint, parts_of
from eia930.sources.columns import Columns, Refusal

CHANGED = "the server's format has changed"
_VERSION = re.compile(rb'"apiVersion":"([^"]{1,20})"')
_LONGEST = 300
_APART = timedelta(minutes=1)
"""The clocks of a server's machines may differ by so much."""


class Scrutiny:
    """Looks at every answer before it is stored. Thread-safe: a set takes one name at a time."""

    def __init__(self) -> None:
        self._once: set[str] = set()

    def check(self, answer: Answer) -> Answer:
        """The answer. Drifted where most of its rows cannot be read; Marred, once a request, where some cannot."""
        if isinstance(answer, Joint):
            return self._check_joint(answer)
        refused, received = answer.columns.refused, answer.columns.received
        if 2 * len(refused) > received:
            raise Drifted(_told(answer, refused, received))
        if refused and answer.window.id not in self._once:
            self._once.add(answer.window.id)
            raise Marred(
                f"{answer.window.id}: {len(refused):,} of {received:,} rows cannot be read: {refused[0].reason}"
            )
        return answer

    def _check_joint(self, answer: Joint) -> Joint:
        """Whoever has a row that cannot be read is asked for alone; Drifted where most of all rows are such."""
        odd = max(answer.unread, key=lambda one: len(one.columns.refused), default=None)
        refused = sum(len(one.columns.refused) for one in answer.unread)
        if odd and 2 * refused > answer.columns.received:
            raise Drifted(_told(odd, odd.columns.refused, odd.columns.received))
        return answer


class Clock:
    """Looks at when answers say that they were given; `newest` is that of the stored ones, by the span. Thread-safe."""

    def __init__(self, newest: Mapping[str, datetime]) -> None:
        self._newest = newest
        self._lock = Lock()
        self._older, self._furthest = 0, timedelta()
        self._early, self._ahead = 0, timedelta()

    def check(self, answer: Answer) -> Answer:
        """The answer, whatever it says."""
        for part in parts_of(answer):
            newest = self._newest.get(f"{part.window.route}/{part.window.respondent}")
            behind = timedelta() if newest is None else newest - part.retrieved_at
            ahead = _observed(part.columns) - part.retrieved_at
            with self._lock:
                self._early += ahead > _APART
                self._ahead = max(self._ahead, ahead)
                self._older += behind > _APART
                self._furthest = max(self._furthest, behind)
        return answer

    @property
    def warnings(self) -> tuple[str, ...]:
        """How many answers hold hours that had not ended, or count as older than what was stored before, in words."""
        return self._back() or self._slow()

    def _slow(self) -> tuple[str, ...]:
        if not self._early:
            return ()
        return (
            f"the server's clock is behind, by {self._ahead / timedelta(hours=1):,.1f} hours at least: so much later "
            f"ended hours that it tells in {_answers(self._early)}; when these were retrieved is not known, and they "
            "are asked for again",
        )

    def _back(self) -> tuple[str, ...]:
        if not self._older:
            return ()
        some, hours = _answers(self._older), self._furthest / timedelta(hours=1)
        return (
            f"the server's clock went back, by {hours:,.1f} hours: what it says in {some} "
            "counts as older than what is stored, which stands where the two differ; load again with --refresh once "
            "its clock is right",
        )


def _answers(number: int) -> str:
    return f"{number:,} answer{'s' if number > 1 else ''}"


def _observed(columns: Columns) -> datetime:
    """When the last hour ended of which there is a value that is no forecast; 1970 where there is none."""
    forecast = columns.kinds.index(FORECAST) if FORECAST in columns.kinds else -1
    hours = columns.hour[(columns.kind != forecast) & ~np.isnan(columns.value)]
    return moment_of(int(hours.max(initial=0)))


def _told(answer: Answer, refused: tuple[Refusal, ...], received: int) -> str:
    """Expected and found, one row as it came, and which version of the API says so."""
    reason = Counter(one.reason for one in refused).most_common(1)[0][0]
    one = next(one for one in refused if one.reason == reason)
    version = _VERSION.search(answer.body[-4096:])
    said = f" (API version {version[1].decode('ascii', 'replace')})" if version else ""
    return (
        f"{answer.window.id}: {CHANGED}{said}: {len(refused):,} of {received:,} rows cannot be read, {reason}; "
        f"{_difference(one.row, answer.window)}; a row: {one.row[:_LONGEST]}"
    )


def _difference(text: str, window: Window) -> str:
    """What a row should have, and what it has instead."""
    try:
        row = msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.DecodeError:
        return "expected an object, found none"
    route = window.source
    expected = {
        "period": "YYYY-MM-DDTHH",
        route.respondent: window.respondent,
        route.kind: "a code",
        "value": "a number, in quotes or not, or null",
        "value-units": route.unit,
    }
    if absent := [name for name in expected if name not in row]:
        names = {*expected, route.respondent_name, route.kind_name}
        new = [name for name in row if name not in names]
        return f"expected {', '.join(absent)}, found {', '.join(new) or 'no such member'}"
    odd = [name for name in ("value-units", route.respondent, "period") if not _like(row[name], expected[name])]
    name = odd[0] if odd else "value"
    return f"expected {name} {expected[name]}, found {msgspec.json.encode(row[name]).decode()[:40]}"


def _like(found: object, expected: str) -> bool:
    if expected == "YYYY-MM-DDTHH":
        return isinstance(found, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d", found, re.ASCII) is not None
    return found == expected
