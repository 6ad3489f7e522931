# SPDX-License-Identifier: Apache-2.0
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from select import select

import msgspec
import pytest

from eia930.errors import Superseded
from eia930.store import lease
from eia930.store.lease import Lease, Owner, acquire, news_of
from eia930.store.storage import Storage


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage.at(str(tmp_path))


class Counted(msgspec.Struct, frozen=True):
    """Some news."""

    n: int


def take(storage: Storage, run: str = "a", *, take_over: bool = False) -> Lease:
    return acquire(storage, "run", Owner.here(run), take_over=take_over, pause=lambda _: None)


_HOLD = """
import sys, time
from eia930.errors import Superseded
from eia930.store.lease import Owner, acquire
from eia930.store.storage import Storage
storage = Storage.at(sys.argv[1])
while time.time() < float(sys.argv[3]): pass
try:
    held = acquire(storage, "run", Owner.here(sys.argv[2]), take_over=sys.argv[4] == "over", pause=time.sleep)
except Superseded as error:
    print("refused", error, flush=True)
    sys.exit(0)
print("won", held.epoch, flush=True)
try:
    while True:
        held.beat()
        time.sleep(0.1)
except Superseded as error:
    print("told", error, flush=True)
    sys.stdin.readline()
    held.release()
"""


class Holders:
    """Processes that try to take the lease, and beat it while they hold it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[subprocess.Popen[str]] = []

    def start(self, name: str = "x", *, at: float = 0.0, over: bool = False) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", _HOLD, str(self.folder), name, str(at), "over" if over else "no"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.started.append(process)
        return process


@pytest.fixture
def holders(tmp_path: Path) -> Iterator[Holders]:
    found = Holders(tmp_path)
    yield found
    for process in found.started:
        process.kill()
        process.communicate()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_of_many_processes_exactly_one_wins(holders: Holders) -> None:
    at = time.time() + 1.5
    words = [said(process) for process in [holders.start(str(i), at=at) for i in range(6)]]
    assert sorted(word.split()[0] for word in words) == ["refused"] * 5 + ["won"]


def test_a_killed_holder_is_no_obstacle(holders: Holders, storage: Storage) -> None:
    first = holders.start()
    assert said(first) == "won 1"
    with pytest.raises(Superseded, match=f"process {first.pid} on"):
        take(storage)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    before = time.monotonic()
    assert take(storage).epoch == 2
    assert time.monotonic() - before < lease.SILENCE / 2


def test_a_zombie_is_gone_too(holders: Holders, storage: Storage) -> None:
    first = holders.start()
    assert said(first) == "won 1"
    os.kill(first.pid, signal.SIGKILL)
    os.waitid(os.P_PID, first.pid, os.WEXITED | os.WNOWAIT)
    assert take(storage).epoch == 2


def test_taking_over_tells_the_old_one_and_waits_for_it(holders: Holders) -> None:
    first = holders.start("first")
    assert said(first) == "won 1"
    second = holders.start("second", over=True)
    assert said(first).startswith("told another run has taken over")
    assert second.stdout is not None
    assert not select([second.stdout], [], [], 0)[0]
    # It lets go when it is told to; the second comes only then.
    first.communicate("\n")
    assert first.returncode == 0
    assert said(second) == "won 2"


def test_a_holder_that_was_suspended_goes_on_if_nobody_came(storage: Storage) -> None:
    held = take(storage)
    held.beat(Counted(1))
    assert news_of(storage, "run", Counted) == Counted(1)


def test_a_holder_that_was_suspended_stops_if_another_came(storage: Storage) -> None:
    held = take(storage)
    storage.create(f"{lease.ROOT}/run/000002.owner", msgspec.json.encode(Owner.here("b")))
    with pytest.raises(Superseded):
        held.beat()


def test_letting_go(storage: Storage) -> None:
    for epoch in (1, 2, 3):
        held = take(storage)
        assert held.epoch == epoch
        held.beat(Counted(epoch))
        held.release()
    names = sorted(entry.key.rsplit("/", 1)[-1] for entry in storage.list(f"{lease.ROOT}/run"))
    assert names == [f"00000{epoch}.{what}" for epoch in (2, 3) for what in ("beat", "done", "owner")]


def test_an_owner_elsewhere_counts_while_it_beats(storage: Storage) -> None:
    """On another host only the beat tells: silence for long frees the folder, one beat keeps it."""
    there = Owner("far", "elsewhere", 1, "1")
    storage.put(f"{lease.ROOT}/run/000001.owner", msgspec.json.encode(there))
    beats: list[float] = []

    def beating(seconds: float) -> None:
        beats.append(seconds)
        storage.put(f"{lease.ROOT}/run/000001.beat", str(len(beats)).encode())

    with pytest.raises(Superseded, match="process 1 on elsewhere"):
        acquire(storage, "run", Owner.here("a"), take_over=False, pause=beating)
    assert beats == [lease.BEAT]


def test_an_owner_elsewhere_that_is_silent_is_gone(storage: Storage) -> None:
    storage.put(f"{lease.ROOT}/run/000001.owner", msgspec.json.encode(Owner("far", "elsewhere", 1, "1")))
    passed = [0.0]

    def pause(seconds: float) -> None:
        passed[0] += seconds

    held = acquire(storage, "run", Owner.here("a"), take_over=False, pause=pause, clock=lambda: passed[0])
    assert held.epoch == 2
    assert lease.SILENCE <= passed[0] < lease.SILENCE + 2 * lease.BEAT


def test_a_recycled_process_id_is_another_process() -> None:
    me = Owner.here("a")
    assert me.alive is True
    assert Owner("a", me.host, me.pid, "0").alive is False
    assert Owner("a", me.host, 2**22 - 3, me.born).alive is False
    assert Owner("a", "elsewhere", me.pid, me.born).alive is None


def test_a_file_managers_files_are_passed_over(storage: Storage) -> None:
    for name in (".DS_Store", "Thumbs.db", "x.owner", "000009.txt"):
        storage.put(f"{lease.ROOT}/run/{name}", b"x")
    assert take(storage).epoch == 1
    assert news_of(storage, "run", Counted) is None


def test_news_that_cannot_be_read_are_none(storage: Storage) -> None:
    held = take(storage)
    storage.put(f"{lease.ROOT}/run/000001.beat", b"half")
    assert news_of(storage, "run", Counted) is None
    held.release()
