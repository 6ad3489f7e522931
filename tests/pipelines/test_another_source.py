# SPDX-License-Identifier: Apache-2.0
"""A source that is no API: one download serves many respondents and two routes, and no request has hours."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow.parquet as pq
import pytest

from eia930.question.plan import plan
from eia930.question.span import Span
from eia930.reference.hours import parse_hour, stamp
from eia930.sources.columns import Columns, Row, Stored
from eia930.sources.fetched import Fetched, Tally
from eia930.sources.matrix import Matrix
from eia930.sources.members import SOURCES
from eia930.sources.source import Estimate, Source, Terms
from eia930.store.run import Run
from eia930.store.storage import Storage
from pipelines import verify
from pipelines.historical import build
from pipelines.options.settings import LoadSettings, settings
from pipelines.running.before.dry_run import dry_run
from pipelines.running.session import drive, load_program

TABLE = "raw/table/whole.csv"
KINDS = {"region-data": ("D",), "fuel-type-data": ("WND",)}
FIRST, HOURS = parse_hour("2023-01-01T00"), 48
AT = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Table:
    """One file of a made-up publisher: hour, respondent, demand, wind."""

    name: str = "table"
    requests_per_hour: int | None = None
    refresh: bool = False
    quota: str = "none"

    @classmethod
    def on(cls, terms: Terms) -> Self:
        return cls()

    @property
    def origins(self) -> tuple[str, ...]:
        return ("tables.example",)

    @classmethod
    def stored(cls, storage: Storage) -> Iterable[str]:
        return [TABLE] if storage.exists(TABLE) else []

    @classmethod
    def fault(cls, storage: Storage, key: str) -> tuple[str, str] | None:
        return None if storage.get(key).count(b"\n") == 2 * HOURS - 1 else ("is cut", "remove it, and load again")

    def at(self, url: str) -> Self:
        return self

    def check_here(self) -> None:
        pass

    def check_elsewhere(self) -> tuple[str, ...]:
        return ()

    def plan_size(self, spans: Sequence[Span]) -> int:
        return 1

    def estimate(self, storage: Storage, spans: Sequence[Span]) -> Estimate:
        stored = storage.exists(TABLE)
        return Estimate(1, int(not stored), int(stored), "for a whole file", "at once")

    def counting(self, storage: Storage, spans: Sequence[Span]) -> str:
        return self.estimate(storage, spans).words

    def fetch(self, storage: Storage, spans: Sequence[Span], run: Run) -> Fetched:
        if storage.exists(TABLE):
            return Fetched(Tally(), 1, 0, (), "", "")
        lines = [f"{stamp(FIRST + h)},{code},{100 + h},{h}" for code in ("PACW", "BPAT") for h in range(HOURS)]
        storage.put(TABLE, "\n".join(lines).encode())
        tally = Tally(sent=1, answered=1, rows=2 * len(lines), hours=sum(span.hours for span in spans))
        return Fetched(tally, 0, 0, (), "", "")

    def count(self, storage: Storage, spans: Sequence[Span], run: Run) -> tuple[Fetched, list[Matrix]]:
        raise NotImplementedError

    def columns(self, storage: Storage, span: Span) -> Iterator[Stored]:
        ((_, columns, _),) = self.verbatim(storage, span, [TABLE])
        yield Stored(TABLE, FIRST, FIRST + HOURS - 1, KINDS[span.route], columns, AT)

    def verbatim(self, storage: Storage, span: Span, names: Sequence[str]) -> Iterator[tuple[str, Columns, list[Row]]]:
        (name,) = names
        rows = [row for row in csv.reader(io.StringIO(storage.get(name).decode())) if row[1] == span.respondent]
        hours = np.array([parse_hour(row[0]) for row in rows], np.int64)
        values = np.array([float(row[2 if span.route == "region-data" else 3]) for row in rows])
        columns = Columns(len(rows), hours, np.zeros(len(rows), np.int32), KINDS[span.route], values)
        yield name, columns, [",".join(row) for row in rows]


def asked(out: Path) -> LoadSettings:
    words = ["--regions=PACW,BPAT", "--routes=region-data,fuel-type-data", "--start=2023-01-01", "--end=2023-01-03"]
    todo = settings([*words, "--source=emulator", "--formats=parquet", f"--output={out}"], now=AT)
    source: Source = Table()
    return replace(todo, source=source, embedded=False)


def test_it_is_loaded_by_the_same_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    todo = asked(tmp_path)
    spans = plan(todo.question)
    assert dry_run(todo, spans) == 0
    assert "about 1 for a whole file; about 1 still to ask: at once" in capsys.readouterr().out
    for sent in (1, 0):
        assert drive(todo, spans, load_program(build)) == 0
        assert f"{sent:,} sent" in capsys.readouterr().out
    for route, kind, first in (("region-data", "D", 100.0), ("fuel-type-data", "WND", 0.0)):
        for code in ("PACW", "BPAT"):
            table = pq.ParquetFile(tmp_path / f"tidy/{route}/respondent={code}/part-00000.parquet").read()
            assert table["value"].to_pylist() == [first + hour for hour in range(HOURS)]
            assert set(table["source"].to_pylist()) == {"table"}
            assert set(table["series_id"].to_pylist()) == {
                f"EBA.{code}-ALL.D.H" if kind == "D" else f"EBA.{code}-ALL.NG.WND.H"
            }
    assert (tmp_path / "raw/origin").read_text() == "tables.example"


@pytest.fixture
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    monkeypatch.setitem(SOURCES, "table", Table)
    todo = asked(tmp_path)
    assert drive(todo, plan(todo.question), load_program(build)) == 0
    assert "page fill" not in capsys.readouterr().out
    return tmp_path


def test_its_answers_are_verified(loaded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify.main([f"--output={loaded}"]) == 0
    assert "1 stored answers" in capsys.readouterr().out
    (loaded / TABLE).write_text("cut")
    assert verify.main([f"--output={loaded}"]) == 1
    assert f"{TABLE} is cut (remove it, and load again)" in capsys.readouterr().out
