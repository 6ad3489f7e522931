# SPDX-License-Identifier: Apache-2.0
"""Replay serves what the files hold: every route, every way to write a period, every number exactly."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eia930.emulator import Emulator, replay
from eia930.emulator.api.pages import page, select
from eia930.emulator.api.query import read_query
from eia930.emulator.api.render import Style, row_texts
from eia930.reference.hours import parse_hour, stamp
from eia930.reference.routes import FUEL, INTERCHANGE, REGION, SUBREGION

Ask = Callable[..., requests.Response]


def csv(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text, "utf-8")
    return file


def test_each_route_is_known_by_its_columns(tmp_path: Path, ask: Ask) -> None:
    files = [
        csv(tmp_path, "a.csv", "period,respondent,type,value\n2016-01-01T00,PACW,D,5\n"),
        csv(tmp_path, "b.csv", "period,respondent,fueltype,value\n2016-01-01T00,PACW,SUN,5\n"),
        csv(tmp_path, "c.csv", "period,fromba,toba,value\n2016-01-01T00,PACW,PACE,-5\n"),
        csv(tmp_path, "d.csv", "period,subba,parent,value\n2016-01-01T00,0001,MISO,5\n"),
    ]
    source = replay(files)
    for route in (REGION, FUEL, INTERCHANGE, SUBREGION):
        assert source.span(route) == (parse_hour("2016-01-01T00"),) * 2
    with Emulator(source) as server:
        row = ask(server, "region-sub-ba-data").json()["response"]["data"][0]
        assert (row["subba"], row["parent"], row["parent-name"]) == (
            "0001", "MISO", "Midcontinent Independent System Operator, Inc.",
        )  # fmt: skip
        row = ask(server, "fuel-type-data").json()["response"]["data"][0]
        assert (row["type-name"], row["respondent-name"]) == ("Solar", "PacifiCorp West")
        answer = ask(server, "interchange-data")
        assert answer.json()["response"]["data"][0]["toba-name"] == "PacifiCorp East"
        # The clock stands a month after the last hour: two runs get the same bytes.
        assert parsedate_to_datetime(answer.headers["Date"]) == datetime(2016, 1, 31, tzinfo=UTC)
        url = f"{server.url}/electricity/rto/region-data?api_key=k"
        assert requests.get(url, timeout=20).json()["response"]["startPeriod"] == "2016-01-01T00"


def test_the_clock_is_never_ahead(tmp_path: Path) -> None:
    last = datetime.now(UTC).strftime("%Y-%m-%dT%H")
    source = replay([csv(tmp_path, "a.csv", f"period,respondent,type,value\n{last},PACW,D,5\n")])
    with Emulator(source) as server:
        date = requests.get(f"{server.url}/electricity/rto?api_key=k", timeout=20).headers["Date"]
    assert parsedate_to_datetime(date) <= datetime.now(UTC)


def test_nulls_are_rows_and_files_are_put_together(tmp_path: Path, ask: Ask) -> None:
    files = [
        csv(tmp_path, "b.csv", "period,respondent,type,value\n2020-01-01T02,PACW,D,\n2020-01-01T03,PACW,D,3\n"),
        csv(tmp_path, "a.csv", "period,respondent,type,value\n2020-01-01T01,PACW,D,1.5\n"),
    ]
    with Emulator(replay(files)) as server:
        found = ask(server).json()["response"]["data"]
    assert [(r["period"][-3:], r["value"]) for r in found] == [("T01", "1.5"), ("T02", None), ("T03", "3")]


def test_an_empty_value_can_be_an_empty_text(tmp_path: Path) -> None:
    series = replay([csv(tmp_path, "a.csv", "period,respondent,type,value\n2020-01-01T02,PACW,D,\n")]).series(
        REGION, "PACW"
    )
    query = read_query(REGION, {"data": ["value"]})
    rows = page(select(series, query), REGION, query)
    assert '"value":null' in row_texts(rows, REGION, Style())[0]
    assert '"value":""' in row_texts(rows, REGION, Style(empty_text=True))[0]
    assert '"value":""' in row_texts(rows, REGION, Style(empty_text=True, ints=True))[0]


def test_a_row_without_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="1 rows have no type"):
        replay([csv(tmp_path, "a.csv", "period,respondent,type,value\n2020-01-01T02,PACW,,1\n")])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.none() | st.floats(-1e12, 1e12, allow_nan=False), min_size=1, max_size=40), st.booleans())
def test_every_number_reads_back_exactly(tmp_path: Path, values: list[float | None], as_stamps: bool) -> None:  # noqa: FBT001
    hours = [parse_hour("2020-01-01") + i for i in range(len(values))]
    moments = pa.array([h * 3_600_000 for h in hours], pa.timestamp("ms", tz="UTC"))
    table = pa.table(
        {
            "period": moments if as_stamps else pa.array([stamp(h) for h in hours]),
            "respondent": pa.array(["PACW"] * len(hours)).dictionary_encode(),
            "type": ["D"] * len(hours),
            "value": pa.array(values, pa.float64()),
        }
    )
    pq.write_table(table, tmp_path / "rows.parquet")
    (series,) = replay([tmp_path / "rows.parquet"]).series(REGION, "PACW")
    query = read_query(REGION, {"data": ["value"]})
    texts = row_texts(page(select([series], query), REGION, query), REGION, Style(ints=True))
    found = [json.loads(text) for text in texts]
    assert [row["value"] for row in found] == values
    assert [row["period"] for row in found] == [stamp(h) for h in hours]


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"--replay .*none\.parquet: there is no such file"):
        replay([tmp_path / "none.parquet"])
