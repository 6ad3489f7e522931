# SPDX-License-Identifier: Apache-2.0
"""Ways to fetch, side by side, against a server that answers as slowly as the real one (1.2 ± 0.4 s).

    python benchmarks/extract.py [--pages 40]

Each step adds one lever to the one before: from a plain sequential client to the full pipe at the 30 % margin below
what EIA asks clients to stay under (9,000 requests an hour). Rates are the server's own record of request times.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import requests

from eia930.emulator import Emulator, synthetic
from eia930.question.span import Span
from eia930.reference.hours import parse_hour, stamp
from eia930.reference.routes import PAGE
from eia930.sources.api.source import ApiSource
from eia930.store.lease import Owner
from eia930.store.run import Run
from eia930.store.storage import Storage

LATENCY = (1.2, 0.4)
HOURS_A_PAGE = 1240
"""A few short of the 1,250 that four series fill a page with: a last page begun is one in eight here, one in fifty in
a history of years, and would hide what the levers do."""
NOW = parse_hour("2026-01-01")
FIRST = parse_hour("2019-01-01")
ASKED_FOR = 9000 / 3600
REGIONS = ("PACW", "ERCO", "CAL", "TEX", "MISO")


@dataclass(frozen=True)
class Way:
    """A way to fetch: what it is, and the source that does it (None: the plain client below)."""

    name: str
    source: ApiSource | None


def ways() -> Iterator[Way]:
    """From the plain client to ours, one lever at a time."""
    slow = ApiSource(
        url="",
        key="none:",
        requests_per_hour=9000,
        burst_per_second=5,
        min_delay=0.8,
        max_in_flight=2,
        hours_per_request=1080,
    )
    yield Way("plain loop: 45 days a request, 0.8 s pause", None)
    yield Way("2 in flight, a start every 0.8 s, 45 days a request", slow)
    yield Way("+ a start every 0.72 s", replace(slow, min_delay=0.72))
    yield Way("+ full pages (auto)", replace(slow, min_delay=0.72, hours_per_request=None))
    yield Way(
        "+ pace of 6,300 an hour, no fixed pause",
        replace(slow, min_delay=0.0, hours_per_request=None, requests_per_hour=6300),
    )
    yield Way("+ 8 in flight: the default", ApiSource(url="", key="none:"))


def plainly(url: str, spans: list[Span]) -> None:
    """A client as first written: one session, one request after the other, a pause between."""
    import time

    with requests.Session() as session:
        for code, span in ((span.respondent, span) for span in spans):
            for first in range(span.first, span.last + 1, 1080):
                query: dict[str, str | int] = {
                    "api_key": "none", "frequency": "hourly", "data[0]": "value", "facets[respondent][]": code,
                    "start": stamp(first), "end": stamp(min(first + 1079, span.last)), "length": PAGE,
                    "sort[0][column]": "period", "sort[0][direction]": "asc",
                }  # fmt: skip
                session.get(f"{url}/electricity/rto/region-data/data/", params=query, timeout=60).json()
                time.sleep(0.8)


def measure(way: Way, pages: int) -> tuple[float, float, float, int]:
    """(records/s, requests/s, page fill, requests) from the server's record, its first five requests left out."""
    hours = pages * HOURS_A_PAGE // len(REGIONS)
    spans = [Span("region-data", code, FIRST, FIRST + hours - 1) for code in REGIONS]
    with (
        Emulator(synthetic(now=NOW), port=0, latency=LATENCY, seed=1) as server,
        tempfile.TemporaryDirectory() as folder,
    ):
        if way.source is None:
            plainly(server.url, spans)
        else:
            run = Run(Owner.here("benchmark"), datetime.now(UTC))
            replace(way.source, url=server.url).fetch(Storage.at(folder), spans, run)
        seen = sorted(server.requests, key=lambda one: one.at)
    at, rows = np.array([one.at for one in seen]), np.array([one.rows for one in seen])
    settled = slice(5, len(at))
    seconds = at[settled][-1] - at[settled][0]
    per_second = (len(at[settled]) - 1) / seconds
    fill = float(rows.mean()) / PAGE
    return per_second * float(rows.mean()), per_second, fill, len(at)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=40, help="pages of 5,000 rows that each way fetches, about")
    pages = parser.parse_args().pages
    print("| way | records/s | of the first | requests/s | page fill | requests | margin below 9,000 an hour |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    first = 0.0
    for way in ways():
        speed, rate, fill, count = measure(way, pages)
        first = first or speed
        print(
            f"| {way.name} | {speed:,.0f} | {speed / first:.2f} | {rate:.3f} | {fill:.3f} | {count} "
            f"| {1 - rate / ASKED_FOR:.0%} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
