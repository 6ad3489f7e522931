# SPDX-License-Identifier: Apache-2.0
"""Cross-checks over all routes and regions: each tidy file read as often as a few kept files make it, and once.

    python benchmarks/checks.py [--years 2]

Makes the emulator's hours of every respondent in all four routes, writes them as tidy files, and runs all checks over
them twice: through a reader that keeps the 24 files used last, as loads did once, and through that of loads today.
Prints reads, seconds, peak resident memory and the ratio; the outcomes must be equal.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from memory import peak_kib

from eia930.checks.all_checks import run_checks
from eia930.checks.asked import asked_by
from eia930.emulator import synthetic
from eia930.question.plan import Question, plan
from eia930.question.span import Span
from eia930.record.grid import Series
from eia930.record.tidy import Flagged, tidy_parquet, tidy_path, tidy_tables
from eia930.record.tidy_file import read_tidy
from eia930.record.tidy_series import SeriesRef, TidySeries, Values
from eia930.reference.hours import parse_hour
from eia930.reference.respondents import members, subregions
from eia930.reference.routes import ROUTES
from eia930.reference.series import SeriesKey
from eia930.store.manifest import File, put_file
from eia930.store.storage import Storage

_KEPT = 24
Refs = Sequence[SeriesRef]


class Before(Mapping[str, Values]):
    """The series as they were read once: whole files, the 24 used last in memory."""

    def __init__(self, storage: Storage, refs: Refs, first: int, last: int) -> None:
        self._storage, self._first, self._hours = storage, first, last - first + 1
        self._file = {ref.series_id: ref.file for ref in refs}
        self._files: OrderedDict[str, dict[str, Values]] = OrderedDict()
        self.reads = Counter[str]()

    def __getitem__(self, series_id: str) -> Values:
        file = self._file[series_id]
        if file.path not in self._files:
            self._files[file.path] = self._read(file)
        self._files.move_to_end(file.path)
        while len(self._files) > _KEPT:
            self._files.popitem(last=False)
        return self._files[file.path][series_id]

    def _read(self, file: File) -> dict[str, Values]:
        self.reads[file.path] += 1
        found = {}
        for rows in read_tidy(self._storage, file):
            found[rows.series_id] = whole = np.full(self._hours, np.nan)
            whole[rows.hour - self._first] = rows.value
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._file))

    def __len__(self) -> int:
        return len(self._file)


def made(folder: Path, years: int) -> tuple[list[Span], list[SeriesRef]]:
    """Tidy files of everything that the emulator has, as a load would write them without its screening."""
    first, last = parse_hour("2022-07-01"), parse_hour(f"{2022 + years}-07-01") - 1
    rows, storage, refs = synthetic(now=last), Storage.at(str(folder)), []
    spans = plan(Question(tuple(ROUTES), ("all",), (), first, last))
    for span in spans:
        route, series = ROUTES[span.route], []
        for one in rows.series(route, span.respondent):
            inside = (one.hours >= span.first) & (one.hours <= span.last)
            value, at = (np.full(span.last - span.first + 1, fill) for fill in (np.nan, 0))
            value[one.hours[inside] - span.first] = np.where(one.empty, np.nan, one.values)[inside]
            at[one.hours[inside] - span.first] = 1_700_000_000
            series.append(Flagged(Series(one.kind, value, at.astype(np.uint32)), np.zeros(len(at), np.uint8), ("",)))
        data, count = tidy_parquet(span, tidy_tables(span, series, "emulator"))
        file = put_file(storage, tidy_path(span.route, span.respondent), data, rows=count)
        ids = [SeriesKey(route, span.respondent, one.series.kind).id for one in series if one.series.at.any()]
        refs += [SeriesRef(name, file, span.first, span.last, "UTC") for name in ids]
    return list(spans), sorted(refs, key=lambda ref: ref.series_id)


def measured(name: str, series: Mapping[str, Values], spans: Sequence[Span]) -> tuple[float, str]:
    """Seconds of processor time, and every outcome in words (NaN is not NaN)."""
    asked = asked_by(spans)
    began, wall = time.process_time(), time.perf_counter()
    found = run_checks(series, asked.first, {**subregions(), **members()}, asked=asked)
    took, wall = time.process_time() - began, time.perf_counter() - wall
    print(f"| {name} | {took:.2f} | {wall:.2f} | {peak_kib() / 1024:,.0f} |", flush=True)
    return took, repr(found.checks) + repr(found.stretches.to_pydict())


def main() -> int:
    """0 where both ways find the same."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--years", type=int, default=2)
    with tempfile.TemporaryDirectory() as folder:
        spans, refs = made(Path(folder), flags.parse_args().years)
        storage, asked = Storage.at(folder), asked_by(spans)
        print(f"{len(refs):,} series in {len({ref.file.path for ref in refs}):,} files\n")
        print("| files are read | processor s | s | peak MiB so far |\n|---|---|---|---|", flush=True)
        now, found = measured("once", TidySeries(storage, refs, first=asked.first, last=asked.last), spans)
        old = Before(storage, refs, asked.first, asked.last)
        before, same = measured("as often as 24 kept ones make it", old, spans)
        print(f"\n{sum(old.reads.values()):,} reads before, {len(old.reads):,} now: {before / now:.1f} times faster")
    if found != same:
        print("DIFFERS: the two do not find the same", file=sys.stderr)
    return int(found != same)


if __name__ == "__main__":
    sys.exit(main())
