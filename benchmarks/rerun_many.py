# SPDX-License-Identifier: Apache-2.0
"""What a rerun costs before anything is asked, by the number of stored answers: made ones, small, known to be whole.

As updates leave them, each an object of its own, or with --folded as later runs do, in archives. As a load does it:
workers look over their spans, and who asks takes their word.

python benchmarks/rerun_many.py [--answers=200000] [--bytes=1000] [--respondents=250] [--workers=1,2] [--folded]
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import time
import uuid
import zlib
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from memory import peak_kib

from eia930.question.span import Span
from eia930.reference.hours import parse_hour, stamp
from eia930.sources.api.estimate import Manner
from eia930.sources.api.folds.folding import fold
from eia930.sources.api.stock.checked import ROOT
from eia930.sources.api.stock.left import left
from eia930.sources.api.stock.looking import Stock, look
from eia930.store.lease import Owner
from eia930.store.run import Run
from eia930.store.storage import Storage

FIRST = parse_hour("2019-01-01T00")
MANNER = Manner(None, 0.0, None, 240, 8, refresh=False)
_LOTS = 16


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


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds, processor seconds, and the most memory of one worker, MB, until it is known that nothing is left."""

    seconds: float
    processor: float
    memory: float


def measured(storage: Storage, spans: Sequence[Span], answers: int, workers: int) -> Cost:
    """By processes of their own, as workers are; starting them is not counted."""
    run, now = Run(Owner.here(uuid.uuid4().hex), datetime.now(UTC)), time.time()
    lots = [spans[number::_LOTS] for number in range(_LOTS)]
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        list(pool.map(time.sleep, [0.5] * workers))
        began, spent = time.perf_counter(), time.process_time()
        done = list(pool.map(_look, [storage] * _LOTS, lots, [run] * _LOTS, [now] * _LOTS))
        seen = [one for stocks, _, _ in done for one in stocks]
        work = left(storage, spans, run, MANNER, now=now, looked=seen)
        assert (work.reused, work.hours, work.damaged) == (answers, 0, 0)
        seconds, asking = time.perf_counter() - began, time.process_time() - spent
    return Cost(seconds, asking + sum(one for _, one, _ in done), max(most for _, _, most in done))


def _look(storage: Storage, spans: Sequence[Span], run: Run, now: float) -> tuple[tuple[Stock, ...], float, float]:
    """Stocks, processor seconds, and the most memory of this worker, MB."""
    spent = time.process_time()
    found = look(storage, spans, run, MANNER.again(run.since, now), epoch=0)
    return found, time.process_time() - spent, peak_kib() / 1024


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--answers", type=int, default=200_000)
    parser.add_argument("--bytes", type=int, default=1000)
    parser.add_argument("--respondents", type=int, default=250)
    parser.add_argument("--workers", default="1,2")
    parser.add_argument("--folded", action="store_true")
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        storage = Storage.at(place)
        spans = made(Path(place), flags.respondents, flags.answers // flags.respondents, flags.bytes)
        print(f"{flags.answers:,} answers of {flags.respondents:,} respondents x routes", flush=True)
        if flags.folded:
            folded(storage, spans)
        print(f"{len(storage.list('raw/eia')):,} objects", flush=True)
        for workers in map(int, flags.workers.split(",")):
            cost = measured(storage, spans, flags.answers, workers)
            print(f"{workers} at work: {cost.seconds:.1f} s, {cost.processor:.1f} s of the processor,", end=" ")
            print(
                f"{1e6 * cost.processor / flags.answers:.0f} us each, {cost.memory:.0f} MB of one at most", flush=True
            )


if __name__ == "__main__":
    main()
