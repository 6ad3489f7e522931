# SPDX-License-Identifier: Apache-2.0
"""A record that is kept up hour by hour: few objects, and the same bytes as if each answer lay by itself."""

import os
import shutil
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from eia930.account.verification import faults, parts_of
from eia930.emulator import Emulator, synthetic
from eia930.question.span import Span
from eia930.record.assembly import Screening, assemble
from eia930.reference.hours import parse_hour
from eia930.screening.flags import FLAGS
from eia930.screening.methods import screen_series
from eia930.sources.api.folds.folding import LEAST
from eia930.sources.api.folds.shelf import packed_bytes
from eia930.sources.api.responses import held_in
from eia930.sources.api.source import ApiSource
from eia930.sources.fetched import Fetched
from eia930.sources.past.source import PastSource
from eia930.sources.patience import Clocks
from eia930.store.lease import Owner
from eia930.store.run import Run
from eia930.store.storage import Storage
from tests.storage.revising import Revising

FIRST, BEGIN = parse_hour("2023-12-20T00"), parse_hour("2024-01-10T00")
UPDATES = LEAST + 4
GROUPS = (("region-data", "PACW"), ("fuel-type-data", "PACW"))
ROWS = synthetic(now=BEGIN + UPDATES + 10)
SCREENING = Screening(FLAGS, screen_series)


def spans(hour: int) -> list[Span]:
    return [Span(route, respondent, FIRST, hour, density=3.0) for route, respondent in GROUPS]


def source(url: str, hour: int) -> ApiSource:
    return ApiSource(url, "none:", requests_per_hour=None, clocks=Clocks(unix=lambda: hour * 3600.0 - 30))


def update(storage: Storage, hour: int) -> Fetched:
    """A fetch at the end of `hour`; what it stores is dated so that the next one is a later run."""
    with Emulator(Revising(ROWS, hour), now=hour) as server:
        run = Run(Owner.here(uuid.uuid4().hex), datetime.now(UTC) + timedelta(seconds=5))
        done = source(server.url, hour).fetch(storage, spans(hour), run)
    assert (done.stopped, done.failures) == ("", ())
    assert storage.path
    for path in (storage.path / "raw/eia").rglob("*.zst"):
        if path.stat().st_mtime > hour * 3600:
            os.utime(path, (hour * 3600, hour * 3600))
    return done


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output after so many updates that answers were folded, and removed by a later run."""
    place = tmp_path_factory.mktemp("folded") / "out"
    for hour in range(BEGIN, BEGIN + UPDATES):
        update(Storage.at(str(place)), hour)
    return place


@pytest.fixture
def out(kept: Path, tmp_path: Path) -> Storage:
    return Storage.at(str(shutil.copytree(kept, tmp_path / "out")))


def apart(storage: Storage, place: Path) -> Storage:
    """The same answers, each an object of its own."""
    other = Storage.at(str(place))
    for group in GROUPS:
        for one in held_in(storage, *group):
            other.put(one.key, packed_bytes(storage, one))
            os.utime(place / one.key, (one.modified.timestamp(),) * 2)
    return other


def archives(storage: Storage) -> list[Path]:
    assert storage.path
    return sorted((storage.path / "raw/eia").rglob("folded.*.zip"))


def files(storage: Storage, source: Any) -> Iterator[tuple[str, bytes]]:
    """What is made of the stored answers of all groups."""
    for span in spans(BEGIN + UPDATES - 1):
        for file in assemble(storage, source, span, screening=SCREENING).files:
            yield file.path, storage.get(file.path)


def test_it_is_few_objects_and_the_same_bytes(out: Storage, tmp_path: Path) -> None:
    assert len(archives(out)) == len(GROUPS)
    other = apart(out, tmp_path / "apart")
    held = [one for group in GROUPS for one in held_in(other, *group)]
    there = [one for route, respondent in GROUPS for one in out.list(f"raw/eia/{route}/{respondent}")]
    assert len(held) > LEAST * len(GROUPS)
    assert len(there) < 20
    asker = source("http://127.0.0.1:1", BEGIN)
    assert dict(files(out, asker)) == dict(files(other, asker))
    for hour in (BEGIN + 5, BEGIN + UPDATES - 8):
        past, past_apart = (PastSource(asker, raw, hour * 3600, ("x",)) for raw in (out, other))
        now = Storage.at(str(tmp_path / f"then{hour}"))
        then = dict(files(now, past))
        assert then == dict(files(now, past_apart))
        assert then != dict(files(other, asker))


def test_a_rerun_asks_for_what_it_would_ask_with_each_by_itself(out: Storage, tmp_path: Path) -> None:
    other, last = apart(out, tmp_path / "apart"), BEGIN + UPDATES - 1
    told = [update(storage, hour) for storage in (out, other) for hour in (last, last + 1)]
    sent, reused = ([one.tally.sent for one in told], [one.reused for one in told])
    assert sent[:2] == sent[2:]
    assert reused[:2] == reused[2:]
    assert sum(one.damaged for one in told) == 0


@pytest.mark.parametrize(("where", "lost"), [(0.5, 1), (1.0, 0)])
def test_what_is_damaged_in_an_archive_is_told_taken_out_and_asked_again(where: float, lost: int, out: Storage) -> None:
    """A response amid it; the directory at its end."""
    before = sum(len(held_in(out, *group)) for group in GROUPS)
    count = len(parts_of(out).answers)
    path = archives(out)[0]
    data = bytearray(path.read_bytes())
    data[int(where * (len(data) - 100))] ^= 1
    path.write_bytes(data)
    (fault,) = (one for one in faults(out, parts_of(out)) if one.path.startswith("raw/"))
    assert fault.path == str(path.relative_to(str(out.path)))
    assert fault.what.startswith("is damaged: ")
    assert "put it back from a backup; or python -m pipelines.historical" in fault.mend
    again = update(out, BEGIN + UPDATES - 1)
    assert again.damaged == lost
    assert sum(len(held_in(out, *group)) for group in GROUPS) >= before - lost
    assert len(parts_of(out).answers) >= count - lost
    assert not [one for one in faults(out, parts_of(out)) if one.path.startswith("raw/")]
    assert update(out, BEGIN + UPDATES - 1).damaged == 0


def test_verify_counts_an_answer_once_wherever_it_lies(out: Storage, tmp_path: Path) -> None:
    assert parts_of(out).answers == parts_of(apart(out, tmp_path / "apart")).answers
