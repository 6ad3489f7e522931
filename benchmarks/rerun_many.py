# SPDX-License-Identifier: Apache-2.0
"""What a rerun costs before anything is asked, by the number of stored answers: made ones, small, known to be whole.

Once as updates leave them, each an object of its own, and once as later runs do, in archives.

python benchmarks/rerun_many.py [--answers=200000] [--bytes=1000] [--respondents=250]
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
import uuid
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from eia930.question.span import Span
from eia930.reference.hours import parse_hour, stamp
from eia930.sources.api.checked import ROOT
from eia930.sources.api.estimate import Manner
from eia930.sources.api.folds.folding import fold
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


def folded(storage: Storage, spans: Sequence[Span]) -> None:
    """As later runs leave it: small answers in archives alone."""
    for span in spans:
        folder = f"raw/eia/{span.route}/{span.respondent}"
        objects, before = 0, len(storage.list(folder))
        while before != objects:
            before = objects
            fold(storage, folder, before=datetime.now(UTC) + timedelta(seconds=5))
            objects = len(storage.list(folder))


def measured(storage: Storage, spans: Sequence[Span], answers: int) -> tuple[float, float]:
    """Seconds, and processor seconds, until it is known that nothing is left to ask."""
    began, spent = time.perf_counter(), time.process_time()
    run = Run(Owner.here(uuid.uuid4().hex), datetime.now(UTC))
    work = left(storage, spans, run, Manner(None, 0.0, None, 240, 8, refresh=False), now=time.time())
    assert (work.reused, work.hours, work.damaged) == (answers, 0, 0)
    return time.perf_counter() - began, time.process_time() - spent


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--answers", type=int, default=200_000)
    parser.add_argument("--bytes", type=int, default=1000)
    parser.add_argument("--respondents", type=int, default=250)
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        storage = Storage.at(place)
        spans = made(Path(place), flags.respondents, flags.answers // flags.respondents, flags.bytes)
        print(f"{flags.answers:,} answers of {flags.respondents:,} respondents x routes", flush=True)
        for way in ("each by itself", "in archives"):
            objects = len(storage.list("raw/eia"))
            seconds, processor = measured(storage, spans, flags.answers)
            most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(f"{way}: {objects:,} objects, {seconds:.1f} s, {processor:.1f} s of the processor,", end=" ")
            print(f"{1e6 * processor / flags.answers:.0f} us each, {most:.0f} MB at most", flush=True)
            folded(storage, spans)


if __name__ == "__main__":
    main()
