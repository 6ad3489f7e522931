# SPDX-License-Identifier: Apache-2.0
"""However many programs ask with one key, and however they end, their starts together keep one pace."""

import os
import signal
import subprocess
import sys
import time
from bisect import bisect_right
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eia930.sources.quota import SharedPace, quota_name
from eia930.store.storage import Storage
from eia930.store.swapped import Swapped

ASKS = """
import sys, time
from eia930.sources.quota import SharedPace
from eia930.store.storage import Storage
from eia930.store.swapped import Swapped
pace = SharedPace(Swapped(Storage.at(sys.argv[1]), "key"), per_hour=180_000, per_second=20)
while True:
    delay = pace.wait()
    if delay > 0:
        time.sleep(delay)
        continue
    pace.start()
    print(f"{time.time():.6f}", flush=True)
"""


@dataclass(slots=True)
class Clock:
    now: float = 1.7e9

    def __call__(self) -> float:
        return self.now


def most_within(starts: list[float], seconds: float) -> int:
    """The most starts in any rolling window of so many seconds, both ends included."""
    return max((bisect_right(starts, start + seconds) - i for i, start in enumerate(starts)), default=0)


def pace(folder: Path | str, clock: Clock | None = None, **limits: float) -> SharedPace:
    chosen = {"per_hour": 6300, "per_second": 3} | limits
    booking = Swapped(Storage.at(str(folder)), "key")
    return SharedPace(booking, **chosen, **({"clock": clock} if clock else {}))  # type: ignore[arg-type]


@given(
    st.integers(2, 4),
    st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.floats(0, 0.4)), min_size=20, max_size=120),
    st.sampled_from(((6300, 3), (3600, 1), (100, 1), (40, 3), (180_000, 20))),
)
@settings(max_examples=25)
def test_starts_of_all_keep_the_limits(
    programs: int, turns: list[tuple[int, bool, float]], limits: tuple[int, int]
) -> None:
    """Programs take turns in any order, begin anew (as after a kill) and dawdle before they start."""
    per_hour, per_second = limits
    clock, starts = Clock(), []
    with TemporaryDirectory() as folder:
        all_of_them = [pace(folder, clock, per_hour=per_hour, per_second=per_second) for _ in range(programs)]
        for who, killed, idle in turns:
            who %= programs
            if killed:
                all_of_them[who] = pace(folder, clock, per_hour=per_hour, per_second=per_second)
            delay = all_of_them[who].wait()
            if delay > 0:
                clock.now += delay / 2
                continue
            all_of_them[who].start()
            starts.append(clock.now)
            clock.now += idle
    assert most_within(starts, 1.0) <= per_second
    assert most_within(starts, 3600.0) <= per_hour


def test_one_alone_loses_nothing_by_sharing(tmp_path: Path) -> None:
    clock, starts = Clock(), 0
    mine = pace(tmp_path, clock)
    begin = clock.now
    while starts < 700:
        delay = mine.wait()
        clock.now += delay
        if not delay:
            mine.start()
            starts += 1
    assert starts / (clock.now - begin) * 3600 == pytest.approx(6300, rel=0.005)


def test_a_pause_that_the_server_asks_for_holds_all(tmp_path: Path) -> None:
    clock = Clock()
    one, other = pace(tmp_path, clock), pace(tmp_path, clock)
    one.hold(30.0)
    assert other.wait() == pytest.approx(30.0, abs=0.01)
    clock.now += 30.0
    assert other.wait() == 0.0


def test_a_clock_that_was_days_ahead_is_not_waited_for(tmp_path: Path) -> None:
    ahead, clock = Clock(1.7e9 + 86_400 * 3), Clock()
    wrong = pace(tmp_path, ahead)
    assert wrong.wait() == 0.0
    wrong.start()
    assert pace(tmp_path, clock).wait() == 0.0


def test_a_booking_that_is_damaged_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "key").mkdir()
    (tmp_path / "key" / "0000000007").write_bytes(b"\x00nonsense")
    assert pace(tmp_path).wait() == 0.0
    assert len(list((tmp_path / "key").iterdir())) == 2


def test_the_name_tells_nothing_of_the_key() -> None:
    name = quota_name("https://api.eia.gov/v2", "a-secret-key-of-mine")
    assert "secret" not in name
    assert name != quota_name("https://api.eia.gov/v2", "another")
    assert name == quota_name("https://api.eia.gov/v2", "a-secret-key-of-mine")


def test_real_processes_share_one_pace_kills_included(tmp_path: Path) -> None:
    """Three processes for four seconds, one of them killed with -9 and started again."""
    command = [sys.executable, "-c", ASKS, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) for _ in range(3)]
    heard: list[str] = []
    try:
        for process in running:
            assert process.stdout is not None
            heard.append(process.stdout.readline())
        os.kill(running[0].pid, signal.SIGKILL)
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment))
        until = time.monotonic() + 4
        while time.monotonic() < until:
            assert running[1].stdout is not None
            heard.append(running[1].stdout.readline())
    finally:
        for process in running:
            process.kill()
            told, _ = process.communicate()
            heard += told.splitlines()
    starts = sorted(float(line) for line in heard if line.strip())
    assert len(starts) > 20
    assert most_within(starts, 1.0) <= 20


def one_more(own: str, old: bytes | None) -> bytes:
    return f"{int((old or b'0').split()[0]) + 1} {own}".encode()


@given(st.integers(1, 6))
@settings(max_examples=5)
def test_each_change_sees_the_one_before(threads: int) -> None:
    with TemporaryDirectory() as folder:
        shared = Swapped(Storage.at(folder), "count")

        def more(me: int) -> None:
            for turn in range(10):
                shared.change(partial(one_more, f"{me} {turn}"))

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(more, range(threads)))
        assert (shared.read() or b"").split()[0] == str(10 * threads).encode()
