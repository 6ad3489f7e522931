# SPDX-License-Identifier: Apache-2.0
"""What a rerun costs before anything is asked, by the number of stored answers: made ones, small, known to be whole.

python benchmarks/rerun_many.py [--answers=200000] [--bytes=1000] [--respondents=250]
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
import uuid
import zlib
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from eia930.question.span import Span
from eia930.reference.hours import parse_hour, stamp
from eia930.sources.api.checked import ROOT
from eia930.sources.api.estimate import Manner
from eia930.sources.api.left import left
from eia930.store.lease import Owner
from eia930.store.run import Run
from eia930.store.storage import Storage

FIRST = parse_hour("2019-01-01T00")


def made(place: Path, respondents: int, each: int, size: int) -> list[Span]:
    """Answers of an hour each, and what an earlier run would know of them; their spans."""
    spans, data = [], b"x" * size
    known = [size, zlib.crc32(data), 0.0]
    for number in range(respondents):
        span = Span("region-data", f"R{number:04d}", FIRST, FIRST + each - 1)
        folder = place / "raw/eia" / span.route / span.respondent
        folder.mkdir(parents=True)
        names = [f"{stamp(hour)}_{stamp(hour)}.json.zst" for hour in range(span.first, span.last + 1)]
        for name in names:
            (folder / name).write_bytes(data)
        told = place / ROOT / span.route / f"{span.respondent}.json"
        told.parent.mkdir(parents=True, exist_ok=True)
        told.write_bytes(msgspec.json.encode({f"{folder.relative_to(place)}/{name}": known for name in names}))
        spans.append(span)
    return spans


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--answers", type=int, default=200_000)
    parser.add_argument("--bytes", type=int, default=1000)
    parser.add_argument("--respondents", type=int, default=250)
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        spans = made(Path(place), flags.respondents, flags.answers // flags.respondents, flags.bytes)
        began, spent = time.perf_counter(), time.process_time()
        run = Run(Owner.here(uuid.uuid4().hex), datetime.now(UTC))
        work = left(Storage.at(place), spans, run, Manner(None, 0.0, None, 240, 8, refresh=False), now=time.time())
        seconds, processor = time.perf_counter() - began, time.process_time() - spent
    assert (work.reused, work.hours, work.damaged) == (flags.answers, 0, 0)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{flags.answers:,} answers of {flags.respondents:,} respondents x routes: {seconds:.1f} s,", end=" ")
    print(f"{processor:.1f} s of the processor, {1e6 * processor / flags.answers:.0f} us each, {most:.0f} MB at most")


if __name__ == "__main__":
    main()
