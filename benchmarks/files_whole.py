# SPDX-License-Identifier: Apache-2.0
"""The whole history from stored six-month files: to tidy Parquet, screened and checked; then as a load, with blocks.

    python benchmarks/files_whole.py [--halves N]

Makes full-size synthetic files of the last N closed halves (all since 2015: 22) and stores them as a download does.
Then, each over the same stored files and in processes of its own: reading, assembling, screening and checks alone,
by one worker and by two; and `pipelines.historical` as it is, report and blocks included, by two.
Some 10 GB of disk for all halves.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psutil
from memory import peak_kib

from eia930.emulator.files.making import made
from eia930.emulator.files.quirks import Quirks
from eia930.emulator.files.world import synthetic_files
from eia930.question.plan import Question, plan
from eia930.question.span import Span
from eia930.record.assembly import Screening
from eia930.reference.clocks import EARLIEST
from eia930.reference.halves import FIRST, Half, halves
from eia930.reference.hours import hour_of, stamp
from eia930.reference.respondents import respondents
from eia930.reference.routes import ROUTES
from eia930.screening.flags import FLAGS
from eia930.screening.methods import screen_series
from eia930.sources.files.client import Validators
from eia930.sources.files.contents.parquet import Columns
from eia930.sources.files.names import KINDS, exists, ruled
from eia930.sources.files.source import FilesSource, wanted
from eia930.sources.files.versions import PIECE, Versions
from eia930.store.lease import Owner
from eia930.store.origin import claim
from eia930.store.run import Run
from eia930.store.storage import Storage

NOWHERE = "http://127.0.0.1:1"
"""Nobody answers there: all is stored."""
MADE = ("columns", "tidy", "rejects", "revisions", "blocks", "tfds", "report", "objects")
REGIONS = tuple(code for code, about in respondents().items() if about.kind == "authority")


@dataclass(slots=True)
class Watched:
    """A command and all that came of it: seconds, processor seconds, and the most MB that one process held."""

    seconds: float = 0.0
    spent: dict[int, float] = field(default_factory=dict)
    peaks: dict[int, int] = field(default_factory=dict)

    @property
    def cpu(self) -> float:
        return sum(self.spent.values())

    @property
    def peak_mb(self) -> float:
        return max(self.peaks.values()) / 1024

    def look(self, pid: int) -> None:
        with suppress(psutil.Error, OSError):
            for one in (root := psutil.Process(pid), *root.children(recursive=True)):
                times = one.cpu_times()
                self.spent[one.pid] = times.user + times.system
                self.peaks[one.pid] = max(peak_kib(one.pid), self.peaks.get(one.pid, 0))


def watched(command: Sequence[str]) -> Watched:
    """Run it to its end. Processor time is looked at four times a second, so that a process may lose a quarter."""
    found, began = Watched(), time.perf_counter()
    with tempfile.TemporaryFile() as said:
        work = subprocess.Popen(command, stdout=said, stderr=said)
        while work.poll() is None:
            found.look(work.pid)
            with suppress(subprocess.TimeoutExpired):
                work.wait(0.25)
        found.seconds = time.perf_counter() - began
        said.seek(0)
        if work.returncode not in (0, 1):
            raise SystemExit(f"{command}: exit {work.returncode}\n{said.read().decode()[-2000:]}")
    return found


def closed(count: int) -> list[Half]:
    """The last halves whose corrections have come."""
    now = hour_of(datetime.now(UTC))
    return [half for half in halves(FIRST.hours()[0], now) if half.hours()[1] + 60 * 24 < now][-count:]


def store(storage: Storage, some: Sequence[Half]) -> tuple[int, int]:
    """Files of the halves, as a download leaves them; how many, and their bytes."""
    world, sizes = synthetic_files(now=hour_of(datetime.now(UTC)) // 24 * 24), []
    claim(storage, *FilesSource(url=NOWHERE).origins)
    for half in some:
        for kind in (one for one in KINDS if exists(one, half)):
            versions, data = Versions(storage, ruled(kind, half)), made(world, kind.upper(), half, Quirks())
            versions.begin("")
            for at in range(0, len(data), PIECE):
                versions.piece(at, data[at : at + PIECE])
            versions.add(datetime.now(UTC), NOWHERE, Validators(), versions.whole())
            sizes.append(len(data))
    return len(sizes), sum(sizes)


def asked(some: Sequence[Half]) -> tuple[int, int]:
    """First and last hour; forecasts, which are asked for two days more, end with the half where it ends first."""
    return some[0].hours()[0], some[-1].hours(EARLIEST)[1] - 48


def spans_of(some: Sequence[Half]) -> tuple[Span, ...]:
    """The authorities' hours in all routes."""
    return plan(Question(tuple(ROUTES), REGIONS, (), *asked(some)))


def words(workers: int) -> list[str]:
    """Flags of Beam's own runner."""
    more = ["--direct_running_mode=multi_processing"] if workers > 1 else []
    return [f"--direct_num_workers={workers}", *more]


def to_tidy(storage: Storage, spans: Sequence[Span], *, workers: int) -> None:
    """The load without its asking, its report and its blocks."""
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions

    from eia930.record.tidy_series import catalogue
    from transforms.assemble import Assemble
    from transforms.check import Check
    from transforms.estimate import Estimate
    from transforms.fetch import Ready

    source, screening = FilesSource(url=NOWHERE), Screening(FLAGS, screen_series)
    run = Run(Owner.here("benchmark"), datetime.now(UTC))
    names = [ruled(*one).folder for one in wanted(spans)]
    with beam.Pipeline(options=PipelineOptions(["--runner=FnApiRunner", *words(workers)])) as root:
        readied = root | "Names" >> beam.Create(names) | "Ready" >> Ready(source, storage, run, spans)
        stored = root | "Spans" >> beam.Create([(span, []) for span in spans])
        groups = stored | "Assemble" >> Assemble(source, storage, run, screening=screening, readied=readied)
        whole = groups | "Estimate" >> Estimate(storage, run, screening=screening, formats=("parquet",))
        series = whole | "Accounts" >> beam.combiners.ToList() | "Catalogue" >> beam.Map(catalogue)
        _ = series | "Check" >> Check(storage, run, spans)


def load(folder: Path, some: Sequence[Half], *, workers: int) -> list[str]:
    """The program as users run it; nothing is left to ask for."""
    first, last = asked(some)
    asks = [f"--regions={','.join(REGIONS)}", "--routes=all", f"--start={stamp(first)}", f"--end={stamp(last + 1)}"]
    what = ["--source=files", f"--files_url={NOWHERE}", f"--output={folder}", "--formats=parquet"]
    return [sys.executable, "-m", "pipelines.historical", *what, *asks, *words(workers)]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--halves", type=int, default=99, help="the last closed ones")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--workers", type=int, help=argparse.SUPPRESS)
    flags = parser.parse_args()
    some = closed(flags.halves)
    if flags.workers:
        to_tidy(Storage.at(str(flags.folder)), spans_of(some), workers=flags.workers)
        return
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        count, size = store(Storage.at(home), some)
        print(f"{count} files of {some[0].name} to {some[-1].name}, {size / 1e9:.2f} GB as served\n")
        print("| way | CPU s | s | M records a CPU s | peak MB of a process |\n|---|--:|--:|--:|--:|", flush=True)
        itself = [sys.executable, __file__, f"--halves={flags.halves}", f"--folder={home}"]
        ways = {
            "to tidy, screened, checked: 1 worker": [*itself, "--workers=1"],
            "to tidy, screened, checked: 2 workers": [*itself, "--workers=2"],
            "the whole load, report and blocks: 2 workers": load(folder, some, workers=2),
        }
        for way, command in ways.items():
            for name in MADE:
                shutil.rmtree(folder / name, ignore_errors=True)
            found = watched(command)
            rate = received(folder) / found.cpu / 1e6
            print(f"| {way} | {found.cpu:.0f} | {found.seconds:.0f} | {rate:.2f} | {found.peak_mb:,.0f} |", flush=True)
        rows = json.loads((folder / "report.json").read_bytes())["rows"]
        kept, rejected = rows["kept"], rows["rejected"]
        print(f"\n{received(folder):,} records in the files; the load kept {kept:,} and rejected {rejected:,}")


def received(folder: Path) -> int:
    """Records of all files, by what was read of them."""
    return sum(Columns(str(path)).account.received for path in (folder / "columns" / "files").glob("*.parquet"))


if __name__ == "__main__":
    main()
