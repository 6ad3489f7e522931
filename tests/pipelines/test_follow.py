# SPDX-License-Identifier: Apache-2.0
"""Following: an output that is kept up through revisions, outages and kills is that of a load from nothing."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pyarrow.parquet as pq
import pytest

from eia930.account.model import Newest
from eia930.emulator import Emulator, Faults, RowSource, synthetic
from eia930.reference.hours import parse_hour
from eia930.store.storage import Storage
from pipelines.follow import main
from pipelines.following.loop import STOPPED, Follow
from pipelines.following.metrics import Metrics, served
from pipelines.following.process import Ended
from pipelines.following.schedule import Schedule, wait_until
from pipelines.following.update import Update, line
from tests.flink.waiting import soon
from tests.pipelines.following import Moved, Moving, in_this_process

ROOT = Path(__file__).resolve().parents[2]
BEGIN = datetime(2024, 1, 20, 3, 20, tzinfo=UTC)
PACE = ("--requests_per_hour=1000000", "--burst_per_second=1000", "--tries=2")
ASKED = ("--regions=PACW,AVA", "--start=2023-12-01", "--formats=parquet", "--source=api")
TIDY = "tidy/region-data/respondent=PACW/part-00000.parquet"


@pytest.fixture(scope="module")
def rows() -> RowSource:
    return synthetic(now=parse_hour("2024-03-01T00"))


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EIA_API_KEY", "key")


def killed(flags: tuple[str, ...], after: float) -> Ended:
    """A load that is killed with -9 some seconds after its start."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pipelines.historical", *flags],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return Ended(process.wait(after), "")
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return Ended(process.wait(), "killed")


def following(
    server: Emulator, out: Path, clock: Moved, *, instead: Callable[[int, tuple[str, ...]], Ended | None]
) -> tuple[int, list[Update]]:
    """Follow until the clock's time is over."""
    told: list[Update] = []
    flags = (f"--api_url={server.url}", f"--output={out}", *ASKED, *PACE)

    def other(number: int) -> Ended | None:
        return instead(number, (*flags, f"--end={clock.now() + timedelta(hours=1):%Y-%m-%dT%H}"))

    updating = in_this_process(clock, other)
    follow = Follow(
        Storage.at(str(out)), flags, clock, Schedule(15, Random(1).random), updating, told.append, lambda: False
    )
    return follow.run(), told


@pytest.mark.slow
def test_half_a_day_of_updates_with_an_outage_and_kills_is_a_load_from_nothing(rows: RowSource, tmp_path: Path) -> None:
    clock, out, chance = Moved(BEGIN, BEGIN + timedelta(hours=12)), tmp_path / "out", Random(7)
    source = Moving(rows, clock)
    with Emulator(source) as server, Emulator(source, port=0) as other:

        def instead(number: int, flags: tuple[str, ...]) -> Ended | None:
            if number in (2, 8):
                return killed(flags, chance.uniform(1.0, 9.0))
            # Hours in which nobody answers.
            return Ended(3, "cannot go on") if 4 <= number < 7 else None

        code, told = following(server, out, clock, instead=instead)
        assert code == STOPPED
        assert {one.exit for one in told} <= {0, 3, -9}
        # One failed update is followed by one soon, not an hour later.
        assert len(told) >= 12
        assert told[0].new_hours > 4 * 1000
        assert sum(one.new_hours for one in told[1:]) >= 2 * 4 * 8
        assert sum(one.revised for one in told) > 0
        assert told[-1].exit == 0
        again, fresh = tmp_path / "again", tmp_path / "fresh"
        shutil.copytree(out / "raw/eia", again / "raw/eia")
        shutil.copy(out / "raw/origin", again / "raw/origin")
        for place in (again, fresh):
            short = Moved(clock.at, clock.at)
            assert following(other, place, short, instead=lambda *_: None)[0] == STOPPED
    assert (again / TIDY).read_bytes() == (out / TIDY).read_bytes()
    kept, new = (pq.read_table(place / TIDY, partitioning=None) for place in (out, fresh))
    assert kept.drop_columns("retrieved_at").equals(new.drop_columns("retrieved_at"))


def test_days_in_which_nobody_answers_are_caught_up(rows: RowSource, tmp_path: Path) -> None:
    clock, out = Moved(BEGIN), tmp_path / "out"
    with Emulator(Moving(rows, clock)) as server:
        clock.until = clock.at
        assert following(server, out, clock, instead=lambda *_: None)[1][0].exit == 0
        clock.at += timedelta(days=3)
        clock.until = clock.at
        (update,) = following(server, out, clock, instead=lambda *_: None)[1]
    assert (update.exit, update.new_hours) == (0, 2 * 4 * 72)
    assert update.newest == (Newest("region-data", "2024-01-23T02", 1),)
    assert "576 new hours" in line(update)
    assert "region-data to 2024-01-23T02, 1 h late" in line(update)


def test_updates_come_at_a_minute_and_sooner_after_one_that_could_not_go_on() -> None:
    schedule = Schedule(15, lambda: 0.5)
    assert schedule.after(BEGIN) == BEGIN.replace(hour=4, minute=16)
    assert schedule.after(BEGIN.replace(minute=2)) == BEGIN.replace(minute=16)
    assert schedule.after(BEGIN, soon=True) == BEGIN + timedelta(minutes=5)


def test_a_clock_that_is_set_back_makes_no_wait_longer_than_an_hour() -> None:
    class SetBack(Moved):
        def wait(self, seconds: float) -> bool:
            if self.at == BEGIN:
                self.at -= timedelta(days=2)
            return super().wait(seconds)

    clock = SetBack(BEGIN)
    assert not wait_until(clock, BEGIN + timedelta(minutes=30))
    assert clock.at < BEGIN - timedelta(days=2) + timedelta(minutes=62)


def test_a_question_that_is_wrong_ends_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words, said in (
        (("--end=2024-01-01",), "--end"),
        (("--as_of=2024-01-01",), "--as_of"),
        (("--minute=77",), "--minute 77"),
        (("--regions=NOBODY",), "NOBODY"),
        (("--metrics_port=all",), "--metrics_port all"),
    ):
        assert main([f"--output={tmp_path / 'out'}", "--once", *words]) == 2
        assert said in capsys.readouterr().err.splitlines()[-1]


def test_who_follows_does_not_ask_for_all_of_it_every_hour(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--refresh"]) == 2
    assert "say --once, or --revisit_days" in capsys.readouterr().err


def begun(server: Emulator, out: Path, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "pipelines.follow", f"--api_url={server.url}", f"--output={out}"]
    return subprocess.Popen(
        [*command, *ASKED, *PACE, *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_term_ends_it_within_ten_seconds_and_a_second_one_is_refused(rows: RowSource, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with Emulator(rows, now=parse_hour("2024-01-20T03"), latency=(3.0, 0.0)) as server:
        first = begun(server, out, "--hours_per_request=100", "--max_in_flight=1")
        try:
            assert soon(lambda: len(server.requests) > 0, 60)
            second = begun(server, out)
            said = second.communicate(timeout=60)[1]
            assert (second.returncode, "another run works on" in said) == (3, True)
            first.send_signal(signal.SIGTERM)
            out_said, err = first.communicate(timeout=15)
        finally:
            if first.poll() is None:
                os.killpg(first.pid, signal.SIGKILL)
    assert first.returncode == 130
    assert "Traceback" not in err
    assert "exit 130" in out_said or "exit -" in out_said


def test_once_is_one_update_with_its_line_of_json(rows: RowSource, tmp_path: Path) -> None:
    with Emulator(rows, now=parse_hour("2024-01-20T03")) as server:
        process = begun(server, tmp_path / "out", "--once", "--log_format=json", "--metrics_port", "0")
        said = process.communicate(timeout=120)[0]
    assert process.returncode == 0
    (told,) = map(json.loads, said.splitlines())
    assert (told["exit"], told["failed"], told["newest"][0]["route"]) == (0, 0, "region-data")
    assert told["new_hours"] > 0


def test_an_update_that_could_not_have_all_says_what_failed(rows: RowSource, tmp_path: Path) -> None:
    with Emulator(rows, now=parse_hour("2024-01-20T03"), faults=Faults(fail_windows=("PACW:2023-12-05T00",))) as server:
        process = begun(server, tmp_path / "out", "--once", "--tries=1")
        said = process.communicate(timeout=120)[0]
    assert process.returncode == 1
    assert re.match(r"\S+Z  exit 1: .*status 503.*; [\d,]+ new hours", said), said


def test_it_begins_with_what_a_load_says_as_it_begins(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    words = ["--source=emulator", "--regions=PACW", "--types=D", f"--start={datetime.now(UTC):%Y-%m-%d}"]
    assert main([*words, f"--output={out}", "--once"]) == 0
    said = capsys.readouterr().err
    assert "SYNTHETIC DATA" in said
    assert f"from the embedded emulator into {out}" in said


def test_prometheus_and_a_health_check_read_what_came_of_the_updates() -> None:
    pytest.importorskip("prometheus_client")
    clock, metrics = Moved(BEGIN), Metrics(BEGIN)
    update = Update(BEGIN, 0, 40.0, 12, 3, 5, 1, 2, 1000, 10.0, 0.9, (Newest("region-data", "2024-01-20T02", 1),))
    with served(metrics, "127.0.0.1", 0, clock.now) as port:
        metrics.take(update)
        told = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics").read().decode()
        for said in (
            'eia930_lag_hours{route="region-data"} 1.0',
            "eia930_requests_total 5.0",
            "eia930_retries_total 1.0",
            "eia930_failures_total 2.0",
            "eia930_rate_share 0.9",
            "eia930_rows 1000.0",
            'eia930_seconds{stage="rest"} 30.0',
            'eia930_updates_total{exit="0"} 1.0',
        ):
            assert said in told
        assert urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz").read() == b"ok\n"
        clock.at += timedelta(hours=4)
        with pytest.raises(urllib.error.HTTPError, match="503"):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz")
    assert not any(thread.name == "metrics" for thread in threading.enumerate())


def test_the_help_names_no_flag_that_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    words = capsys.readouterr().out.split()
    assert {"--start", "--minute", "--metrics_port"} <= {*words}
    assert not {*words} & {"--end", "--as_of", "--raw", "--dry_run"}
