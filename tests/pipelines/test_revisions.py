# SPDX-License-Identifier: Apache-2.0
"""revisions/ after loads on a real socket: named by the manifest, the same bytes from the stored answers alone."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from eia930.emulator import Emulator, RowSource, Series, synthetic
from eia930.reference.hours import parse_hour
from eia930.reference.routes import Route
from pipelines import verify
from pipelines.historical import main
from tests.pipelines.test_historical import Revised, report

PATH = "revisions/region-data/respondent=PACW/part-00000.parquet"
WORDS = ("--regions=PACW", "--start=2023-12-01", "--end=2024-02-01", "--formats=parquet")
PACE = ("--requests_per_hour=1000000", "--burst_per_second=1000")


@pytest.fixture(scope="module")
def rows() -> RowSource:
    return synthetic(now=parse_hour("2024-03-01T00"))


def load(rows: Any, out: Path, now: str, *words: str) -> int:
    with Emulator(rows, now=parse_hour(now)) as server:
        return main([f"--api_url={server.url}", f"--output={out}", *WORDS, *PACE, *words])


def test_what_was_replaced_is_told_and_comes_out_the_same_from_raw_alone(
    rows: RowSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EIA_API_KEY", "key")
    out = tmp_path / "out"
    assert load(rows, out, "2024-02-01T05") == 0
    assert not (out / "revisions").exists()
    assert report(out)["revised"] == []
    assert load(Revised(rows, "2024-01-31T20", 100), out, "2024-02-02T00") == 0
    latest = Revised(rows, "2024-01-31T23", 500)
    assert load(latest, out, "2024-02-05T00") == 0
    table = pq.read_table(out / PATH, partitioning=None)
    # Four hours went up; all but the last came down again, and that one went up further.
    assert table.num_rows == 2 * 4 * 4
    assert {one["value"] - one["value_before"] for one in table.to_pylist()} == {100.0, -100.0, 400.0}
    (told,) = report(out)["revised"]
    assert (told["replaced"], told["hours"], told["withdrawn"]) == (32, 16, 0)
    assert told["day"] < told["week"] == told["month"] == 16
    assert "values were replaced by a later answer" in (out / "report/index.html").read_text()
    assert verify.main([f"--output={out}"]) == 0

    shutil.copytree(out / "raw", tmp_path / "again/raw")
    assert load(latest, tmp_path / "again", "2024-02-05T00") == 0
    assert (tmp_path / "again" / PATH).read_bytes() == (out / PATH).read_bytes()


def test_hours_missing_are_missing_whatever_the_server_s_clock_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A clock that is years behind says of every hour that it had not ended when it was answered."""
    monkeypatch.setenv("EIA_API_KEY", "key")
    world = synthetic(now=parse_hour("2024-03-01T00"))
    kept = {}
    for name, hour in (("right", "2024-02-28T00"), ("behind", "2021-01-01T00")):
        assert load(Holed(world), tmp_path / name, hour) == 0
        told = report(tmp_path / name)
        kept[name] = (told["hours"], [one["missing"] for one in told["series"]])
        assert bool(told["warnings"]) == (name == "behind")
    assert kept["right"] == kept["behind"]
    assert kept["right"][0]["missing"] == 4 * 24
    assert "the server's clock is behind, by 27,0" in capsys.readouterr().out


class Holed:
    """The same rows, without those of one day."""

    def __init__(self, rows: RowSource) -> None:
        self._rows = rows

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rows, name)

    def series(self, route: Route, respondent: str) -> tuple[Series, ...]:
        first, last = parse_hour("2024-01-10T00"), parse_hour("2024-01-10T23")
        return tuple(
            replace(one, hours=one.hours[keep], values=one.values[keep], empty=one.empty[keep])
            for one in self._rows.series(route, respondent)
            for keep in [(one.hours < first) | (one.hours > last)]
        )


def test_a_server_whose_clock_went_back_is_named(
    rows: RowSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of two words on an hour the one stands that says it is the later: what comes now does not, until then."""
    monkeypatch.setenv("EIA_API_KEY", "key")
    out, revised = tmp_path / "out", Revised(rows, "2024-01-20T00", 100)
    assert load(rows, out, "2024-02-01T12") == 0
    before = (out / PATH.replace("revisions", "tidy")).read_bytes()
    assert report(out)["warnings"] == []
    capsys.readouterr()
    assert load(revised, out, "2024-01-31T12", "--refresh") == 0
    (told,) = report(out)["warnings"]
    assert "the server's clock went back, by 24.0 hours" in told
    assert told in capsys.readouterr().out
    assert (out / PATH.replace("revisions", "tidy")).read_bytes() == before
    assert load(revised, out, "2024-02-01T13", "--refresh") == 0
    assert report(out)["warnings"] == []
    assert (out / PATH.replace("revisions", "tidy")).read_bytes() != before
