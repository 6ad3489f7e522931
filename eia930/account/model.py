# SPDX-License-Identifier: Apache-2.0
"""The account of a load, as one typed value: what `report.json` says, member by member and in this order.

Members that a version of ours did not write yet have a value for their absence; what a newer one adds is passed over.
"""

from __future__ import annotations

import msgspec

from eia930.record.asked_hours import PassedOver
from eia930.record.assembly import SeriesReport
from eia930.record.several.comparison import Compared
from eia930.record.versions.revisions import Revised


class Rows(msgspec.Struct, frozen=True):
    """Rows of answers: received = kept + duplicate + rejected."""

    received: int
    kept: int
    duplicate: int
    rejected: int


class Hours(msgspec.Struct, frozen=True):
    """Hours of all series: asked = present + null + missing."""

    asked: int
    present: int
    null: int
    missing: int


class Requests(msgspec.Struct, frozen=True):
    """Requests of a run; `damaged` counts stored answers whose checksum failed."""

    planned: int
    reused: int
    sent: int
    retried: int
    failed: int
    damaged: int
    lists: int = 0
    """Requests for the server's lists of codes; in none of the other figures."""


class Rate(msgspec.Struct, frozen=True):
    """Speed from the first start to the last answer; None where too little was asked to have one."""

    records_per_second: float | None
    requests_per_second: float | None
    page_fill: float | None
    success_rate: float | None
    seconds: float
    limit_per_hour: int | None = None
    """Requests that might start in an hour; None: unhurried."""
    faults: dict[str, int] = {}
    per_minute: dict[str, int] = {}
    """Requests started, by minute of the run."""


class Failed(msgspec.Struct, frozen=True):
    """A request that could not be had."""

    request: str
    reason: str
    remedy: str


class SpanAsked(msgspec.Struct, frozen=True):
    """Hours `first`..`last` (inclusive) that a respondent was asked for; `kinds` is empty for all of the route."""

    route: str
    respondent: str
    kinds: tuple[str, ...]
    first: str
    last: str


class NotAsked(msgspec.Struct, frozen=True):
    """Hours `first`..`last` (inclusive) of the question that were not asked for, and why."""

    route: str
    respondent: str
    first: str
    last: str
    reason: str


class WorstHour(msgspec.Struct, frozen=True):
    """A series that a check found wrong: its worst hour, with what was expected and found there, and how many hours."""

    series_id: str
    hour: str
    expected: float | None
    found: float | None
    hours: int


class CheckResult(msgspec.Struct, frozen=True):
    """What a cross-check found; `columns` names what `expected` and `found` are in it."""

    name: str
    what: str
    tolerance: str
    hours_checked: int
    hours_broken: int
    worst: tuple[WorstHour, ...]
    columns: tuple[str, str] = ("Expected", "Found")
    left_out: int = 0


class Short(msgspec.Struct, frozen=True):
    """A series with a smaller share of its hours present than asked for.

    A respondent that is silent in a route, and of which no series is known, stands here as `route/respondent`.
    """

    series_id: str
    share: float


class Silent(msgspec.Struct, frozen=True):
    """A respondent of which no row of a route was kept, though somebody expects some; `rejected` rows came."""

    route: str
    respondent: str
    expected_by: str
    """asked, tables, or the server's own lists."""
    rejected: int = 0


class Completeness(msgspec.Struct, frozen=True):
    """The share of its hours that each series was to have, and those that have less."""

    minimum: float = 0.0
    short: tuple[Short, ...] = ()


class Newest(msgspec.Struct, frozen=True):
    """The newest hour of a route that has a value, and how many hours before the run it ended; None where none has."""

    route: str
    hour: str | None
    age_hours: int | None


class RouteCompared(msgspec.Struct, frozen=True):
    """The hours of a route that two sources speak of, added up; `largest` difference in MW, in `largest_in`."""

    route: str
    here: str
    there: str
    series: int
    compared: int
    equal: int
    differing: int
    largest: float
    largest_in: str
    only_here: int
    only_there: int


class Differing(msgspec.Struct, frozen=True):
    """A month of a series in which more than 0.1 % of the hours that two sources have differ; `largest` in MW."""

    series_id: str
    month: str
    compared: int
    differing: int
    largest: float


class Comparison(msgspec.Struct, frozen=True):
    """What two sources say of the same hours; empty where one alone was read."""

    routes: tuple[RouteCompared, ...] = ()
    findings: tuple[Differing, ...] = ()
    """The largest share first."""
    series: tuple[Compared, ...] = ()


class Program(msgspec.Struct, frozen=True):
    """What wrote a file: the version of this program, and the fingerprint of its code."""

    version: str
    code: str


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """All that a run says of itself. Hours as text are `2024-01-31T23`: hour ending, UTC."""

    rows: Rows
    rejects: dict[str, dict[str, int]] = {}
    """Lines of rejects/, by the count that they belong to and by reason."""
    hours: Hours
    requests: Requests
    rate: Rate
    failures: tuple[Failed, ...]
    stopped: str
    """Why the rest was not asked; empty where nothing was left."""
    stopped_by: str = ""
    """The kind of error (`KeyRefused`, …)."""
    spans: tuple[SpanAsked, ...]
    series: tuple[SeriesReport, ...]
    passed_over: tuple[PassedOver, ...] = ()
    not_asked: tuple[NotAsked, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    imbalances: tuple[str, ...]
    completeness: Completeness = Completeness()
    exit: int
    silent: tuple[Silent, ...] = ()
    program: Program | None = None
    run: str = ""
    """Names the run that wrote it."""
    newest: tuple[Newest, ...] = ()
    """A line a route; day-ahead forecasts do not count."""
    max_age_hours: int | None = None
    """How old the newest hour of a route may be; None: any age will do."""
    too_old: tuple[Newest, ...] = ()
    """The routes whose newest hour is older than that, or that have none."""
    revised: tuple[Revised, ...] = ()
    """What of the record was ever replaced: a line each respondent and route of whom something was."""
    warnings: tuple[str, ...] = ()
    """What is odd about the files that a source serves: rows that lack, codes and columns that nobody knows."""
    comparison: Comparison = Comparison()
    """Where two sources speak of the same hours."""
