# SPDX-License-Identifier: Apache-2.0
"""How many requests a question takes, and how full their pages come back, over all routes and all regions.

    python benchmarks/pages.py [--years 3] [--updates 24] [--only hourly,short,years]

Three kinds of question against the emulator, unhurried: an hourly update; a first load of a day, a week and a month;
a first load of years with short histories among the long ones. `alone` asks for one respondent a request.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast

import numpy as np

from eia930.emulator import Emulator, RowSource, synthetic
from eia930.emulator.series import Series
from eia930.question.plan import Question, plan
from eia930.question.span import Span
from eia930.reference.hours import parse_hour
from eia930.reference.routes import PAGE, REGION, ROUTES, SUBREGION, Route
from eia930.sources.api.source import ApiSource
from eia930.sources.fetched import Fetched
from eia930.sources.patience import Clocks
from eia930.store.lease import Owner
from eia930.store.run import Run
from eia930.store.storage import Storage

NOW = parse_hour("2024-03-01T00")
SINCE = parse_hour("2021-03-01T00")
DAY = 24


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question took: requests, and the rows that they brought."""

    requests: int = 0
    rows: int = 0
    least: int = 0
    """Requests that the rows of each route would fill, were all but its last page full."""

    def __add__(self, other: Asked) -> Asked:
        return Asked(self.requests + other.requests, self.rows + other.rows, self.least + other.least)

    @property
    def fill(self) -> float:
        """The share of its pages' rows that came."""
        return self.rows / (PAGE * self.requests) if self.requests else 0.0


def spans_of(first: int, last: int) -> tuple[Span, ...]:
    """All routes and all regions."""
    return plan(Question(("all",), ("all",), (), first, last))


def fetched(source: RowSource, storage: Storage, spans: Sequence[Span], *, now: int, together: bool) -> Asked:
    """A run at the hour `now`; one respondent a request unless `together`."""
    with Emulator(source, now=now) as server:
        clocks = Clocks(unix=lambda: 3600.0 * now)
        asking = ApiSource(server.url, "none:", requests_per_hour=None, clocks=clocks, together=together)
        done = asking.fetch(storage, spans, Run(Owner.here("benchmark"), datetime.now(UTC)))
        seen = list(server.requests)
    _require_whole(done)
    rows = {route: sum(one.rows for one in seen if f"/{route}/" in one.path) for route in ROUTES}
    return Asked(len(seen), sum(rows.values()), sum(-(-some // PAGE) for some in rows.values()))


def _require_whole(done: Fetched) -> None:
    if done.stopped or done.failures:
        raise SystemExit(done.stopped or str(done.failures[0]))


def hourly(source: RowSource, *, updates: int, together: bool) -> Iterator[tuple[str, Asked]]:
    """Ten days are loaded, one half of the regions an hour after the other; then an update an hour."""
    begins = NOW - (updates + 10 * DAY)
    with tempfile.TemporaryDirectory() as folder:
        storage, total = Storage.at(folder), Asked()
        for hour, half in ((NOW - updates - 1, 0), (NOW - updates, 1)):
            spans = spans_of(begins, hour)[half::2]
            fetched(source, storage, spans, now=hour, together=together)
        for hour in range(NOW - updates + 1, NOW + 1):
            total += fetched(source, storage, spans_of(begins, hour), now=hour, together=together)
    average = Asked(round(total.requests / updates), round(total.rows / updates), round(total.least / updates))
    yield f"hourly update, average of {updates}", average


def short(source: RowSource, *, together: bool) -> Iterator[tuple[str, Asked]]:
    """First loads of a day, a week and a month."""
    for name, hours in (("first load of a day", DAY), ("of a week", 7 * DAY), ("of a month", 30 * DAY)):
        with tempfile.TemporaryDirectory() as folder:
            spans = spans_of(NOW - hours, NOW - 1)
            yield name, fetched(source, Storage.at(folder), spans, now=NOW + 60 * DAY, together=together)


class Lives:
    """The hours of a source, of some respondents only those that they are given here: code → first and last."""

    def __init__(self, source: RowSource, lives: Mapping[str, tuple[int, int]]) -> None:
        self._source, self._lives, self.now = source, lives, source.now

    def series(self, route: Route, respondent: str) -> tuple[Series, ...]:
        """Each cut to the life of its respondent."""
        first, last = self._lives.get(respondent, (0, self.now))
        whole = self._source.series(route, respondent)
        return tuple(_cut(one, slice(*np.searchsorted(one.hours, (first, last + 1)))) for one in whole)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)


def _cut(one: Series, here: slice) -> Series:
    return replace(one, hours=one.hours[here], values=one.values[here], empty=one.empty[here])


def years(source: RowSource, *, length: int, together: bool) -> Iterator[tuple[str, Asked]]:
    """A first load of years in two routes, in which every third history ends early or begins late."""
    spans = [span for span in spans_of(NOW - length * 365 * DAY, NOW - 1) if _some(span)]
    codes = sorted({span.respondent for span in spans})
    some = [_shortened(span, codes.index(span.respondent)) for span in spans]
    lives = Lives(source, {span.respondent: (span.first, span.last) for span in some})
    with tempfile.TemporaryDirectory() as folder:
        name = f"first load of {length} years, {len(some)} histories"
        yield name, fetched(cast(RowSource, lives), Storage.at(folder), some, now=NOW + 60 * DAY, together=together)


def _some(span: Span) -> bool:
    return span.route == SUBREGION.id or (span.route == REGION.id and span.respondent < "D")


def _shortened(span: Span, number: int) -> Span:
    """Every third begins in the last sixth, or ends in the first."""
    part = span.hours // 6
    if number % 6 == 0:
        return replace(span, first=span.last - part + number)
    return replace(span, last=span.first + part - number) if number % 6 == 3 else span


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--years", type=int, default=3)
    parser.add_argument("--updates", type=int, default=24)
    parser.add_argument("--only", default="hourly,short,years")
    flags = parser.parse_args()
    source, only = synthetic(now=NOW + 60 * DAY, since=SINCE), flags.only.split(",")
    print("| question | way | requests | page fill | fewest possible |")
    print("|---|---|--:|--:|--:|")
    for together in (False, True):
        way = "together" if together else "alone"
        for name, asked in _measured(source, only, flags, together=together):
            print(f"| {name} | {way} | {asked.requests:,} | {asked.fill:.3f} | {asked.least:,} |", flush=True)


def _measured(
    source: RowSource, only: Sequence[str], flags: argparse.Namespace, *, together: bool
) -> Iterator[tuple[str, Asked]]:
    if "hourly" in only:
        yield from hourly(source, updates=flags.updates, together=together)
    if "short" in only:
        yield from short(source, together=together)
    if "years" in only:
        yield from years(source, length=flags.years, together=together)


if __name__ == "__main__":
    main()
