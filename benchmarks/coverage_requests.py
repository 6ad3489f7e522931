# SPDX-License-Identifier: Apache-2.0
"""How many requests a count by asking takes, and how many pages a load: the table of docs/coverage.md.

python benchmarks/coverage_requests.py [--replay FILE.parquet] [--regions all]
"""

import argparse
import sys
import tempfile
import uuid
from datetime import UTC, datetime
from pathlib import Path

from given import ended, rows_in

from eia930.emulator import Emulator, replay, synthetic
from eia930.question.plan import Question, plan
from eia930.reference.hours import parse_hour
from eia930.reference.routes import PAGE, ROUTES
from eia930.sources.api.source import ApiSource
from eia930.store import lease
from eia930.store.run import Run
from eia930.store.storage import Storage

COLUMNS = ("period", "respondent", "type", "value")
FIVE = "PACW,ERCO,CAL,TEX,MISO"
PER_HOUR = 6300


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replay", type=Path, default=None, help="real rows of region-data (default: synthetic)")
    parser.add_argument("--regions", default=f"{FIVE};all", help="lists of regions, between semicolons")
    parser.add_argument("--routes", default="", help="default: region-data with --replay, else all four")
    parser.add_argument("--start", default="")
    parser.add_argument("--end", default="2026-08-01")
    flags = parser.parse_args()
    routes = flags.routes.split(",") if flags.routes else ["region-data"] if flags.replay else list(ROUTES)
    rows = replay([rows_in(flags.replay, COLUMNS)]) if flags.replay else synthetic(now=parse_hour(flags.end))
    start = parse_hour(flags.start or ("2015-07-01" if flags.replay else "2019-01-01"))
    end = parse_hour("2020-07-02" if flags.replay else flags.end)
    print("| route | regions | series | requests | rows read | of the rows | minutes at the pace | pages of a load |")
    print("|---|---|---|---|---|---|---|---|")
    with Emulator(rows) as server:
        for route in routes:
            for regions in flags.regions.split(";"):
                print(line(server, route, regions, start, end - 1), flush=True)


def line(server: Emulator, route: str, regions: str, first: int, last: int) -> str:
    """One line of the table."""
    spans = plan(Question((route,), tuple(regions.split(",")), (), first, last))
    server.requests.clear()
    source = ApiSource(server.url, "none:", requests_per_hour=None, name="emulator")
    with tempfile.TemporaryDirectory() as folder:
        run = Run(lease.Owner.here(uuid.uuid4().hex), datetime.now(UTC))
        fetched, matrices = source.count(Storage.at(folder), spans, run)
    if fetched.stopped or fetched.failures:
        raise SystemExit(fetched.stopped or fetched.failures[0].reason)
    rows = sum(int(one.rows.sum()) for matrix in matrices for one in matrix.series)
    pages = sum(-(-sum(int(one.rows.sum()) for one in matrix.series) // PAGE) for matrix in matrices)
    read = sum(one.rows for one in server.requests)
    series, sent = sum(len(matrix.series) for matrix in matrices), fetched.tally.sent
    name = "five" if regions == FIVE else regions
    return (
        f"| `{route}` | {name} | {series:,} | {sent:,} | {read:,} | {100 * read / max(1, rows):.1f} % "
        f"| {sent / PER_HOUR * 60:,.0f} | {pages:,} |"
    )


if __name__ == "__main__":
    sys.exit(ended(main))
