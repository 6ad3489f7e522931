# SPDX-License-Identifier: Apache-2.0
"""The load and the blocks of many records on one and two workers: in process, and on a Flink cluster of its own.

    python benchmarks/flink_scaling.py [--records 10000000] [--regions all]

Fetches synthetic hours once; then the public programs run with nothing left to ask, each way over the same stored
responses, and must write the same bytes. `start` is what the same command takes for a month of one respondent (Python,
Java, workers, upload of the jar): records a second are those of the time beyond it. Needs Java 17, Maven and Go.
"""

import argparse
import math
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path
from threading import Event, Thread

import psutil
from memory import peak_kib
from update import forget_all_but_answers

# deploy/ is no part of what is installed.
sys.path.append(str(Path(__file__).resolve().parents[1]))

from deploy.flink import cluster, parts
from eia930.emulator import Emulator, synthetic
from eia930.question.plan import Question, plan
from eia930.question.span import Span
from eia930.reference.hours import parse_hour
from eia930.sources.api.source import ApiSource
from eia930.store.lease import Owner
from eia930.store.manifest import read_manifest
from eia930.store.origin import claim
from eia930.store.run import Run
from eia930.store.storage import Storage

ROOT = parts.CHECKOUT
START, MONTH, END = "2019-01-01", "2019-02-01", "2026-01-01"
NOW = parse_hour("2026-03-01")
"""The emulator's clock: late enough that no hour is provisional, and asked for again."""
CUT = ("raw/cut", "raw/filled")
"""What would let blocks stand that are to be cut again."""


@dataclass(frozen=True, slots=True)
class Way:
    """A runner and its flags."""

    name: str
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stored:
    """A folder with the responses to a question."""

    folder: Path
    regions: tuple[str, ...]
    end: str
    records: int

    def load(self) -> list[str]:
        """The load over it. Nobody listens at its API: whatever it asked would fail."""
        asked = [f"--regions={','.join(self.regions)}", f"--start={START}", f"--end={self.end}"]
        key = self.folder.with_suffix(".key")
        key.write_text("not asked for")
        nobody = ["--source=api", "--api_url=http://127.0.0.1:1/v2", f"--api_key=file:{key}", "--tries=1"]
        return ["-m", "pipelines.historical", f"--output={self.folder}", *asked, *nobody]

    def blocks(self) -> list[str]:
        """The blocks of that load, cut again."""
        return ["-m", "pipelines.blocks", f"--output={self.folder}"]


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds of a program, and MB of the largest Python process that took part."""

    seconds: float
    peak: float


@dataclass(frozen=True, slots=True)
class Measured:
    """One way: the load and the blocks, for next to nothing (`start_…`) and for all."""

    way: Way
    start_load: Took
    load: Took
    start_blocks: Took
    blocks: Took

    def rates(self, records: int) -> tuple[float, float]:
        """Records a second of either program, beyond its start."""
        beyond = (self.load.seconds - self.start_load.seconds, self.blocks.seconds - self.start_blocks.seconds)
        # With too few records the start is all there is.
        load, blocks = (records / seconds if seconds > 0 else math.nan for seconds in beyond)
        return load, blocks

    def row(self, records: int) -> str:
        """A line of the table."""
        load, blocks = self.rates(records)
        peak = max(self.load.peak, self.blocks.peak)
        return (
            f"{self.way.name:24} {self.start_load.seconds:6.1f} {self.load.seconds:7.1f} {load:10,.0f}"
            f"   {self.start_blocks.seconds:6.1f} {self.blocks.seconds:7.1f} {blocks:10,.0f}   {peak:8,.0f}"
        )


HEAD = f"""{"":24} {"load, all stored":^25}   {"blocks alone":^25}   {"largest":>8}
{"":24} {"start s":>6} {"s":>6} {"records/s":>10}   {"start s":>6} {"s":>6} {"records/s":>10}   {"py MB":>8}"""


def chosen(regions: str, records: int) -> tuple[Span, ...]:
    """As many respondents, in the order of the plan, as have about so many records."""
    spans = plan(Question(("region-data",), tuple(regions.split(",")), (), parse_hour(START), parse_hour(END) - 1))
    totals = [0.0]
    for span in spans:
        totals.append(totals[-1] + span.hours * span.density)
    return spans[: sum(1 for _ in takewhile(lambda total: total < records, totals[:-1]))]


def fetch(folder: Path, spans: Sequence[Span], end: str) -> Stored:
    """Store the responses, as fast as the emulator answers."""
    run = Run(Owner.here(uuid.uuid4().hex), datetime.now(UTC))
    with Emulator(synthetic(now=NOW), now=NOW) as server:
        source = ApiSource(url=server.url, key="none:", requests_per_hour=None)
        storage = Storage.at(str(folder))
        claim(storage, *source.origins)
        fetched = source.fetch(storage, spans, run)
    if fetched.stopped or fetched.failures:
        raise SystemExit(fetched.stopped or fetched.failures[0].reason)
    return Stored(folder, tuple(span.respondent for span in spans), end, fetched.tally.rows)


def run(command: Sequence[str], beside: Sequence[int]) -> Took:
    """Run a program of ours; `beside`: processes whose children are workers of it too. SystemExit where it fails."""
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as told:
        ran = subprocess.Popen(
            [sys.executable, *command], stdout=subprocess.DEVNULL, stderr=told, cwd=ROOT, start_new_session=True
        )
        with watching((ran.pid, *beside)) as peaks:
            code = ran.wait()
        if code:
            told.seek(0)
            raise SystemExit(f"{' '.join(command)}: exit {code}\n{told.read()[-2000:]}")
    return Took(time.perf_counter() - began, max(peaks.values(), default=0) / 1024)


@contextmanager
def watching(roots: Sequence[int]) -> Iterator[dict[int, int]]:
    """Peak kB of every Python process below some processes, looked at twice a second."""
    peaks: dict[int, int] = {}
    done = Event()

    def watch() -> None:
        while not done.wait(0.5):
            peaks.update({pid: peak for pid in below(roots) if (peak := python_peak(pid))})

    thread = Thread(target=watch)
    thread.start()
    try:
        yield peaks
    finally:
        done.set()
        thread.join()


def below(roots: Sequence[int]) -> set[int]:
    """Some processes and all that came of them."""
    found = set(roots)
    for root in roots:
        with suppress(psutil.NoSuchProcess):
            found |= {child.pid for child in psutil.Process(root).children(recursive=True)}
    return found


def python_peak(pid: int) -> int:
    """The most kB that it ever held; 0 for what is no Python, or gone."""
    try:
        return peak_kib(pid) if "python" in psutil.Process(pid).exe() else 0
    except (OSError, psutil.Error):
        return 0


def measure(way: Way, small: Stored, all_of_it: Stored, beside: Sequence[int]) -> tuple[Measured, dict[str, str]]:
    """One way over both folders; and what it wrote, by checksum."""
    # The first time, Python and Java load what they keep in memory from then on.
    took = [_both(way, stored, beside) for stored in (small, small, all_of_it)][1:]
    written = {file.path: file.sha256 for file in read_manifest(Storage.at(str(all_of_it.folder)))}
    return Measured(way, took[0][0], took[1][0], took[0][1], took[1][1]), written


def _both(way: Way, stored: Stored, beside: Sequence[int]) -> tuple[Took, Took]:
    """The load and the blocks over one folder, all made anew of the answers."""
    forget_all_but_answers(stored.folder)
    load = run([*stored.load(), *way.flags], beside)
    for name in CUT:
        shutil.rmtree(stored.folder / name, ignore_errors=True)
    return load, run([*stored.blocks(), *way.flags], beside)


def ways(flags: Sequence[str]) -> list[Way]:
    """In process and on the cluster, with one worker and with two."""
    several = ("--direct_running_mode=multi_processing", "--direct_num_workers=2")
    return [
        Way("DirectRunner, 1 worker", ()),
        Way("DirectRunner, 2 workers", several),
        *(Way(f"Flink, {slots} slot{'s' * (slots > 1)}", (*flags, f"--parallelism={slots}")) for slots in (1, 2)),
    ]


def ratios(found: Sequence[Measured], records: int) -> Iterator[str]:
    """Two workers against one, and Flink against the in-process runner."""
    rates = [one.rates(records) for one in found]
    for name, over, under in (
        ("DirectRunner, 2 workers to 1", 1, 0),
        ("Flink, 2 slots to 1", 3, 2),
        ("1 slot of Flink to 1 worker of the DirectRunner", 2, 0),
    ):
        load, blocks = (rates[over][part] / rates[under][part] for part in (0, 1))
        yield f"{name:50} load {load:.2f}, blocks {blocks:.2f}"


def size(folder: Path, *names: str) -> int:
    """Bytes of all files below some folders."""
    return sum(path.stat().st_size for name in names for path in (folder / name).rglob("*") if path.is_file())


def sizes(stored: Stored) -> str:
    """Bytes a record of what is written."""
    kinds = {"raw": ("raw/eia",), "tidy": ("tidy",), "blocks (Parquet)": ("blocks",), "blocks (TFRecord)": ("tfds",)}
    each = [f"{name} {size(stored.folder, *folders) / stored.records:.2f}" for name, folders in kinds.items()]
    return f"bytes a record: {', '.join(each)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=10_000_000, help="about how many, at least")
    parser.add_argument("--regions", default="all", help="of which respondents")
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        compare(Path(place), chosen(flags.regions, flags.records))


def compare(place: Path, spans: Sequence[Span]) -> None:
    """Fetch, measure each way, print."""
    month = [replace(spans[0], last=parse_hour(MONTH) - 1)]
    small, stored = fetch(place / "small", month, MONTH), fetch(place / "all", spans, END)
    print(f"{stored.records:,} records of {len(spans)} respondents stored\n\n{HEAD}", flush=True)
    found, wrote = list[Measured](), list[dict[str, str]]()
    with running(place / "cluster") as up:
        managers = [process.pid for process in up.processes[1:]]
        for way in ways(up.flags):
            measured, written = measure(way, small, stored, managers)
            print(measured.row(stored.records), flush=True)
            found.append(measured)
            wrote.append(written)
    print("", *ratios(found, stored.records), sizes(stored), sep="\n")
    if any(written != wrote[0] for written in wrote):
        raise SystemExit("the ways wrote different bytes")
    print(f"all wrote the same {len(wrote[0])} files, to the byte")


@contextmanager
def running(folder: Path) -> Iterator[cluster.Cluster]:
    """A cluster of two TaskManagers with a slot each."""
    folder.mkdir()
    up = cluster.up(folder, wanted=parts.versions(), taskmanagers=2, slots=1)
    try:
        yield up
    finally:
        cluster.down(folder)


if __name__ == "__main__":
    main()
