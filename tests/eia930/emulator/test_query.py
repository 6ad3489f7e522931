# SPDX-License-Identifier: Apache-2.0
"""How the API reads a request, and what it leaves out: bounds, facets, paging, sorts, refusals."""

import gzip
import http.client
import json
from collections.abc import Callable
from contextlib import closing
from operator import itemgetter
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eia930.emulator import Emulator, RowSource
from eia930.emulator.api.pages import page, select
from eia930.emulator.api.query import parameters, read_query
from eia930.reference.routes import FUEL, REGION, ROUTES

Ask = Callable[..., requests.Response]
PACW = {"facets[respondent][]": "PACW"}


def rows(response: requests.Response) -> list[dict[str, Any]]:
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["response"]["data"]
    return found


def test_both_bounds_are_inclusive_and_a_bare_date_is_its_first_hour(server: Emulator, ask: Ask) -> None:
    query = {**PACW, "facets[type][]": "D", "sort[0][column]": "period"}
    day = rows(ask(server, query={**query, "start": "2019-01-02T00", "end": "2019-01-02T23"}))
    week = rows(ask(server, query={**query, "start": "2019-01-01", "end": "2019-01-08"}))
    assert [r["period"] for r in day] == [f"2019-01-02T{h:02}" for h in range(24)]
    assert len(week) == 7 * 24 + 1
    assert (week[0]["period"], week[-1]["period"]) == ("2019-01-01T00", "2019-01-08T00")


def test_nothing_comes_before_the_floor_or_after_the_end(server: Emulator, ask: Ask) -> None:
    query = {**PACW, "facets[type][]": "D", "start": "2012-01-01T00", "end": "2018-12-31T23"}
    assert rows(ask(server, query=query)) == []
    found = rows(ask(server, query={**PACW, "start": "2019-02-28T23", "sort[0][column]": "period"}))
    assert {r["period"] for r in found} == {"2019-02-28T23", "2019-03-01T00"}


def test_facets_are_or_within_and_and_across(server: Emulator, ask: Ask) -> None:
    url = "facets[respondent][]=PACW&facets[respondent][]=PACE&facets[type][]=D&facets[type][1]=TI"
    query = f"{url}&start=2019-01-05T03&end=2019-01-05T03&data[0]=value&api_key=k"
    answer = requests.get(f"{server.url}/electricity/rto/region-data/data?{query}", timeout=20)
    assert [(r["respondent"], r["type"]) for r in rows(answer)] == [
        ("PACE", "D"),
        ("PACE", "TI"),
        ("PACW", "D"),
        ("PACW", "TI"),
    ]
    assert answer.json()["request"]["command"] == "/v2/electricity/rto/region-data/data/"


def test_an_unknown_facet_value_is_no_error(server: Emulator, ask: Ask) -> None:
    answer = ask(server, query={"facets[respondent][]": "SPP"})
    assert rows(answer) == []
    assert answer.json()["response"]["total"] == "0"
    assert "warnings" not in answer.json()["response"]


def test_pages_are_full_and_the_total_stays(server: Emulator, ask: Ask) -> None:
    first = ask(server, query=PACW).json()["response"]
    assert len(first["data"]) == 5000
    assert list(first) == ["warnings", "total", "dateFormat", "frequency", "data", "description"]
    assert first["warnings"][0]["warning"] == "incomplete return"
    assert first["total"] == str(4 * (59 * 24 + 1))
    assert len(rows(ask(server, query={**PACW, "length": 8000}))) == 5000
    last = ask(server, query={**PACW, "offset": 5000, "length": 8000}).json()["response"]
    assert len(last["data"]) == 4 * (59 * 24 + 1) - 5000
    assert last["total"] == first["total"]
    assert "warnings" in last
    beyond = ask(server, query={**PACW, "offset": 999999}).json()["response"]
    assert (beyond["data"], beyond["total"]) == ([], first["total"])


def test_without_data_rows_have_no_value(server: Emulator) -> None:
    url = f"{server.url}/electricity/rto/region-data/data/?api_key=k&length=3"
    found = rows(requests.get(url, timeout=20))
    assert [list(r) for r in found] == [["period", "respondent", "respondent-name", "type", "type-name"]] * 3


@pytest.mark.parametrize(("route", "keys"), [
    ("region-data", "period respondent respondent-name type type-name value value-units"),
    ("fuel-type-data", "period respondent respondent-name fueltype type-name value value-units"),
    ("interchange-data", "period fromba fromba-name toba toba-name value value-units"),
    ("region-sub-ba-data", "period subba subba-name parent parent-name value value-units"),
])  # fmt: skip
def test_rows_have_the_route_s_keys_in_order(server: Emulator, ask: Ask, route: str, keys: str) -> None:
    found = rows(ask(server, route, query={"length": 2}))
    assert [" ".join(r) for r in found] == [keys] * 2
    assert all(isinstance(r["value"], str) for r in found)


@pytest.mark.parametrize(("query", "message"), [
    ({"data[]": "D"}, "Invalid data 'D' provided. The only valid data are 'value'."),
    ({"frequency": "yearly"},
     "Invalid frequency 'yearly' provided. The only valid frequencies are 'hourly' and 'local-hourly'."),
    ({"frequency": "local-hourly"},
     "Frequency 'local-hourly' is listed because EIA lists it, but this emulator does not serve it."),
    ({"start": "1/2/2019"}, "Invalid start '1/2/2019' provided"),
    ({"end": "2019-02-30T00"}, "Invalid end '2019-02-30T00' provided"),
    ({"offset": "-1"}, "Invalid offset '-1' provided"),
    ({"length": "many"}, "Invalid length 'many' provided"),
    ({"sort": "period"}, "Invalid sort 'period' provided"),
    ({"sort[0][column]": "colour"}, "Invalid sort column 'colour' provided"),
    ({"sort[0][column]": "period", "sort[0][direction]": "up"}, "Invalid sort direction 'up' provided"),
    ({"facets[colour][]": "red"}, "Invalid facet 'colour' provided"),
])  # fmt: skip
def test_what_makes_no_sense_is_refused(server: Emulator, ask: Ask, query: dict[str, str], message: str) -> None:
    answer = ask(server, query=query)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(message)
    assert answer.json()["code"] == 400


def test_the_same_request_can_come_by_header_and_by_body(server: Emulator, ask: Ask) -> None:
    asked: dict[str, Any] = {
        "frequency": "hourly",
        "data": ["value"],
        "facets": {"respondent": ["PACW"], "type": ["D"]},
        "start": "2019-01-02T00",
        "end": None,
        "sort": [{"column": "period", "direction": "desc"}],
        "offset": 0,
        "length": 10,
    }
    url = f"{server.url}/electricity/rto/region-data/data"
    key = {"X-Api-Key": "k"}
    by_header = requests.get(url, headers={**key, "X-Params": json.dumps(asked)}, timeout=20)
    by_body = requests.post(url, headers=key, json=asked, timeout=20)
    form = "data[]=value&facets[respondent][]=PACW&facets[type][]=D&start=2019-01-02T00&length=10"
    by_form = requests.get(url, headers=key, data=form + "&sort[0][column]=period&sort[0][direction]=desc", timeout=20)
    assert len(rows(by_header)) == 10
    assert by_header.text == by_body.text
    assert by_header.json()["request"]["params"] == asked
    assert rows(by_form) == rows(by_header)
    assert requests.get(url, headers={**key, "X-Params": "[1]"}, timeout=20).status_code == 400


@pytest.mark.parametrize(("length", "status"), [("99999999999", 413), ("-5", 400), ("many", 400), ("1" * 30, 400)])
def test_a_body_that_nobody_could_mean_is_refused_unread(
    server: Emulator, length: str, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    address = urlsplit(server.url)
    with closing(http.client.HTTPConnection(str(address.hostname), address.port, timeout=20)) as connection:
        connection.putrequest("POST", "/v2/electricity/rto/region-data/data/?api_key=k")
        connection.putheader("Content-Length", length)
        connection.endheaders()
        answer = connection.getresponse()
        assert (answer.status, answer.getheader("Connection")) == (status, "close")
    assert capsys.readouterr().err == ""


def test_a_request_without_key_is_refused_and_noted(source: RowSource) -> None:
    with Emulator(source, key="good") as server:
        url = f"{server.url}/electricity/rto/region-data/data/?length=1"
        answers = [
            requests.get(url, timeout=20),
            requests.get(f"{url}&api_key=good", timeout=20),
            requests.get(url, headers={"X-Api-Key": "good"}, timeout=20),
        ]
        assert [a.status_code for a in answers] == [403, 200, 200]
        assert answers[0].json()["error"]["code"] == "API_KEY_MISSING"
        assert [s.key_ok for s in server.requests] == [False, True, True]
        assert [s.query for s in server.requests] == ["length=1"] * 3
        assert answers[1].json()["request"]["params"]["api_key"] == "good"


def test_gzip_is_sent_when_asked_for(server: Emulator, ask: Ask) -> None:
    plain = ask(server, query={"length": 50})
    zipped = ask(server, query={"length": 50}, headers={"Accept-Encoding": "gzip"}, stream=True)
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped.raw.read()) == plain.content
    assert "Content-Encoding" not in plain.headers


def test_a_connection_serves_many_requests(server: Emulator) -> None:
    connection = http.client.HTTPConnection(server.url.split("/")[2], timeout=20)
    sockets = set()
    for _ in range(3):
        connection.request("GET", "/v2/electricity/rto/fuel-type-data/facet/fueltype", headers={"X-Api-Key": "k"})
        response = connection.getresponse()
        assert response.status == 200
        response.read()
        sockets.add(connection.sock)
    connection.close()
    assert len(sockets) == 1


@pytest.mark.parametrize("path", ["nothing", "region-data/data/more", "region-data/facet/colour", "daily-region-data"])
def test_an_unknown_path_is_not_found(server: Emulator, path: str) -> None:
    answer = requests.get(f"{server.url}/electricity/rto/{path}?api_key=k", timeout=20)
    assert (answer.status_code, answer.text) == (404, '{"error":"Not found.","code":404}')


def test_facets_of_a_route(server: Emulator) -> None:
    base = f"{server.url}/electricity/rto/region-data/facet"
    ids = requests.get(f"{base}?api_key=k", timeout=20).json()["response"]
    assert ids == {"totalFacets": 2, "facets": [{"id": k, "description": v} for k, v in REGION.facets.items()]}
    types = requests.get(f"{base}/type/?api_key=k", timeout=20).json()["response"]["facets"]
    assert types[0] == {"id": "D", "name": "Demand", "alias": "(D) Demand"}


def test_php_names_nest() -> None:
    text = "data[0]=value&facets[type][]=D&facets[type][]=NG&sort[0][column]=period&a=1&a=2&[x]=3"
    assert parameters(text) == {
        "data": ["value"],
        "facets": {"type": ["D", "NG"]},
        "sort": [{"column": "period"}],
        "a": "2",
        "[x]": "3",
    }


COLUMNS = ("period", "respondent", "fueltype", "value", "type-name", "respondent-name")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sort=st.lists(st.tuples(st.sampled_from(COLUMNS), st.sampled_from(("asc", "desc"))), max_size=3),
    offset=st.integers(0, 700),
    length=st.integers(0, 400),
    hours=st.integers(0, 30),
)
def test_a_page_is_a_cut_of_the_sorted_whole(
    source: RowSource, sort: list[tuple[str, str]], offset: int, length: int, hours: int
) -> None:
    """Paging by touching only a page's hours gives what sorting everything and cutting would."""
    series = [s for code in ("CISO", "NW", "PACW") for s in source.series(FUEL, code)]
    sent: dict[str, Any] = {
        "start": "2019-01-31T00",
        "end": f"2019-02-{1 + hours // 24:02}T{hours % 24:02}",
        "sort": [{"column": c, "direction": d} for c, d in sort],
    }

    def page_of(offset: int, length: int) -> list[tuple[Any, ...]]:
        query = read_query(FUEL, {**sent, "offset": offset, "length": length})
        found = page(select(series, query), FUEL, query)
        return [
            (h, s.respondent, s.kind, v, s.kind_name, s.respondent_name)
            for h, i, v in zip(found.hours.tolist(), found.which.tolist(), found.values.tolist(), strict=True)
            for s in (found.series[i],)
        ]

    whole = page_of(0, 5000)
    expected = sorted(whole, key=lambda row: (row[1], row[2], row[0]))
    for column, direction in reversed(sort or [("period", "asc")]):
        expected.sort(key=itemgetter(COLUMNS.index(column)), reverse=direction == "desc")
    assert whole == expected
    assert page_of(offset, length) == whole[offset : offset + length]


def test_every_route_lists_only_respondents_with_series(source: RowSource) -> None:
    for route in ROUTES.values():
        for code in source.respondents(route)[::7]:
            kinds = [s.kind for s in source.series(route, code)]
            assert kinds == sorted(kinds)
            assert set(kinds) <= set(source.kinds(route))
