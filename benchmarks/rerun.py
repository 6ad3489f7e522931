# SPDX-License-Identifier: Apache-2.0
"""What a rerun of stored answers costs before anything is asked: every answer opened, as against known to be whole.

python benchmarks/rerun.py [--respondents=12] [--years=4] [--rounds=3]
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path

from eia930.emulator import Emulator, synthetic
from eia930.question.plan import Question, plan
from eia930.question.span import Span
from eia930.reference.hours import parse_hour
from eia930.reference.routes import ROUTES
from eia930.sources.api.source import ApiSource
from eia930.sources.api.stock.checked import ROOT
from eia930.store.lease import Owner
from eia930.store.run import Run
from eia930.store.storage import Storage


def rerun(source: ApiSource, storage: Storage, spans: tuple[Span, ...]) -> tuple[float, int]:
    """Seconds of a fetch, and how many requests it sent."""
    began = time.perf_counter()
    done = source.fetch(storage, spans, Run(Owner.here(uuid.uuid4().hex), datetime.now(UTC)))
    assert not done.stopped, done.stopped
    return time.perf_counter() - began, done.tally.sent


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--respondents", type=int, default=12)
    parser.add_argument("--years", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    flags = parser.parse_args()
    last = parse_hour("2024-01-01T00")
    codes = ROUTES["fuel-type-data"].served()[: flags.respondents]
    spans = plan(Question(("region-data", "fuel-type-data"), codes, (), last - flags.years * 8766, last - 1))
    with tempfile.TemporaryDirectory() as place, Emulator(synthetic(now=last + 2000)) as server:
        storage = Storage.at(place)
        source = ApiSource(server.url, "none:", requests_per_hour=None)
        _, answers = rerun(source, storage, spans)
        opened, known = [], []
        for _ in range(flags.rounds):
            shutil.rmtree(Path(place) / ROOT)
            opened.append(rerun(source, storage, spans)[0])
            known.append(rerun(source, storage, spans)[0])
    print(f"{answers:,} stored answers of {len(spans)} respondents × routes, best of {flags.rounds}")
    print(f"every one opened   {min(opened):.3f} s")
    print(f"known to be whole  {min(known):.3f} s   {min(opened) / min(known):.1f} times faster")


if __name__ == "__main__":
    main()
