# SPDX-License-Identifier: Apache-2.0
"""Whatever the answers hold, a load ends with its account and a sentence, and what was good stays readable."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pyarrow.parquet as pq
import pytest

import eia930
import pipelines.blocks
import pipelines.report
from eia930.account.stored import read_account
from eia930.emulator import Emulator, Faults, RowSource, Series, synthetic
from eia930.errors import UsageError
from eia930.reference.hours import parse_hour
from eia930.reference.routes import ROUTES, Route
from eia930.store.storage import Storage
from pipelines.historical import main
from ringdata import RingBlocks
from tests.eia930.sources.serving import Asked, Reply, serving

NOW = parse_hour("2024-03-01T00")
WEEKS = ("--start=2023-10-01", "--end=2024-01-01", "--regions=CISO", "--formats=parquet")
CUTS = ("--validation_start=2023-11-15", "--test_start=2023-12-10", "--embargo_hours=24")
FAST = ("--requests_per_hour=1000000", "--burst_per_second=1000")
Load = Callable[..., str]
EACH = ["region-data", *(pytest.param(route, marks=pytest.mark.slow) for route in ROUTES if route != "region-data")]
"""Every route: of the four that are treated alike `make test` sees one."""


class Silent:
    """The same rows, without those of some routes."""

    def __init__(self, rows: RowSource, *routes: str) -> None:
        self._rows = rows
        self._routes = routes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rows, name)

    def series(self, route: Route, respondent: str) -> tuple[Series, ...]:
        return () if route.id in self._routes else self._rows.series(route, respondent)


@pytest.fixture(scope="module")
def rows() -> RowSource:
    return synthetic(now=NOW)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def load(out: Path, rows: RowSource, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Load:
    """Load some routes to the exit code expected; all that stands on the terminal then."""
    monkeypatch.setenv("EIA_API_KEY", "0123456789abcdef")

    def run(
        *words: str,
        routes: str,
        code: int,
        url: str = "",
        silent: tuple[str, ...] = (),
        faults: Faults | None = None,
        key: str = "0123456789abcdef",
    ) -> str:
        with Emulator(Silent(rows, *silent), now=NOW, faults=faults or Faults(), key=key) as server:
            where = (f"--api_url={url or server.url}", f"--output={out}", f"--routes={routes}")
            assert main([*where, *FAST, *WEEKS, *CUTS, *words]) == code
        said = "".join(capfd.readouterr())
        assert "Traceback" not in said
        return said

    return run


def readable(out: Path) -> list[bytes]:
    """All windows of the blocks, as a trainer gets them."""
    data = RingBlocks(out / "blocks/panel", split="train", context=2048, seed=None)
    assert len(data)
    return [data[place]["value"].tobytes() for place in range(len(data))]


def contents(out: Path) -> dict[str, bytes]:
    """What the load published, and what tells of it: not what was asked, nor the columns of that."""
    ours = ("raw", "columns")
    files = (path for path in out.rglob("*") if path.is_file() and path.relative_to(out).parts[0] not in ours)
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files}


def whole(out: Path, said: str, *, code: int) -> None:
    """Account, table of series and page are there and agree; the last line says something to do."""
    told = read_account(Storage.at(str(out)))
    assert told.exit == code
    assert (out / "_SUCCESS").exists() == (code == 0)
    assert pq.read_table(out / "series.parquet").num_rows == len(told.series)
    assert (out / "report/index.html").exists()
    assert [line for line in said.splitlines() if line.startswith("next ")]
    assert pipelines.report.main([f"--output={out}"]) == 0


@pytest.mark.parametrize("route", EACH)
def test_a_route_without_a_single_row(route: str, out: Path, load: Load) -> None:
    said = load(routes=route, silent=(route,), code=0)
    assert "no hour is present, for the server has no row of these series in these hours" in said
    # Who was expected comes first, here too.
    assert f"SILENT    {route}/CISO (asked for by name)" in said
    assert (
        f"{route}/CISO (asked for by name)"
        in json.loads((out / "report/report.json").read_text())["quality"]["verdict"][0]
    )
    whole(out, said, code=0)
    kind = {"region-data": "NG", "fuel-type-data": "NG.SUN", "interchange-data": "ID.BANC"}.get(route, "SUB.PGAE")
    with pytest.raises(UsageError, match=f"has no {kind} of CISO; nor any other: the report says who sent nothing$"):
        eia930.hours(out, regions=["CISO"], kinds=[kind])
    # Again, and blocks of it again: no traceback either.
    whole(out, load(routes=route, silent=(route,), code=0), code=0)
    assert pipelines.blocks.main([f"--output={out}", "--formats=parquet"]) == 0


@pytest.mark.parametrize("route", EACH)
def test_a_route_of_which_no_row_can_be_read(route: str, out: Path, rows: RowSource, load: Load) -> None:
    """Every row in another unit: with nothing there the account says so; over a good output that one stands."""
    with Emulator(rows, now=NOW) as server, serving(partial(in_another_unit, server)) as spoilt:
        said = load(routes=route, url=spoilt.url, code=1)
        assert "the server's format has changed" in said
        told = read_account(Storage.at(str(out)))
        assert (told.rows.received, told.hours.present, bool(told.failures)) == (0, 0, True)
        whole(out, said, code=1)
        load(routes=route, code=0)
        before = contents(out)
        said = load("--refresh", routes=route, url=spoilt.url, code=1)
        after = contents(out)
        assert json.loads(after.pop("report/stopped.json"))["stopped_by"] == "Drifted"
        assert after == before
        assert "the server's format has changed" in said.splitlines()[-2]
        assert said.splitlines()[-1].startswith("note      the earlier load in this output stands")


def in_another_unit(server: Emulator, asked: Asked) -> Reply:
    """What the emulator answers, with a unit that is none of ours."""
    known = {name: asked.headers[name] for name in ("x-api-key",) if name in asked.headers}
    with urlopen(Request(server.url.removesuffix("/v2") + asked.path, headers=known)) as answer:
        return 200, {"Content-Type": "application/json"}, answer.read().replace(b"megawatthours", b"MWh")


@pytest.mark.parametrize("route", EACH)
def test_one_route_of_all_is_silent(route: str, out: Path, load: Load) -> None:
    said = load(routes="all", silent=(route,), code=0)
    told = read_account(Storage.at(str(out)))
    assert {one.route for one in told.series if one.present} == set(ROUTES) - {route}
    whole(out, said, code=0)
    assert readable(out)


@pytest.mark.parametrize("route", EACH)
def test_silence_over_a_good_output_costs_none_of_its_rows(route: str, out: Path, load: Load) -> None:
    """The server that has nothing any more is believed for hours that it is asked for again, with --refresh alone."""
    load(routes=route, code=0)
    before = readable(out)
    load(routes=route, silent=(route,), code=0)
    assert readable(out) == before


REFUSED = {"key": "another key altogether"}
STOPS: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [
    ("a refused key", REFUSED, ()),
    ("a key refused on the way", {"faults": Faults(key_refused_after=2)}, ("--max_in_flight=1",)),
    ("an outage", {"faults": Faults(p_503=1.0)}, ("--tries=1",)),
    ("a server that answers no JSON", {"faults": Faults(p_html=1.0)}, ("--tries=1",)),
]


@pytest.mark.parametrize(
    ("why", "other", "words", "narrower"),
    [
        (*STOPS[0], ()),
        *(pytest.param(*one, (), marks=pytest.mark.slow) for one in STOPS[1:]),
        pytest.param(*STOPS[0], ("--regions=ERCO",), marks=pytest.mark.slow),
        (*STOPS[2], ("--start=2023-11-01",)),
    ],
)
def test_a_run_that_could_not_ask_leaves_a_good_output_as_it_was(
    why: str, other: dict[str, Any], words: tuple[str, ...], narrower: tuple[str, ...], out: Path, load: Load
) -> None:
    """Also with another question, which the output would have been made over for."""
    load(routes="region-data", code=0)
    before = contents(out)
    said = load("--refresh", "--hours_per_request=240", *words, *narrower, routes="region-data", code=3, **other)
    after = contents(out)
    stopped = json.loads(after.pop("report/stopped.json"))
    assert after == before
    assert (stopped["exit"], stopped["run"]) != (0, json.loads(before["report.json"])["run"])
    assert said.splitlines()[-1].startswith("note      the earlier load in this output stands as it was")
    assert readable(out)
    load(routes="region-data", code=0)
    assert "report/stopped.json" not in contents(out)


def test_the_first_run_that_is_stopped_has_its_account_at_the_root(out: Path, load: Load) -> None:
    said = load(routes="region-data", code=3, **REFUSED)
    assert "note" not in said
    assert read_account(Storage.at(str(out))).stopped_by == "KeyRefused"
    assert not (out / "report").exists()


def test_the_same_again_leaves_readers_undisturbed_and_the_new_account(out: Path, load: Load) -> None:
    """Every file of the load is written again as it is, so nothing says meanwhile that it is not whole."""
    load(routes="region-data", code=0)
    before, run = readable(out), read_account(Storage.at(str(out))).run
    load(routes="region-data", code=0)
    assert readable(out) == before
    told = read_account(Storage.at(str(out)))
    assert told.run == (out / "_SUCCESS").read_text().strip() != run
    assert json.loads((out / "manifest.json").read_text())["run"] == told.run


def test_failures_leave_a_good_output_as_it_is(out: Path, load: Load) -> None:
    """It is replaced by a load that ends with 0 alone; what came meanwhile is stored, and the next run goes on."""
    load(routes="region-data", code=0)
    before = contents(out)
    lost = Faults(fail_windows=("CISO:2023-11-05T00",))
    said = load("--refresh", "--tries=1", "--hours_per_request=240", routes="region-data", faults=lost, code=1)
    assert "the earlier load in this output stands as it was" in said
    assert json.loads((out / "report/stopped.json").read_text())["failures"]
    assert {path: data for path, data in contents(out).items() if path in before} == before
    readable(out)
    load(routes="region-data", code=0)
    assert not (out / "report/stopped.json").exists()
    readable(out)
