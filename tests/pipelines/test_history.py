# SPDX-License-Identifier: Apache-2.0
"""Loads after raw/ was removed, from a server that has forgotten hours; and loads that ask for fewer types."""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from eia930.emulator import Emulator, Faults, RowSource, Series, synthetic
from eia930.reference.hours import parse_hour
from eia930.reference.routes import Route
from pipelines.historical import main
from tests.eia930.asked import hours_asked

NOW = parse_hour("2024-03-01T00")
TIDY = "tidy/region-data/respondent=PACW/part-00000.parquet"
PACE = ("--requests_per_hour=1000000", "--burst_per_second=1000", "--formats=parquet")
ASKED = ("--regions=PACW", "--start=2023-12-01", "--end=2024-02-01")

Load = Callable[..., int]


class Forgetful:
    """The same rows, without those before `since`."""

    def __init__(self, rows: RowSource, since: str) -> None:
        self._rows, self._since = rows, parse_hour(since)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rows, name)

    def series(self, route: Route, respondent: str) -> tuple[Series, ...]:
        return tuple(self._later(one) for one in self._rows.series(route, respondent))

    def _later(self, one: Series) -> Series:
        kept = one.hours >= self._since
        return replace(one, hours=one.hours[kept], values=one.values[kept], empty=one.empty[kept])


@pytest.fixture(scope="module")
def rows() -> RowSource:
    return synthetic(now=NOW)


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    monkeypatch.setenv("EIA_API_KEY", "0123456789abcdef")

    def run(server: Emulator, *words: str) -> int:
        return main([f"--api_url={server.url}", f"--output={tmp_path}", *PACE, *ASKED, *words])

    return run


def count(out: Path) -> int:
    rows: int = pq.read_metadata(out / TIDY).num_rows
    return rows


def test_history_that_raw_no_longer_holds_stays_until_told(
    rows: RowSource, load: Load, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Emulator(rows, now=NOW) as server:
        assert load(server) == 0
    whole = (tmp_path / TIDY).read_bytes()
    capsys.readouterr()
    shutil.rmtree(tmp_path / "raw")
    with Emulator(Forgetful(rows, "2024-01-01T00"), now=NOW) as server:
        # The second time raw/ holds the empty answers of the first.
        for _ in range(2):
            assert load(server) == 2
            said = capsys.readouterr().err.splitlines()[-1]
            assert "values of region-data/PACW (D, DF, NG, TI) from 2023-12-01T00 to 2023-12-31T23 that neither" in said
            assert "--drop_history" in said
            assert (tmp_path / TIDY).read_bytes() == whole
        assert load(server, "--drop_history") == 0
        assert count(tmp_path) < 31 * 24 * 4 + 1
        assert load(server) == 0


def test_a_server_that_still_has_all_needs_no_flag(rows: RowSource, load: Load, tmp_path: Path) -> None:
    with Emulator(rows, now=NOW) as server:
        assert load(server) == 0
        whole = (tmp_path / TIDY).read_bytes()
        shutil.rmtree(tmp_path / "raw")
        assert load(server) == 0
    assert (tmp_path / TIDY).read_bytes() == whole


@pytest.mark.parametrize("words", [("--start=2024-01-01",), ("--types=D",)], ids=["hours", "types"])
def test_a_load_of_less_is_refused_where_raw_would_not_bring_the_rest_back(
    words: tuple[str, ...], rows: RowSource, load: Load, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whether raw/ has nothing, or answers that say less than tidy/ holds; with all of them it is told alone."""
    with Emulator(rows, now=NOW) as server:
        assert load(server) == 0
        whole, kept = (tmp_path / TIDY).read_bytes(), shutil.copytree(tmp_path / "raw", tmp_path / "kept")
        shutil.rmtree(tmp_path / "raw/eia/region-data/PACW")
        asked = len(hours_asked(server))
        capsys.readouterr()
        assert load(server, *words) == 2
        said = capsys.readouterr().err
        assert said.splitlines()[-1].startswith("error: tidy/ has ")
        assert "raw/ has no answers of region-data/PACW that would bring it back (put raw/ back from its" in said
        assert len(hours_asked(server)) == asked
    with Emulator(Forgetful(rows, "2024-01-01T00"), now=NOW) as server:
        assert load(server) == 2
        capsys.readouterr()
        # By their names these answers have all of those hours.
        assert load(server, *words) == 2
        said = capsys.readouterr().err.splitlines()[-1]
        assert re.search(r"values of region-data/PACW \(D\b.*\) from 2023-12-01T00 to 2023-12-31T23 that", said)
        assert "--drop_history" in said
        assert (tmp_path / TIDY).read_bytes() == whole
        shutil.rmtree(tmp_path / "raw")
        kept.rename(tmp_path / "raw")
        assert load(server, *words) == 0
        assert load(server) == 0
        assert (tmp_path / TIDY).read_bytes() == whole


def test_what_is_damaged_of_the_rest_is_not_taken_for_kept(
    rows: RowSource, load: Load, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Emulator(rows, now=NOW) as server:
        assert load(server, "--hours_per_request=240") == 0
        first = min((tmp_path / "raw/eia/region-data/PACW").iterdir())
        first.write_bytes(first.read_bytes()[:-9])
        assert load(server, "--start=2024-01-01") == 2
        said = capsys.readouterr().err.splitlines()[-1]
        assert "tidy/ has more of region-data/PACW than this load asks for, and" in said
        assert "is damaged" in said
        assert load(server, "--start=2024-01-01", "--drop_history") == 0


def test_an_outage_after_raw_was_removed_takes_nothing_away(rows: RowSource, load: Load, tmp_path: Path) -> None:
    with Emulator(rows, now=NOW) as server:
        assert load(server) == 0
    whole = (tmp_path / TIDY).read_bytes()
    shutil.rmtree(tmp_path / "raw")
    with Emulator(rows, now=NOW, faults=Faults(fail_windows=("PACW:2023-12-24T12",))) as server:
        assert load(server, "--tries=1", "--hours_per_request=240") == 2
    assert (tmp_path / TIDY).read_bytes() == whole


def test_fewer_types_than_before_are_told_of(rows: RowSource, load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    with Emulator(rows, now=NOW) as server:
        assert load(server) == 0
        assert "warning" not in capsys.readouterr().err
        assert load(server, "--types=D,NG") == 0
        (said,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("warning")]
        assert "tidy/ has EBA.PACW-ALL.DF.H, EBA.PACW-ALL.TI.H of region-data/PACW; this load asks for fewer" in said
        asked = len(hours_asked(server))
        assert load(server) == 0
        assert len(hours_asked(server)) == asked
        assert "warning" not in capsys.readouterr().err
