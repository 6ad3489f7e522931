# SPDX-License-Identifier: Apache-2.0
"""The account of a count, as one typed value: what report/coverage.json says, member by member and in this order."""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType

from eia930.account.model import Failed, Requests
from eia930.coverage.table import Total


class CountedHours(Struct, frozen=True):
    """Hours of all series with a row: hours = present + null + absent."""

    hours: int
    present: int
    null: int
    absent: int


class CountedSeries(Total, frozen=True):
    """A series with its hours, and the first and last of those that have a row."""

    first: str
    last: str


class InOrder(Struct, frozen=True):
    """A respondent of a route, as far as it is there; `pages`: requests that its rows fill."""

    route: str
    respondent: str
    series: int
    first: str
    last: str
    share: float
    rows: int
    pages: int


class WithoutTypes(Struct, frozen=True):
    """Types that were asked for by name, or that the tables expect, and that have no row."""

    route: str
    respondent: str
    types: tuple[str, ...]


class CoverageAccount(Struct, frozen=True, kw_only=True):
    """report/coverage.json. The counts are not there where nothing could be counted."""

    source: str
    synthetic: bool
    requests_per_hour: int | None
    counted: int
    requests: Requests | None
    failures: tuple[Failed, ...]
    stopped: str
    stopped_by: str
    exit: int
    first: str | UnsetType = UNSET
    last: str | UnsetType = UNSET
    hours: CountedHours | UnsetType = UNSET
    series: tuple[CountedSeries, ...] = ()
    order: tuple[InOrder, ...] = ()
    """In which order to load: the most complete first, so that the sooner a load is stopped, the more is whole."""
    without: tuple[str, ...] = ()
    without_types: tuple[WithoutTypes, ...] = ()
