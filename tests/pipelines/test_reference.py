# SPDX-License-Identifier: Apache-2.0
"""The command that says what to change in the tables: against a server on a socket and an output that was loaded."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from eia930.emulator import Emulator, Faults, RowSource, Series, synthetic
from eia930.reference.hours import parse_hour
from eia930.reference.respondents import table_names
from eia930.reference.routes import FUEL, REGION, ROUTES, Route
from pipelines import historical
from pipelines.reference import main

KEY = "CANARYcanary0123456789CANARYcanary012345"


@dataclass(frozen=True, slots=True)
class Newer:
    """A server that lists a respondent and a fuel which no table has."""

    inner: RowSource

    @property
    def now(self) -> int:
        return self.inner.now

    def respondents(self, route: Route) -> Sequence[str]:
        return [*self.inner.respondents(route), *(["XNEW"] if route is REGION else [])]

    def kinds(self, route: Route) -> Sequence[str]:
        return [*self.inner.kinds(route), *(["H2"] if route is FUEL else [])]

    def names(self, route: Route) -> tuple[dict[str, str], dict[str, str]]:
        ours, theirs = self.inner.names(route)
        return ours | {"XNEW": "New Power"}, theirs | {"H2": "Hydrogen"}

    def span(self, route: Route) -> tuple[int, int]:
        return self.inner.span(route)

    def series(self, route: Route, respondent: str) -> tuple[Series, ...]:
        return self.inner.series(route, respondent)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EIA_API_KEY", KEY)


@pytest.fixture(scope="module")
def rows() -> RowSource:
    return synthetic(now=parse_hour("2024-08-01T00"), defects=False)


def test_a_server_that_lists_what_the_tables_have_changes_nothing(
    rows: RowSource, capsys: pytest.CaptureFixture[str]
) -> None:
    with Emulator(rows, key=KEY, faults=Faults(p_503=0.2), seed=3) as server:
        assert main(["--check", f"--api_url={server.url}", "--pause=0"]) == 0
        asked, url = {request.path for request in server.requests}, server.url
    assert len(asked) == sum(len(route.facets) for route in ROUTES.values())
    assert capsys.readouterr().out == f"tables held against each other, {url}: nothing to change\n"


def test_what_a_server_has_besides_is_a_line_each(rows: RowSource, capsys: pytest.CaptureFixture[str]) -> None:
    with Emulator(Newer(rows), key=KEY) as server:
        assert main(["--check", f"--api_url={server.url}", "--pause=0"]) == 1
        url = server.url
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "respondents.csv: add XNEW (New Power), which region-data lists as respondent",
        "energy_sources.csv: add H2 (Hydrogen), which fuel-type-data lists as fueltype",
        f"tables held against each other, {url}: 2 to change",
    ]
    assert KEY not in said.out + said.err


def test_an_output_says_which_kinds_the_tables_lack(
    rows: RowSource, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    flags = ["--routes=region-data,fuel-type-data", "--regions=IID,PACW", "--start=2024-06-01", "--end=2024-07-15"]
    pace = ["--formats=parquet", "--requests_per_hour=1000000", "--burst_per_second=1000"]
    with Emulator(rows, key=KEY) as server:
        assert historical.main([f"--api_url={server.url}", f"--output={out}", *pace, *flags]) == 0
    capsys.readouterr()
    assert main(["--check", f"--output={out}"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("fuels.csv: add IID,GEO: hours from 2024-07-01T08 to 2024-07-14T23")
    assert lines[1:] == [f"tables held against each other, {out}: 1 to change"]


def test_without_a_check_the_tables_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [f"{name}.csv" for name in table_names()]
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    ("flags", "code", "said"),
    [
        (["--check", "--output=nowhere"], 2, "there is no such folder"),
        (["--check", "--output=."], 2, "no load has finished there"),
        (["--check", "--api_url=http://example.org"], 2, "unencrypted"),
        (["--output=data"], 2, "--output goes with --check"),
        (["--workbook=x.xlsx"], 2, "--workbook goes with --check"),
        (["--check", "--quota=none"], 2, "--quota goes with --api_url"),
        (["--chekc"], 2, "did you mean --check"),
        (["--check", "--api_url=http://127.0.0.1:9/v2", "--pause=0"], 3, "region-data/facet/respondent"),
    ],
)
def test_wrong_use_is_one_line(
    flags: list[str],
    code: int,
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(flags) == code
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert said in line
    assert not any(tmp_path.iterdir())
