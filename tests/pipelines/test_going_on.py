# SPDX-License-Identifier: Apache-2.0
"""Which runs the next one goes on with: those that lack answers, not those whose answers are too few or disagree."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from eia930.emulator import Emulator, Faults, RowSource, Series, synthetic
from eia930.reference.hours import parse_hour
from eia930.reference.routes import Route
from pipelines import coverage, historical
from tests.eia930.asked import hours_asked

NOW = parse_hour("2024-02-01T05")
WINTER = ("--regions=PACW", "--start=2023-11-01", "--end=2024-02-01")
FAST = ("--requests_per_hour=1000000", "--burst_per_second=1000")
SHORT = ("--routes=fuel-type-data", "--types=WND,GEO", "--min_completeness=0.9", "--formats=avro")
"""PACW has no geothermal plant, so its row says that all hours are missing."""

Ask = Callable[..., list[str]]


@pytest.fixture(scope="module")
def rows() -> RowSource:
    return synthetic(now=NOW)


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Run a program to the exit code expected; the requests that it sent."""
    monkeypatch.setenv("EIA_API_KEY", "0123456789abcdef")

    def run(program: Callable[[list[str]], int], server: Emulator, *words: str, code: int) -> list[str]:
        before = len(hours_asked(server))
        assert program([f"--api_url={server.url}", f"--output={tmp_path}/out", *FAST, *WINTER, *words]) == code
        return [seen.query for seen in hours_asked(server)[before:]]

    return run


def test_a_load_that_only_falls_short_is_not_gone_on_with(rows: RowSource, ask: Ask) -> None:
    """Its youngest hours may have come or changed since, and whoever says --refresh again means it."""
    with Emulator(rows, now=NOW) as server:
        assert ask(historical.main, server, *SHORT, code=1)
        assert ["start=2024-01-22T06" in one for one in ask(historical.main, server, *SHORT, code=1)] == [True]
        whole = ask(historical.main, server, *SHORT, "--refresh", code=1)
        assert ask(historical.main, server, *SHORT, "--refresh", code=1) == whole
        assert any("start=2023-11-01T00" in one for one in whole)


def test_a_load_without_all_answers_is_gone_on_with(rows: RowSource, ask: Ask) -> None:
    """Only what could not be had is asked for, although the youngest hours are provisional."""
    with Emulator(rows, now=NOW, faults=Faults(fail_windows=("PACW:2023-12-24T12",))) as server:
        assert ask(historical.main, server, "--tries=1", "--hours_per_request=240", "--formats=avro", code=1)
    with Emulator(rows, now=NOW) as server:
        (query,) = ask(historical.main, server, "--formats=avro", code=0)
        assert "start=2023-12" in query


class Withdrawn:
    """The same rows, until they were served once."""

    def __init__(self, rows: RowSource) -> None:
        self._rows = rows
        self._served = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rows, name)

    def series(self, route: Route, respondent: str) -> tuple[Series, ...]:
        found = () if self._served else self._rows.series(route, respondent)
        self._served = True
        return found


def test_a_count_whose_answers_contradict_each_other_is_asked_anew(
    rows: RowSource, ask: Ask, capsys: pytest.CaptureFixture[str]
) -> None:
    with Emulator(Withdrawn(rows), now=NOW) as server:
        assert ask(coverage.main, server, code=1)
        assert "the rows changed while they were counted" in capsys.readouterr().out
    with Emulator(rows, now=NOW) as server:
        assert ask(coverage.main, server, code=0)
