# SPDX-License-Identifier: Apache-2.0
"""What EIA really answered, asked of the emulator again: the same bytes."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import requests

from eia930.emulator import Emulator, replay, synthetic
from eia930.reference.hours import parse_hour
from eia930.reference.routes import ROUTES

Ask = Callable[..., requests.Response]


def exchanges(recorded: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (recorded / "responses.jsonl").read_text("utf-8").splitlines()]


def rows_of(exchange: dict[str, Any]) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = json.loads(exchange["body"])["response"]["data"]
    return rows


def again(exchange: dict[str, Any], folder: Path) -> requests.Response:
    """The recorded request, sent to an emulator that holds the recorded rows."""
    parts = urlsplit(exchange["url"])
    rows = rows_of(exchange)
    file = folder / "rows.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    with Emulator(replay([file])) as server:
        url = server.url.removesuffix("/v2") + f"{parts.path}?{parts.query}"
        url += "" if "api_key" in parts.query else "&api_key=REDACTED"
        return requests.get(url, headers={"Accept-Encoding": "identity"}, timeout=20)


def test_every_recorded_answer_with_rows_comes_back(recorded: Path, tmp_path: Path) -> None:
    found = [e for e in exchanges(recorded) if e["status"] == 200]
    assert len(found) == 11
    for exchange in found:
        answer = again(exchange, tmp_path)
        # Byte for byte where the recording kept the order in which the request was sent; else key for key.
        if "?frequency" in exchange["url"]:
            assert answer.text == exchange["body"]
        theirs = json.loads(exchange["body"])
        assert answer.json() == theirs
        assert list(answer.json()["response"]) == list(theirs["response"])


def test_headers_are_the_recorded_ones(recorded: Path, tmp_path: Path) -> None:
    exchange = next(e for e in exchanges(recorded) if e["status"] == 200)
    answer = again(exchange, tmp_path)
    varying = {"Age", "Date", "Expires", "X-Api-Umbrella-Request-Id", "X-Vcap-Request-Id", "Connection"}
    for name, value in exchange["headers"].items():
        if name.title() in varying | {"Content-Length"}:
            continue
        joined = ", ".join(value) if isinstance(value, list) else value
        assert answer.headers[name] == joined, name
    assert set(answer.headers) <= {name.title() for name in exchange["headers"]} | varying


def test_an_invalid_key_is_refused_as_recorded(recorded: Path) -> None:
    exchange = next(e for e in exchanges(recorded) if e["status"] == 403)
    with Emulator(synthetic(now=parse_hour("2019-01-02T00")), key="good") as server:
        answer = requests.get(f"{server.url}/electricity/rto/region-data/data/?api_key=bad", timeout=20)
    assert answer.status_code == 403
    assert answer.text == exchange["body"]
    assert len(answer.content) == 136
    for name in ("X-Frame-Options", "X-Xss-Protection", "Strict-Transport-Security", "Vary", "X-Cache"):
        assert answer.headers[name] == exchange["headers"][name]
    assert "Via" not in answer.headers
    assert "Age" not in answer.headers


def test_an_unknown_route_has_the_recorded_body(recorded: Path, server: Emulator) -> None:
    exchange = next(e for e in exchanges(recorded) if e["status"] == 500)
    answer = requests.get(f"{server.url}/electricity/wholesale-prices/data/?api_key=k", timeout=20)
    assert (answer.status_code, answer.text) == (404, exchange["body"])


@pytest.mark.parametrize(
    ("route", "file"),
    [
        ("fuel-type-data", "fuel-type-data.metadata.v2.1.8_2024-12.json"),
        ("interchange-data", "gridstatus_nb_electricity_rto_interchange-data.json"),
        ("region-sub-ba-data", "region-sub-ba-data.metadata.2023-08.json"),
    ],
)
def test_metadata_is_the_recorded_one(recorded: Path, server: Emulator, route: str, file: str) -> None:
    theirs = json.loads((recorded / "api-metadata" / file).read_text("utf-8"))
    answer = requests.get(f"{server.url}/electricity/rto/{route}?api_key=REDACTED", timeout=20).json()
    if "request" in theirs:
        assert list(answer) == list(theirs)
        assert answer["request"] == theirs["request"]
    moving = {"startPeriod", "endPeriod", "command"}
    expected = theirs.get("response", theirs)
    got = answer["response"]
    assert {k: v for k, v in got.items() if k not in moving} == {k: v for k, v in expected.items() if k not in moving}
    assert [k for k in got if k != "command"] == [k for k in expected if k != "command"]
    assert (got["startPeriod"], got["endPeriod"]) == ("2019-01-01T00", "2019-03-01T00")


def test_the_children_of_rto_are_described_as_recorded(recorded: Path, server: Emulator) -> None:
    theirs = json.loads((recorded / "api-metadata" / "gridstatus_nb_electricity_rto_.json").read_text("utf-8"))
    answer = requests.get(f"{server.url}/electricity/rto/?api_key=k", timeout=20).json()["response"]
    listed = [r for r in answer["routes"] if r in theirs["routes"]]
    assert {r["id"] for r in listed} == set(ROUTES) & {r["id"] for r in theirs["routes"]}
    assert answer | {"routes": listed} == theirs | {"routes": [r for r in theirs["routes"] if r["id"] in ROUTES]}


def test_facet_values_are_shaped_as_recorded(recorded: Path, server: Emulator) -> None:
    theirs = json.loads((recorded / "api-metadata" / "region-sub-ba-data.facet.parent.2023-08.json").read_text())
    url = f"{server.url}/electricity/rto/region-sub-ba-data/facet/parent?api_key=k"
    answer = requests.get(url, timeout=20).json()["response"]

    def by_id(facet: dict[str, str]) -> str:
        return facet["id"]

    came_later = [facet["id"] for facet in answer["facets"] if facet not in theirs["response"]["facets"]]
    assert came_later == ["BHBA"]
    assert answer["totalFacets"] == len(answer["facets"]) == 9
    since = [facet for facet in answer["facets"] if facet["id"] not in came_later]
    assert sorted(since, key=by_id) == sorted(theirs["response"]["facets"], key=by_id)


@pytest.mark.parametrize("route", ["region-data", "fuel-type-data", "interchange-data"])
def test_every_recorded_row_of_a_day_is_served_as_it_was(recorded: Path, route: str, ask: Ask) -> None:
    file = recorded / f"{route}_2022-07-10.parquet"
    first, second = ROUTES[route].keys
    expected = pq.read_table(file).sort_by([("period", "ascending"), (first, "ascending"), (second, "ascending")])
    got: list[dict[str, str]] = []
    with Emulator(replay([file])) as server:
        while True:
            sort = {f"sort[{i}][column]": c for i, c in enumerate(("period", first, second))}
            page = ask(server, route, query={**sort, "offset": len(got)}).json()["response"]
            if not page["data"]:
                break
            got += page["data"]
            assert page["total"] == str(expected.num_rows)
    assert [{**row, "value": float(row["value"])} for row in got] == expected.to_pylist()


def test_millions_of_recorded_rows_are_served_exactly(recorded: Path, ask: Ask) -> None:
    file = recorded / "region-data_2015-07_2020-07.parquet"
    table = pq.read_table(file)
    with Emulator(replay([file])) as server:
        for respondent, start in (("PJM", "2015-07-01T00"), ("SEC", "2018-03-11T00"), ("US48", "2020-05-01T00")):
            query = {"facets[respondent][]": respondent, "start": start, "sort[0][column]": "period"}
            page = ask(server, query=query).json()["response"]
            ours = table.filter(pc.equal(table["respondent"], pa.scalar(respondent)))
            stamps = pc.strftime(ours["period"], format="%Y-%m-%dT%H").to_pylist()
            rows = zip(stamps, ours["type"].to_pylist(), ours["value"].to_pylist(), strict=True)
            expected = sorted((row for row in rows if row[0] >= start), key=lambda row: row[:2])
            assert page["total"] == str(len(expected))
            assert len(page["data"]) == min(5000, len(expected))
            got = [(r["period"], r["type"], None if r["value"] is None else int(r["value"])) for r in page["data"]]
            assert got == expected[:5000]
        url = f"{server.url}/electricity/rto/region-data?api_key=k"
        assert requests.get(url, timeout=20).json()["response"]["startPeriod"] == "2015-07-01T05"
