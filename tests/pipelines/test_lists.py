# SPDX-License-Identifier: Apache-2.0
"""The server knows more than our tables: what it lists is loaded, whether a release of ours has heard of it or not."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pyarrow.parquet as pq
import pytest

from eia930.account.stored import read_account
from eia930.coverage.account import read_coverage_account
from eia930.emulator import Emulator, Faults
from eia930.reference.hours import parse_hour
from eia930.reference.routes import ROUTES, Route
from eia930.store.storage import Storage
from pipelines import blocks, coverage, report
from pipelines.historical import main
from tests.eia930.having import Codes, Having

KEY = "0123456789abcdef"
FIRST = parse_hour("2023-03-01T00")
DAY = range(FIRST, FIRST + 24)
NOW = FIRST + 5000
NEW: dict[Codes, range] = {
    ("region-data", "XNEW", "D"): DAY,
    ("region-data", "PACW", "XTYPE"): DAY,
    ("fuel-type-data", "XNEW", "NUC"): DAY,
    ("fuel-type-data", "PACW", "XFUEL"): DAY,
    ("interchange-data", "XNEW", "PACW"): DAY,
    ("interchange-data", "PACW", "XNEW"): DAY,
    ("region-sub-ba-data", "XPAR", "XSUB"): DAY,
    ("region-sub-ba-data", "CISO", "XSUB"): DAY,
}
"""Of codes that no table has: a respondent, a parent, a fuel, a sub-region, a neighbour, a type."""
OLD: dict[Codes, range] = {("region-data", "PACW", "D"): DAY, ("fuel-type-data", "PACW", "WND"): DAY}
Load = Callable[..., str]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def load(out: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Load:
    monkeypatch.setenv("EIA_API_KEY", KEY)
    usual = ("--requests_per_hour=1000000", "--burst_per_second=1000", f"--output={out}")
    hours = ("--start=2023-03-01", "--end=2023-03-02")

    def run(server: Emulator, *words: str, code: int = 0, program: Any = main) -> str:
        formats = ("--formats=parquet",) if program is main else ()
        assert program([f"--api_url={server.url}", *usual, *hours, *formats, *words]) == code
        said = "".join(capfd.readouterr())
        assert "Traceback" not in said
        return said

    return run


def serving(rows: dict[Codes, range], **others: Any) -> Emulator:
    lists = others.pop("lists", ())
    return Emulator(Having(rows, NOW, lists), key=KEY, **others)


def loaded(out: Path) -> dict[Codes, int]:
    """How many rows tidy/ has of each series."""
    found: dict[Codes, int] = {}
    for route in ROUTES.values():
        for path in sorted((out / "tidy" / route.id).rglob("*.parquet")):
            table = pq.ParquetFile(path).read([route.respondent, route.kind])
            for code, kind in zip(table[0].to_pylist(), table[1].to_pylist(), strict=True):
                found[route.id, code, kind] = found.get((route.id, code, kind), 0) + 1
    return found


def lists_asked(server: Emulator) -> int:
    return sum("/facet/" in one.path for one in server.requests)


def test_all_brings_every_row_of_codes_that_no_table_has(out: Path, load: Load) -> None:
    with serving(NEW | OLD) as server:
        said = load(server, "--regions=all", "--routes=all")
        assert lists_asked(server) == 2 * len(ROUTES)
        assert loaded(out) == dict.fromkeys(NEW | OLD, 24)
        load(server, "--regions=all", "--routes=all")
        assert lists_asked(server) == 2 * len(ROUTES)
    told = read_account(Storage.at(str(out)))
    assert told.imbalances == ()
    assert told.requests.lists == 0
    series = pq.read_table(out / "series.parquet").to_pylist()
    new = {(one["route"], one["respondent"], one["kind"]) for one in series if not one["known"] and one["present"]}
    assert new == set(NEW)
    new_line = next(line for line in said.splitlines() if line.startswith("new "))
    assert new_line == "new       fuel-type-data PACW/XFUEL (1 series)"
    assert f"{2 * len(ROUTES)} for the server's lists of codes" in said
    assert "XNEW" in (out / "report/index.html").read_text()


@pytest.mark.parametrize(
    ("words", "rows"),
    [
        (("--regions=XNEW", "--routes=region-data"), [("region-data", "XNEW", "D")]),
        (("--regions=PACW", "--routes=fuel-type-data", "--types=XFUEL"), [("fuel-type-data", "PACW", "XFUEL")]),
        pytest.param(
            ("--regions=XPAR", "--routes=region-sub-ba-data"),
            [("region-sub-ba-data", "XPAR", "XSUB")],
            marks=pytest.mark.slow,
        ),
        pytest.param(("--regions=PACW", "--types=XTYPE"), [("region-data", "PACW", "XTYPE")], marks=pytest.mark.slow),
    ],
)
def test_a_code_that_the_server_alone_knows_can_be_named(
    words: tuple[str, ...], rows: list[Codes], out: Path, load: Load
) -> None:
    with serving(NEW | OLD) as server:
        load(server, *words)
    assert loaded(out) == dict.fromkeys(rows, 24)


def test_a_code_that_neither_knows_is_one_line_with_the_nearest_of_both(out: Path, load: Load) -> None:
    with serving(NEW | OLD) as server:
        assert "did you mean XNEW or" in load(server, "--regions=XNEWW", code=2)
        said = load(server, "--regions=PACWW", code=2)
        assert said == "error: --regions: no region 'PACWW'; did you mean PACW or PACE or WWA?\n"
        assert not [one for one in server.requests if "/facet/" not in one.path]
    assert not (out / "report.json").exists()


def test_where_there_are_no_lists_the_tables_serve_and_a_line_says_so(out: Path, load: Load) -> None:
    with serving(OLD, faults=Faults(p_503=1.0)) as server:
        said = load(server, "--regions=XNEW", "--tries=1", code=2)
        assert said.startswith("error: --regions: no region 'XNEW'; did you mean")
        assert "and the server's lists of codes could not be had (" in said
        assert said.count("\n") == 1


def test_regions_by_name_bring_what_is_new_too_and_dry_runs_ask_nobody(out: Path, load: Load) -> None:
    with serving(NEW | OLD) as server:
        assert "XNEW" not in load(server, "--regions=all", "--dry_run")
        assert "'XNEW'" in load(server, "--regions=XNEW", "--dry_run", code=2)
        assert server.requests == []
        load(server, "--regions=PACW,CISO", "--routes=all")
        assert loaded(out) == {codes: 24 for codes in NEW | OLD if codes[1] in ("PACW", "CISO")}
        asked = len(server.requests)
        assert lists_asked(server) == 2 * len(ROUTES)
        # Of the lists that lie in the output, a dry run makes use.
        load(server, "--regions=XNEW", "--dry_run")
        assert len(server.requests) == asked
        load(server, "--regions=XNEW")
        assert lists_asked(server) == 2 * len(ROUTES)


def test_a_new_type_is_expected_of_nobody_who_sends_none(out: Path, load: Load) -> None:
    """Nor does asking for it by name change who is expected to have the types that the tables know."""
    usual = {("region-data", "PACW", kind): DAY for kind in ("D", "DF", "NG", "TI")}
    usual |= {("region-data", "AVRN", kind): DAY for kind in ("NG", "TI")}
    with serving(usual | {("region-data", "XNEW", "XTYPE"): DAY}) as server:
        load(server, "--regions=PACW,AVRN", program=coverage.main)
        counted = read_coverage_account(Storage.at(str(out)))
        assert counted is not None
        assert counted.without_types == ()
        load(server, "--regions=PACW,AVRN", "--min_completeness=1")
    assert not [one for one in read_account(Storage.at(str(out))).series if one.kind == "XTYPE"]


def test_where_no_list_comes_those_of_an_earlier_day_serve(out: Path, load: Load) -> None:
    with serving(NEW | OLD) as server:
        load(server, "--regions=PACW", "--routes=region-data")
    for path in (out / "raw/eia/region-data/facets").iterdir():
        path.rename(path.with_name(f"{path.name.partition('.')[0]}.20230401T000000Z.json.zst"))
    with Emulator(Unlisted(NEW | OLD, NOW), key=KEY) as server:
        said = load(server, "--regions=PACW,XNEW", "--routes=region-data", "--tries=1")
        assert lists_asked(server) == 2
    assert [line for line in said.splitlines() if "lists of codes could not" in line] == [
        "warning: the server's lists of codes could not be had, so those that are stored and the tables say who there "
        "is: region-data/facet/respondent: the answer is no list of facet values"
    ]
    assert loaded(out) == {codes: 24 for codes in NEW | OLD if codes[0] == "region-data"}


def test_codes_that_cannot_be_asked_for_are_told_and_few_of_many(out: Path, load: Load) -> None:
    many = {("region-data", "XNEW", f"XTYPE{number:03}"): DAY for number in range(30)}
    with serving(OLD | many, lists=(("region-data", "../../etc"), ("region-data", "A\u202eB"))) as server:
        said = load(server, "--regions=PACW", "--routes=region-data")
    lines = [line for line in said.splitlines() if line.startswith("warning")]
    assert lines == [
        "warning: region-data lists codes that no file can be named by, and they are not asked for: '../../etc', "
        "'A\\u202eB'",
        "warning: region-data lists more types than a request names; ask for some by --types, else not for "
        "'XTYPE000', 'XTYPE001', 'XTYPE002', 'XTYPE003', 'XTYPE004', 'XTYPE005', 'XTYPE006', 'XTYPE007' and 22 more",
    ]
    assert loaded(out) == {("region-data", "PACW", "D"): 24}


class Unlisted(Having):
    """Serves hours, and lists that are none: a name is no text."""

    def names(self, route: Route) -> tuple[dict[str, str], dict[str, str]]:
        return dict.fromkeys(self.respondents(route), cast("str", 0)), dict.fromkeys(self.kinds(route), cast("str", 0))


def test_coverage_counts_them_too(out: Path, load: Load) -> None:
    with serving(NEW | OLD) as server:
        load(server, "--regions=XNEW,PACW", program=coverage.main)
        load(server, "--regions=XNEW,PACW", f"--coverage={out}/coverage.parquet")
    assert loaded(out) == dict.fromkeys([codes for codes in NEW | OLD if codes[0] == "region-data"], 24)


def test_what_was_loaded_is_counted_again_and_goes_on_without_lists(out: Path, load: Load) -> None:
    """Coverage of the output, the page and the blocks of it know no more of these codes than the load did."""
    with serving(NEW | OLD) as server:
        load(server, "--regions=XNEW,PACW", "--routes=region-data,fuel-type-data")
    assert coverage.main([f"--output={out}", "--from_tidy"]) == 0
    counted = pq.read_table(out / "coverage.parquet").to_pylist()
    found = {(one["route"], one["respondent"], one["type"]) for one in counted}
    assert found == {codes for codes in NEW | OLD if codes[0] in ("region-data", "fuel-type-data")}
    assert report.main([f"--output={out}"]) == 0
    assert blocks.main([f"--output={out}", "--formats=parquet"]) == 0


def test_who_is_listed_and_sends_nothing_is_said_first_and_passes_no_gate(out: Path, load: Load) -> None:
    rows = OLD | {("fuel-type-data", "PACW", kind): DAY for kind in ("NG", "OTH", "SUN", "WAT")}
    with serving(rows, lists=(("fuel-type-data", "XNEW"),)) as server:
        said = load(server, "--regions=all", "--routes=fuel-type-data", "--min_completeness=0.1", code=1)
    lines = [line for line in said.splitlines() if not line.startswith("warning")]
    assert lines[0].startswith("SILENT    fuel-type-data/AECI (in our tables)")
    told = json.loads((out / "report.json").read_text())
    silent = {one["respondent"]: one["expected_by"] for one in told["silent"]}
    assert (silent["XNEW"], silent["CISO"]) == ("lists", "tables")
    assert "PACW" not in silent
    assert {"series_id": "fuel-type-data/XNEW", "share": 0.0} in told["completeness"]["short"]
    page = (out / "report/index.html").read_text()
    assert "Silent: " in page
