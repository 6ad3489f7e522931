# SPDX-License-Identifier: Apache-2.0
"""Stored responses → tidy Parquet: through the pipeline, against a plain loop of the same steps, in one run.

    python benchmarks/assemble.py [--regions PACW,ERCO,CAL,TEX,MISO] [--routes region-data]

Fetches synthetic hours once into a temporary folder, then assembles them (1) in a plain loop, (2) through Beam's
in-process runner with one worker and (3) with two; each in a process of its own, so that peak memory is its own.
Prints records a second, the ratios to the plain loop, and peak resident memory.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from memory import peak_kib

from eia930.emulator import Emulator, synthetic
from eia930.question.plan import Question, plan
from eia930.question.span import Span
from eia930.record.assembly import Screening, assemble
from eia930.reference.hours import hour_of, parse_hour
from eia930.screening.flags import FLAGS
from eia930.screening.methods import screen_series
from eia930.sources.api.source import ApiSource
from eia930.store.lease import Owner
from eia930.store.run import Run
from eia930.store.storage import Storage

SCREENING = Screening(FLAGS, screen_series)


def spans_of(flags: argparse.Namespace) -> tuple[Span, ...]:
    """What is loaded."""
    last = hour_of(datetime.now(UTC)) // 24 * 24 - 1
    question = Question(
        tuple(flags.routes.split(",")), tuple(flags.regions.split(",")), (), parse_hour("2019-01-01"), last
    )
    return plan(question)


def source_at(url: str) -> ApiSource:
    """An unhurried source."""
    return ApiSource(url=url, key="none:", requests_per_hour=None)


def fetch(folder: Path, spans: Sequence[Span]) -> int:
    """Fill raw/; rows."""
    run = Run(Owner.here("benchmark"), datetime.now(UTC))
    with Emulator(synthetic(now=hour_of(datetime.now(UTC)) // 24 * 24), port=0) as server:
        return source_at(server.url).fetch(Storage.at(str(folder)), spans, run).tally.rows


def plain(storage: Storage, spans: Sequence[Span]) -> int:
    """The same steps, one after the other."""
    source = source_at("http://127.0.0.1:1")
    return sum(assemble(storage, source, span, screening=SCREENING).received for span in spans)


def piped(storage: Storage, spans: Sequence[Span], *, workers: int) -> int:
    """Through Beam."""
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions

    from transforms.assemble import Assemble

    flags = ["--runner=FnApiRunner", f"--direct_num_workers={workers}"]
    if workers > 1:
        flags.append("--direct_running_mode=multi_processing")
    run = Run(Owner.here("benchmark"), datetime.now(UTC))
    with beam.Pipeline(options=PipelineOptions(flags)) as root:
        _ = (
            root
            | beam.Create([(span, []) for span in spans])
            | Assemble(source_at("http://127.0.0.1:1"), storage, run, screening=SCREENING)
        )
    return -1


WAYS: dict[str, Callable[[Storage, Sequence[Span]], int]] = {
    "plain loop": plain,
    "beam, 1 worker": lambda storage, spans: piped(storage, spans, workers=1),
    "beam, 2 workers": lambda storage, spans: piped(storage, spans, workers=2),
}


def one(way: str, folder: Path, spans: Sequence[Span]) -> dict[str, float]:
    """Seconds and peak memory (MB) of this process and its children, for one way."""
    began = time.perf_counter()
    WAYS[way](Storage.at(str(folder)), spans)
    seconds = time.perf_counter() - began
    workers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return {"seconds": seconds, "peak_mb": max(peak_kib(), workers) / 1024}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--regions", default="PACW,ERCO,CAL,TEX,MISO")
    parser.add_argument("--routes", default="region-data")
    parser.add_argument("--way", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    flags = parser.parse_args()
    if flags.way:
        print(json.dumps(one(flags.way, flags.folder, spans_of(flags))))
        return
    with tempfile.TemporaryDirectory() as folder:
        rows = fetch(Path(folder), spans_of(flags))
        print(
            f"{rows:,} records stored\n\n"
            "| way | seconds | records/s | of the plain loop | peak MB |\n|---|--:|--:|--:|--:|"
        )
        first = 0.0
        for way in WAYS:
            command = [sys.executable, __file__, f"--way={way}", f"--folder={folder}", *sys.argv[1:]]
            found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            first = first or found["seconds"]
            print(
                f"| {way} | {found['seconds']:.1f} | {rows / found['seconds']:,.0f} "
                f"| {first / found['seconds']:.2f} | {found['peak_mb']:.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
