# SPDX-License-Identifier: Apache-2.0
"""What keeping up costs: a run that finds nothing new, and an hourly update, as shares of the first load.

And what a load does that finds the answers stored, and nothing that was made of them: all that follows the network.
And an hourly update by two workers at the polite pace, as `pipelines.follow` would have it.

    python benchmarks/update.py [--regions PACW,ERCO,CAL,TEX,MISO] [--routes region-data] [--start 2019-01-01]
        [--end 2024-01-01]

Serves synthetic hours on a local socket, whose clock an hourly update finds an hour later; every load is a process of
its own. Prints records, and of each load wall and processor seconds, the most memory of its largest process, and their
ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from memory import peak_kib

from eia930.emulator import Emulator, RowSource, synthetic
from eia930.reference.hours import parse_hour, stamp

SETTLED = 24 * 30
"""Hours after the last one: by the clock of such a server all of them are settled."""
KEY = ("--api_key=env:BENCHMARK_KEY", "--quota=none")
UNHURRIED = ("--requests_per_hour=1000000", "--burst_per_second=1000")
POLITELY_BY_TWO = ("--direct_num_workers=2", "--direct_running_mode=multi_processing")
ANSWERS = ("raw", "eia", "origin", "asked")


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one load: seconds of the wall, of the processor, and the most memory of its largest process, MB."""

    wall: float
    processor: float
    peak: float


def load(
    source: RowSource, folder: Path, *, now: int, last: int, flags: argparse.Namespace, how: Sequence[str] = UNHURRIED
) -> Cost:
    """A load in a process of its own, of the hours up to `last`, at the hour `now`."""
    with Emulator(source, now=now) as server:
        what = (f"--regions={flags.regions}", f"--routes={flags.routes}", f"--start={flags.start}")
        words = [*what, f"--end={stamp(last)}", f"--api_url={server.url}", f"--output={folder}", *KEY, *how]
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, __file__, "--load", *words],
            capture_output=True,
            text=True,
            env=os.environ | {"BENCHMARK_KEY": "benchmark"},
        )
        wall = time.perf_counter() - began
    told = json.loads(done.stdout.splitlines()[-1]) if done.stdout else {"exit": done.returncode}
    if told["exit"] not in (0, 1):
        sys.exit(done.stderr[-2000:])
    return Cost(wall, told["processor"], told["peak_mb"])


def loaded(words: list[str]) -> None:
    """The load itself, and what it took."""
    from pipelines.historical import main

    code = main(words)
    workers = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = time.process_time() + workers.ru_utime + workers.ru_stime
    # No less than what this process held as it began them; in bytes where it is macOS.
    largest = workers.ru_maxrss // (1024 if sys.platform == "darwin" else 1)
    print(json.dumps({"exit": code, "processor": processor, "peak_mb": max(peak_kib(), largest) / 1024}))


def forget_all_but_answers(folder: Path) -> None:
    """What was asked, answered, and of whom, stays; all else can be made of it."""
    for one in (*folder.iterdir(), *(folder / "raw").iterdir()):
        if one.name not in ANSWERS:
            shutil.rmtree(one) if one.is_dir() else one.unlink()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--regions", default="PACW,ERCO,CAL,TEX,MISO")
    parser.add_argument("--routes", default="region-data")
    parser.add_argument("--start", default="2019-01-01")
    parser.add_argument("--end", default="2024-01-01")
    parser.add_argument("--output", type=Path, help="keep the output here; default: a folder that is removed")
    flags = parser.parse_args()
    last = parse_hour(f"{flags.end}T00")
    now = last + SETTLED
    source = synthetic(now=now + 24)
    with tempfile.TemporaryDirectory() as place:
        folder = flags.output or Path(place)
        first = load(source, folder, now=now, last=last, flags=flags)
        rows = json.loads((folder / "report.json").read_text())["rows"]["received"]
        costs = {
            "first load": first,
            "nothing new": load(source, folder, now=now, last=last, flags=flags),
            "an hour more": load(source, folder, now=now, last=last + 1, flags=flags),
            "one more, politely, two workers": load(
                source, folder, now=now, last=last + 2, flags=flags, how=POLITELY_BY_TWO
            ),
        }
        forget_all_but_answers(folder)
        costs["from stored answers"] = load(source, folder, now=now, last=last + 2, flags=flags)
    print(f"{rows:,} records, loaded first in {first.wall:.1f} s, {1e6 * first.processor / rows:.1f} s a million\n")
    print("| load | wall s | of the first | processor s | of the first | largest process MB | of the first |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    for name, cost in costs.items():
        pairs = ((cost.wall, first.wall), (cost.processor, first.processor), (cost.peak, first.peak))
        print(f"| {name} | " + " | ".join(f"{mine:.1f} | {mine / theirs:.3f}" for mine, theirs in pairs) + " |")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--load"]:
        loaded(sys.argv[2:])
    else:
        main()
