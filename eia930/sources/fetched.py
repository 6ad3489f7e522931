# SPDX-License-Identifier: Apache-2.0
"""What came of asking, whatever the source: what was sent and answered, what could not be had, why it ended."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Failure:
    """A request that could not be had: its id, its hours (inclusive), why, and what to do."""

    request: str
    route: str
    respondent: str
    first: int
    last: int
    reason: str
    remedy: str


@dataclass(slots=True)
class Tally:
    """What a dispatcher did so far. `rows` counts rows received, `hours` those of the question that are settled.

    `stored` counts stored answers: one that several share makes one of each.
    Times are Unix seconds.
    """

    sent: int = 0
    answered: int = 0
    stored: int = 0
    retried: int = 0
    failed: int = 0
    rows: int = 0
    hours: int = 0
    started: float = field(default_factory=time.time)
    first_start: float | None = None
    last_start: float | None = None
    last_answer: float | None = None
    faults: dict[str, int] = field(default_factory=dict)
    per_minute: dict[str, int] = field(default_factory=dict)
    """Requests started, by minute of the run: for the picture of rate against limit."""
    trouble: str = ""
    """What is in the way just now; empty once an answer has come."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a fetch did. `reused`: stored answers that settled hours of the question beforehand."""

    tally: Tally
    reused: int
    damaged: int
    failures: tuple[Failure, ...]
    stopped: str
    """Why the rest was not asked; empty where nothing was left."""
    stopped_by: str
    """The kind of error (`KeyRefused`, …)."""
    limit_per_hour: int | None = None
    """Requests that might start in an hour; None: unhurried."""
    lists: int = 0
    """Requests for the server's lists of codes, which were sent before and are in no other figure."""
    warnings: tuple[str, ...] = ()
    """What is odd about what is stored, in words: rows that lack, codes and columns that nobody knows."""
    paged: bool = False
    """Whether an answer is a page of at most PAGE rows: then its fill says something."""
    unread: tuple[str, ...] = ()
    """Names of what is stored as it was served, and is to be read once before spans are assembled of it."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What a worker saw stored for a span before anybody was asked; the source that it looked for knows what else.

    All that the dispatcher of this `epoch` stored was seen, and of those before it; None: who knows.
    """

    span: str
    epoch: int | None


@dataclass(frozen=True, slots=True)
class Readied:
    """What came of reading one of `Fetched.unread`: hours that could not be had after all, and what is odd."""

    name: str
    failures: tuple[Failure, ...] = ()
    warnings: tuple[str, ...] = ()


def after_reading(fetched: Fetched, readied: Iterable[Readied]) -> Fetched:
    """The account of a fetch with what reading brought to light; in whatever order that was read, the same."""
    some = sorted(readied, key=lambda one: one.name)
    return replace(
        fetched,
        failures=(*fetched.failures, *(failure for one in some for failure in one.failures)),
        warnings=(*fetched.warnings, *(text for one in some for text in one.warnings)),
    )


def by_span(failures: Iterable[Failure]) -> dict[str, list[Failure]]:
    """Failures by the id of the span that they belong to."""
    grouped: dict[str, list[Failure]] = {}
    for failure in failures:
        grouped.setdefault(f"{failure.route}/{failure.respondent}", []).append(failure)
    return grouped
