# SPDX-License-Identifier: Apache-2.0
"""Every half since July 2015, from a server with every fault and quirk at once, killed twenty times: the truth.

The truth is what the emulator drew before it made files of it.
"""

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from random import Random

import numpy as np
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pytest

from eia930.emulator import Emulator, Faults, synthetic
from eia930.emulator.files.quirks import Quirks
from eia930.emulator.files.world import FileWorld, cells, synthetic_files
from eia930.reference.halves import FIRST, halves
from eia930.reference.hours import parse_hour
from eia930.reference.routes import ROUTES, Route
from tests.flink.waiting import soon

ROOT = Path(__file__).resolve().parents[2]
NOW = parse_hour("2019-05-01T00")
REGIONS = ("AVRN", "BANC", "CISO", "LGEE", "MISO", "PNM")
END = parse_hour("2019-04-20")
WORDS = ("--source=files", "--routes=all", f"--regions={','.join(REGIONS)}", "--start=2015-07-01", "--end=2019-04-20")
FAULTS = Faults(
    p_503=0.08,
    p_500=0.03,
    p_502=0.03,
    p_429=0.03,
    p_reset=0.05,
    p_cut=0.15,
    p_html=0.08,
    p_stall=0.05,
    stall_seconds=1.0,
)
QUIRKS = Quirks(old_headers=True, thousands=True, bom=True, crlf=True, iso_stamps=True, bare_codes=True, no_index=True)
KILLS = 20

pytestmark = pytest.mark.slow


def start(server: Emulator, out: Path, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "pipelines.historical", f"--files_url={server.files_url}", f"--output={out}"]
    ours = (*WORDS, "--formats=parquet", "--tries=60", "--min_delay=0.3", *words)
    with out.with_suffix(".err").open("a") as err:
        return subprocess.Popen([*command, *ours], cwd=ROOT, stdout=err, stderr=err, text=True, start_new_session=True)


def written(out: Path) -> int:
    return len([path for path in out.rglob("*") if path.is_file()])


def digests(out: Path) -> dict[str, str]:
    files = sorted([*(out / "tidy").rglob("*.parquet"), *(out / "blocks").rglob("*.parquet")])
    return {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def drawn(world: FileWorld, route: Route) -> dict[str, dict[int, float]]:
    """Series → its hours with a value, of the halves in whose files the route has columns."""
    found: dict[str, dict[int, float]] = {}
    for half in halves(FIRST.hours()[0], NOW):
        for lines in world.lines(route, half):
            if lines.code not in REGIONS or half.hours(lines.clock)[0] < route.begins:
                continue
            for kind, series in world.series(route, lines).items():
                dense = cells(series, lines)[: max(0, END - lines.first)]
                there = np.flatnonzero(~np.isnan(dense))
                hours = found.setdefault(f"{lines.code} {kind}", {})
                hours |= dict(zip((there + lines.first).tolist(), dense[there].tolist(), strict=True))
    return {name: hours for name, hours in found.items() if hours}


def loaded(out: Path, route: Route) -> dict[str, dict[int, float]]:
    table = ds.dataset(out / "tidy" / route.id, format="parquet").to_table()
    table = table.filter(pc.is_valid(table["value"]))
    hours = (table["period"].cast("timestamp[s]").cast("int64").to_numpy() // 3600).tolist()
    found: dict[str, dict[int, float]] = {}
    names = zip(*(table[name].to_pylist() for name in route.keys), strict=True)
    for (code, kind), hour, value in zip(names, hours, table["value"].to_pylist(), strict=True):
        found.setdefault(f"{code} {kind}", {})[hour] = value
    return found


def test_what_was_drawn_is_what_is_written_whatever_happened(tmp_path: Path) -> None:
    chance, world = Random(7), synthetic_files(now=NOW)
    with Emulator(synthetic(now=NOW), files=world, faults=FAULTS, quirks=QUIRKS) as server:
        killed = tmp_path / "killed"
        for _ in range(KILLS):
            process, goal = start(server, killed), written(killed) + chance.randrange(1, 4)
            moved = soon(lambda: written(killed) >= goal or process.poll() is not None, 300)  # noqa: B023
            ended = process.poll()
            if ended is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            assert (moved, ended) == (True, None), killed.with_suffix(".err").read_text()[-2000:]
            assert not (killed / "_SUCCESS").exists()
        assert start(server, killed).wait(600) == 0, killed.with_suffix(".err").read_text()[-2000:]
    assert not list((killed / "raw" / "files").rglob("partial/*"))
    with Emulator(synthetic(now=NOW), files=world) as server:
        for name, workers in (("one", 1), ("two", 2)):
            out = tmp_path / name
            many = (f"--direct_num_workers={workers}", "--direct_running_mode=multi_processing")
            assert start(server, out, *many).wait(600) == 0
            assert digests(out) == digests(killed) != {}, name
    for route in ROUTES.values():
        assert loaded(killed, route) == drawn(world, route), route.id
