# SPDX-License-Identifier: Apache-2.0
"""In a load workers look over what is stored, and the dispatcher takes their word; where they cannot, it looks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from eia930.emulator import Emulator, synthetic
from eia930.errors import StorageError
from eia930.question.plan import plan
from eia930.question.span import Span
from eia930.reference.hours import parse_hour
from eia930.sources.api.source import ApiSource
from eia930.sources.api.stock.looking import Stock
from eia930.sources.fetched import Fetched
from eia930.sources.files.source import FilesSource
from eia930.sources.hybrid.source import HybridSource
from eia930.sources.session import Session
from eia930.store.lease import Owner
from eia930.store.run import Run
from eia930.store.storage import Storage
from pipelines.historical import build
from pipelines.options.settings import LoadSettings, settings
from pipelines.running.session import drive, load_program

NOW = datetime(2019, 6, 1, tzinfo=UTC)
TRUSTED: list[list[str]] = []
"""Of each time that somebody asks, the spans that workers have seen."""


@dataclass(frozen=True, slots=True)
class Watched(ApiSource):
    """Notes whose word is taken."""

    def ask(self, storage: Storage, spans: Sequence[Span], run: Run, session: Session) -> Fetched:
        TRUSTED.append(sorted(one.span for one in self.looked if session.saw(one)))
        return ApiSource.ask(self, storage, spans, run, session)


@dataclass(frozen=True, slots=True)
class Blind(Watched):
    """Its workers do not reach the storage."""

    def look(self, storage: Storage, spans: Sequence[Span], run: Run) -> tuple[Stock, ...]:
        raise StorageError("out of reach")


@pytest.fixture
def server() -> Iterator[Emulator]:
    TRUSTED.clear()
    with Emulator(synthetic(now=parse_hour("2019-06-01T00"), defects=False)) as server:
        yield server


def loaded(source: ApiSource, out: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What a load says that ends well."""
    todo = asked(out)
    assert drive(replace(todo, source=source, embedded=False), plan(todo.question), load_program(build)) == 0
    return capsys.readouterr().out


def asked(out: Path) -> LoadSettings:
    words = ["--regions=PACW,TEX,BPAT", "--routes=region-data", "--start=2019-01-01", "--end=2019-03-01"]
    return settings([*words, "--source=emulator", "--formats=parquet", f"--output={out}"], now=NOW)


def test_the_dispatcher_takes_the_workers_word(
    server: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = Watched(server.url, "none:", requests_per_hour=None)
    spans = sorted(span.id for span in plan(asked(tmp_path).question))
    loaded(source, tmp_path, capsys)
    assert " 0 sent" in loaded(source, tmp_path, capsys)
    assert [spans, spans] == TRUSTED


def test_where_workers_cannot_look_the_dispatcher_does(
    server: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = Blind(server.url, "none:", requests_per_hour=None)
    loaded(source, tmp_path, capsys)
    assert " 0 sent" in loaded(source, tmp_path, capsys)
    assert TRUSTED == [[], []]


def test_beside_files_too(server: Emulator, tmp_path: Path) -> None:
    """Of both sources' spans, what the API serves is looked over."""
    storage, run = Storage.at(str(tmp_path)), Run(Owner.here("looking"), NOW)
    both = HybridSource(Watched(server.url, "none:", requests_per_hour=None), FilesSource())
    early = Span("region-data", "PACW", parse_hour("2016-01-01T00"), parse_hour("2016-02-01T00"))
    late = Span("region-data", "TEX", parse_hour("2017-01-01T00"), parse_hour("2019-02-01T00"), density=4.0)
    seen = both.look(storage, [early, late], run)
    assert [one.span for one in seen] == ["region-data/TEX"]
    both.having_looked(seen).api.fetch(storage, [late], run)
    assert TRUSTED == [["region-data/TEX"]]
