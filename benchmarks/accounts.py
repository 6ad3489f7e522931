# SPDX-License-Identifier: Apache-2.0
"""What the account of a load costs the one worker that gathers it, by the number of respondents and routes.

python benchmarks/accounts.py [--groups=26000]

Made accounts, as large as those of a load of the whole record, pickled as they cross the shuffle. Prints what they are
there, and of each step seconds and the most memory of the process by then.
"""

from __future__ import annotations

import argparse
import pickle
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import cycle, islice
from typing import TypeVar

from memory import peak_kib

from eia930.account.series_table import catalogue
from eia930.account.stored import encoded
from eia930.account.sums import account
from eia930.question.span import Span
from eia930.record.assembly import GroupReport, SeriesReport
from eia930.record.rejects import rejects_path
from eia930.record.tidy import tidy_path
from eia930.reference.hours import parse_hour, stamp
from eia930.reference.respondents import respondents
from eia930.reference.routes import ROUTES
from eia930.reference.series import SeriesKey
from eia930.sources.fetched import Fetched, Tally
from eia930.store.lease import Owner
from eia930.store.manifest import File
from eia930.store.run import Run

FIRST, LAST = parse_hour("2019-01-01T00"), parse_hour("2026-11-25T00")
T = TypeVar("T")


def made(number: int, span: Span) -> GroupReport:
    """The account of a respondent that nobody has heard of, with the series of one that there is."""
    route, name = ROUTES[span.route], f"{span.respondent}{number}"
    kinds, hours = route.expected(span.respondent, (span.first, span.last)), span.hours
    series = [
        SeriesReport(
            SeriesKey(route, name, kind).id, route.id, name, kind, hours, hours - 40, 10, 30, 7,
            {"global_dem": 3, "anomalous_region": 4}, stamp(FIRST), stamp(LAST), 12, stamp(FIRST + number), 1234.5,
            0.04, "tables", estimated=41, estimates={"line": 3, "ridge": 38},
        )
        for kind in kinds
    ]  # fmt: skip
    paths = (tidy_path(route.id, name), rejects_path(route.id, name))
    files = [File(path, 70_000, 1_000_000, uuid.uuid4().hex * 2) for path in paths]
    kept = (hours - 30) * len(series)
    return GroupReport(route.id, name, (), stamp(FIRST), stamp(LAST), kept, kept, 0, 0, series, files)


def timed(what: str, work: Callable[[], T]) -> T:
    """The work's result; its seconds are printed."""
    began = time.perf_counter()
    done = work()
    print(f"{what}: {time.perf_counter() - began:.1f} s, {peak_kib() / 1024:.0f} MB at most by then", flush=True)
    return done


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--groups", type=int, default=26_000)
    flags = parser.parse_args()
    spans = cycle(Span(route, name, FIRST, LAST) for route in ROUTES for name in respondents())
    some = (one for one in spans if ROUTES[one.route].expected(one.respondent, (one.first, one.last)))
    crossing = [pickle.dumps(made(number, span)) for number, span in enumerate(islice(some, flags.groups))]
    print(f"{flags.groups:,} groups, {sum(map(len, crossing)) / 1e6:.1f} MB as they cross; {peak_kib() / 1024:.0f} MB")
    groups = timed("gathered", lambda: [pickle.loads(one) for one in crossing])
    run = Run(Owner.here("benchmark"), datetime.now(UTC))
    told = timed("added up", lambda: account(groups, Fetched(Tally(), 0, 0, (), "", ""), run))
    data = timed("report.json", lambda: encoded(told))
    table = timed("series.parquet", lambda: catalogue(one for group in groups for one in group.series))
    print(f"{table.num_rows:,} series, {len(data) / 1e6:.1f} MB of report.json")


if __name__ == "__main__":
    main()
