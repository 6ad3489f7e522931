# SPDX-License-Identifier: Apache-2.0
"""A record kept up hour after hour while people read it, killed at random moments: what was and what is stays true.

`make test-month` takes thirty days of hourly updates with fifty kills; UPDATES=720 says so.
"""

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from threading import Event, Thread
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import eia930
from eia930.emulator import Emulator, synthetic
from eia930.reference.hours import parse_hour, stamp
from eia930.store.objects import EARLIER
from eia930.store.run import KEEP_HOURS
from eia930.store.storage import Storage
from tests.flink.waiting import soon
from tests.storage.publishing import content_of, opened
from tests.storage.revising import SETTLED, Revising

pytestmark = pytest.mark.slow
UPDATES = int(os.environ.get("UPDATES", "16"))
KILLS, KEPT = max(3, UPDATES * 50 // 720), max(2, UPDATES * 10 // 720)
BEGIN = parse_hour("2024-01-10T00")
ASKED = ("--regions=PACW,AVA", "--routes=all", "--start=2023-09-01", "--formats=parquet,tfrecord", "--quota=none")
LAST = BEGIN + UPDATES
CUTS = ("--validation_start=2023-11-15", "--test_start=2023-12-15")
LOAD = "import sys; from datetime import datetime; from pipelines.historical import load; "
LOAD += "sys.exit(load(sys.argv[2:], now=datetime.fromisoformat(sys.argv[1])))"


@dataclass
class Record:
    """An output that is kept up from a server whose clock each update finds an hour later."""

    output: str
    disk: Path
    """Where what is written lies in the end, of a bucket too."""
    told: Path
    """Where updates say what they have to say."""
    rows: Any
    chance: Random = field(default_factory=lambda: Random(11))
    requests: int = 0

    @contextmanager
    def updating(self, hour: int) -> Iterator["subprocess.Popen[bytes]"]:
        """An update at the end of `hour`, in a process of its own."""
        with Emulator(Revising(self.rows, hour), now=hour) as server:
            ours = [*ASKED, *CUTS, f"--api_url={server.url}", "--api_key=env:KEPT_UP_KEY", f"--output={self.output}"]
            with self.told.open("wb") as told:
                process = subprocess.Popen(
                    [sys.executable, "-c", LOAD, moment(hour), *ours],
                    env={**os.environ, "KEPT_UP_KEY": "0123456789abcdef"},
                    stdout=subprocess.DEVNULL,
                    stderr=told,
                    start_new_session=True,
                )
            try:
                yield process
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                self.requests += len(server.requests)
                self._date(hour)

    def update(self, hour: int) -> None:
        with self.updating(hour) as process:
            code = process.wait()
        assert code == 0, self.told.read_text()

    def update_and_kill(self, hour: int) -> bool:
        """Whether it was killed before it was done."""
        with self.updating(hour) as process:
            goal = self.objects() + self.chance.randrange(1, 10)
            soon(lambda: self.objects() >= goal or process.poll() is not None, 120)
            done = process.poll()
        assert done in (None, 0)
        return done is None

    def _date(self, hour: int) -> None:
        """What an update stored is as old as it would be if its clock were the disk's.

        What it superseded too: it stays for as many updates as hours are said, not for all that fit into them here.
        """
        then = hour * 3600 - 10
        for path in (self.disk / "raw" / "eia").rglob("*.zst"):
            if path.stat().st_mtime > then:
                os.utime(path, (then, then))
        for path in sorted((self.disk / EARLIER).glob("2*.json"))[:-KEEP_HOURS]:
            path.rename(path.with_name(f"1{path.name[1:]}"))

    def objects(self) -> int:
        """How many there are below the output: they grow as an update goes on."""
        return sum(1 for _ in Storage.at(self.output).list(""))

    def beside(self, place: Path) -> "Record":
        """Another output of the same rows, in a folder."""
        return Record(str(place), place, self.told, self.rows)

    def sums(self) -> dict[str, str]:
        """sha256 of all that is of hours, by path."""
        storage = Storage.at(self.output)
        keys = [one.key for name in ("tidy", "blocks", "tfds", "revisions") for one in storage.list(name)]
        return {key: hashlib.sha256(storage.get(key)).hexdigest() for key in keys}


@dataclass
class Readers:
    """Four who read an output again and again; what they met that should not be."""

    output: str
    met: list[str] = field(default_factory=list)
    passes: dict[str, int] = field(default_factory=dict)
    _stop: Event = field(default_factory=Event)

    @contextmanager
    def reading(self) -> Iterator[None]:
        readers: tuple[Callable[[], None], ...] = (self.parquet, self.tfrecord, self.tidy, self.report)
        threads = [Thread(target=self._loop, args=(one,)) for one in readers]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def _loop(self, read: Callable[[], None]) -> None:
        name = read.__name__
        while not self._stop.wait(0.5):
            try:
                read()
            except Exception as error:
                self.met.append(f"{name}: {error!r}")
            self.passes[name] = self.passes.get(name, 0) + 1

    def parquet(self) -> None:
        self._blocks("blocks/panel")

    def tfrecord(self) -> None:
        self._blocks("tfds/eia930/panel/1.0.0")

    def _blocks(self, folder: str) -> None:
        blocks = opened(f"{self.output}/{folder}")
        assert content_of(blocks) == content_of(blocks)

    def tidy(self) -> None:
        table = eia930.hours(self.output, regions=["PACW"], kinds=["D"])
        assert table.num_rows > 24 * 100

    def report(self) -> None:
        storage = Storage.at(self.output)
        hours = json.loads(storage.get("report.json"))["hours"]
        assert hours["asked"] == hours["present"] + hours["null"] + hours["missing"]
        assert bytes(storage.get("report/index.html")).rstrip().endswith(b"</html>")


def moment(hour: int) -> str:
    """Half a minute before an hour ends, by the clock of whoever asks."""
    return (datetime.fromtimestamp(hour * 3600, UTC) - timedelta(seconds=30)).isoformat()


def rows(output: str) -> dict[str, pa.Table]:
    """Every row of tidy, by file; not when it was retrieved."""
    storage = Storage.at(output)
    keys = sorted(one.key for one in storage.list("tidy") if one.key.endswith(".parquet"))
    read = {key: pq.read_table(pa.BufferReader(storage.get(key)), use_threads=False) for key in keys}
    return {key: table.drop_columns(["retrieved_at"]) for key, table in read.items()}


@pytest.fixture(params=["folder", "bucket"])
def record(request: pytest.FixtureRequest, tmp_path: Path) -> Record:
    output, disk = str(tmp_path / "kept"), tmp_path / "kept"
    if request.param == "bucket":
        output, disk = f"{request.getfixturevalue('bucket')}/kept", request.getfixturevalue("backing") / "kept"
    return Record(output, disk, tmp_path / "told", synthetic(now=LAST + 2 * SETTLED))


def test_hourly_updates_under_kills_and_readers(record: Record, tmp_path: Path) -> None:
    record.update(BEGIN)
    first, record.requests = record.requests, 0
    moments = set(record.chance.sample(range(BEGIN + 1, LAST), KEPT))
    killed_at = set(record.chance.sample(sorted(set(range(BEGIN + 1, LAST)) - moments), KILLS))
    kept: dict[int, dict[str, str]] = {}
    killed = 0
    readers = Readers(record.output)
    with readers.reading():
        for hour in range(BEGIN + 1, LAST):
            if hour in killed_at:
                killed += record.update_and_kill(hour)
                continue
            record.update(hour)
            if hour in moments:
                kept[hour] = record.sums()
    assert readers.met == []
    assert min(readers.passes.values()) > UPDATES // 4
    assert killed > KILLS // 2
    assert record.requests / UPDATES <= min(20, first)

    end = LAST + 2 * SETTLED
    record.update(end)
    anew = record.beside(tmp_path / "anew")
    anew.update(end)
    assert rows(record.output) == rows(anew.output)
    for hour, sums in kept.items():
        then = record.beside(tmp_path / f"then{hour}")
        past = [f"--as_of={stamp(hour)}", f"--raw={record.output}", f"--output={then.output}"]
        done = subprocess.run([sys.executable, "-c", LOAD, moment(end), *past], capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        assert then.sums() == sums, stamp(hour)
