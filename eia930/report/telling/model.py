# SPDX-License-Identifier: Apache-2.0
"""What the page adds to the account of a load, as one typed value: the member `quality` of report/report.json."""

from __future__ import annotations

import msgspec

from eia930.account.model import Account, WorstHour
from eia930.record.versions.revisions import Revised
from eia930.report.reading.coverage import CoverageMaps


class Asked(msgspec.Struct, frozen=True):
    """First and last hour of the question."""

    first: str
    last: str


class Provisional(msgspec.Struct, frozen=True, rename={"since": "from"}):
    """The newest hours, from which on flags may still change, and how many of their hours carry one."""

    since: str
    hours: int
    flagged: int


class TypeLine(msgspec.Struct, frozen=True):
    """The hours of one type or route, added up."""

    name: str
    series: int
    hours: int
    present: int
    null: int
    missing: int
    flagged: int
    present_share: float | None
    balances: bool


class FlagLine(msgspec.Struct, frozen=True):
    """How many hours carry a flag, in how many series."""

    flag: str
    what: str
    hours: int
    share: float | None
    series: int


class EventTold(msgspec.Struct, frozen=True):
    """Flagged hours in a row: `hour` is where `value` (MW) is furthest from what is `usual` there."""

    series_id: str
    flag: str
    first: str
    hours: int
    hour: str
    value: float
    usual: float
    weight: float


class CheckedHour(WorstHour, frozen=True, kw_only=True):
    """A worst hour, with the check that found it."""

    check: str


class Checks(msgspec.Struct, frozen=True):
    """How many checks had hours to compare, how many found some that differ, and the worst of each in turn."""

    ran: int
    broken: int
    worst: tuple[CheckedHour, ...]


class GapTold(msgspec.Struct, frozen=True):
    """A gap between a series' first and last hour."""

    series_id: str
    first: str
    last: str
    hours: int


class MethodLine(msgspec.Struct, frozen=True):
    """How many hours one method gave an estimate of, in how many series."""

    method: str
    what: str
    hours: int
    series: int


class EstimatedSeries(msgspec.Struct, frozen=True):
    """A series with estimates: how many of its hours, and as a share of those from its first to its last."""

    series_id: str
    hours: int
    share: float | None


class Estimated(msgspec.Struct, frozen=True):
    """Estimates of demand: how many hours, by which method, of whom, most first; and the longest stretches of them."""

    hours: int
    series: int
    by: tuple[MethodLine, ...]
    most: tuple[EstimatedSeries, ...]
    stretches: tuple[GapTold, ...]


class LineTold(msgspec.Struct, frozen=True):
    """A region whose history is drawn; `hours_a_point`: how many hours one point of it stands for."""

    series_id: str
    respondent: str
    present: int
    flagged: int
    estimated: int
    longest_gap: int
    longest_gap_from: str | None
    first: str | None
    last: str | None
    name: str
    what: str
    present_share: float | None
    hours_a_point: int


class RejectsFile(msgspec.Struct, frozen=True):
    """A file of rejects/, and its lines."""

    path: str
    rows: int


class RevisedTold(msgspec.Struct, frozen=True):
    """How much of the record was ever revised: hours of series, and of those how many first within a time of their end.

    `changed_share` is the sum of all changes as a share of the values before; `most`: whose, most first.
    """

    replaced: int
    withdrawn: int
    hours: int
    share: float | None
    day: int
    week: int
    month: int
    changed_share: float | None
    most: tuple[Revised, ...]


class Provenance(msgspec.Struct, frozen=True):
    """Whence the rows are, and what read them."""

    source: str | None
    retrieved_first: str | None
    retrieved_last: str | None
    tidy_files: int
    tidy_sha256: str | None
    python: str
    numpy: str
    pyarrow: str


class Step(msgspec.Struct, frozen=True):
    """What to do next; `command` may be empty."""

    what: str
    command: str


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """All that the page tells in figures."""

    synthetic: bool
    asked: Asked
    regions: int
    series: int
    present_share: float | None
    lifetime_share: float | None
    flagged: int
    flagged_share: float | None
    contradicted: int
    doubted: int
    doubted_share: float | None
    provisional: Provisional
    types: tuple[TypeLine, ...]
    kinds: tuple[FlagLine, ...]
    furthest: EventTold | None
    worst: tuple[EventTold, ...]
    checks: Checks
    coverage: CoverageMaps
    gaps: tuple[GapTold, ...]
    estimated: Estimated
    lines: tuple[LineTold, ...]
    passed_over: int
    without: tuple[str, ...]
    rejects: tuple[RejectsFile, ...]
    revised: RevisedTold
    provenance: Provenance


class Quality(Figures, frozen=True, kw_only=True):
    """The figures, and what is said of them."""

    verdict: tuple[str, ...]
    next: tuple[Step, ...]


class Shown(Account, frozen=True, kw_only=True):
    """report/report.json: the account, and every figure that the page has besides."""

    quality: Quality
