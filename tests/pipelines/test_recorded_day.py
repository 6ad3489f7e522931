# SPDX-License-Identifier: Apache-2.0
"""A recorded day of 2022, loaded with a gate: the series that fall short are those that really do."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from eia930.account.stored import read_account
from eia930.emulator import Emulator, replay
from eia930.reference.hours import parse_hour
from eia930.reference.routes import FUEL, INTERCHANGE, REGION
from eia930.reference.series import SeriesKey
from eia930.store.storage import Storage
from pipelines.historical import main

KEY = "0123456789abcdef"
ROUTES = (REGION, FUEL, INTERCHANGE)
DAY = parse_hour("2022-07-10T00"), parse_hour("2022-07-11T00")


@pytest.mark.recorded
def test_a_recorded_day_falls_short_where_it_does(
    recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EIA_API_KEY", KEY)
    files = [recorded / f"{route.id}_2022-07-10.parquet" for route in ROUTES]
    words = ("--regions=all", f"--routes={','.join(route.id for route in ROUTES)}", "--min_completeness=0.9")
    pace = ("--requests_per_hour=1000000", "--burst_per_second=1000", "--formats=parquet", f"--output={tmp_path}")
    with Emulator(replay(files), key=KEY) as server:
        code = main([f"--api_url={server.url}", "--start=2022-07-10", "--end=2022-07-11T01", *words, *pace])
    came: set[str] = set()
    for route, file in zip(ROUTES, files, strict=True):
        table = pq.read_table(file, columns=list(route.keys))
        pairs = set(zip(*(table[name].to_pylist() for name in route.keys), strict=True))
        came |= {SeriesKey(route, *pair).id for pair in pairs}
    told = read_account(Storage.at(str(tmp_path)))
    assert {one.series_id for one in told.series if one.present} == came
    assert all(one.present == one.hours == 25 for one in told.series if one.present)
    short = {one.series_id for one in told.completeness.short}
    assert short == {one.series_id for one in told.series if not one.present} | {
        f"{one.route}/{one.respondent}"
        for one in told.silent
        if not any((each.route, each.respondent) == (one.route, one.respondent) for each in told.series)
    }
    assert short & came == set()
    assert code == 1
    said = "".join(capfd.readouterr())
    assert said.index("SILENT") < said.index("hours     ")
