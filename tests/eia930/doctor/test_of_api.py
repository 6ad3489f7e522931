# SPDX-License-Identifier: Apache-2.0
"""Every assumption holds of the emulator, and each is found out where a server in between breaks it."""

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import requests

from eia930.doctor.finding import Finding
from eia930.doctor.of_api import assumptions
from eia930.doctor.server import Server
from eia930.emulator import Emulator, synthetic
from eia930.reference.hours import moment_of, parse_hour
from eia930.reference.routes import REGION, ROUTES
from pipelines.doctor import _tables
from tests.eia930.sources.serving import Asked, Reply, serving

KEY = "canary-0123456789"
NOW = parse_hour("2026-11-01T00")
Mutation = Callable[[Asked, Reply], Reply]


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(synthetic(now=NOW), key=KEY) as server:
        yield server


def examined(url: str, *, later: timedelta = timedelta(0)) -> dict[str, Finding]:
    """What the doctor finds at a server whose clock shows NOW, by name."""
    server = Server(url, key=KEY, pause=0.0, now=lambda: moment_of(NOW) + later)
    return {one.name: one.hold(server) for one in assumptions(_tables())}


def differing(emulator: Emulator, change: Mutation) -> dict[str, Finding]:
    """What differs of the emulator behind a server that changes its answers."""

    def forward(asked: Asked) -> Reply:
        names = {"accept-encoding": asked.headers.get("accept-encoding", "identity")}
        if "x-api-key" in asked.headers:
            names["x-api-key"] = asked.headers["x-api-key"]
        path = asked.path.removeprefix("/v2")
        got = requests.get(emulator.url + path, headers=names, timeout=60)
        headers = {"Date": got.headers["Date"], "Content-Encoding": got.headers.get("Content-Encoding", "identity")}
        status, headers, body = change(asked, (got.status_code, headers, got.content))
        if headers["Content-Encoding"] == "gzip":
            body = gzip.compress(body, 1)
        return status, headers | {"Content-Length": str(len(body))}, body

    with serving(forward) as served:
        found = examined(served.url)
    return {name: one for name, one in found.items() if not one.holds}


def in_response(change: Callable[[dict[str, Any], str], Any]) -> Mutation:
    """Change the member `response` of answers with rows, in place."""

    def mutation(asked: Asked, reply: Reply) -> Reply:
        status, headers, body = reply
        if "/data/" not in asked.path or status != 200:
            return reply
        whole = json.loads(body)
        change(whole["response"], asked.path)
        return status, headers, json.dumps(whole).encode()

    return mutation


def in_rows(change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> Mutation:
    return in_response(lambda response, _: response.update(data=change(response["data"])))


def renamed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{("val" if name == "value" else name): value for name, value in row.items()} for row in rows]


def shuffled_values(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return rows[1::2] + rows[::2]


def new_code(asked: Asked, reply: Reply) -> Reply:
    status, headers, body = reply
    if not asked.path.endswith("/facet/fueltype/"):
        return reply
    whole = json.loads(body)
    whole["response"]["facets"].append({"id": "XNEW", "name": "A new fuel", "alias": "(XNEW) A new fuel"})
    return status, headers, json.dumps(whole).encode()


def elsewhere(asked: Asked, reply: Reply) -> Reply:
    """Metadata of a record that begins later."""
    status, headers, body = reply
    return status, headers, body.replace(b'"startPeriod":"2019', b'"startPeriod":"2021')


def keyless_served(asked: Asked, reply: Reply) -> Reply:
    return (200, reply[1], b'{"response":{}}') if reply[0] == 403 else reply


def refused(asked: Asked, reply: Reply) -> Reply:
    return (403, reply[1], b'{"error":{"code":"API_KEY_INVALID"}}') if "x-api-key" in asked.headers else reply


def unpacked(asked: Asked, reply: Reply) -> Reply:
    return reply[0], reply[1] | {"Content-Encoding": "identity"}, reply[2]


def late(asked: Asked, reply: Reply) -> Reply:
    date = format_datetime(moment_of(NOW) - timedelta(days=1), usegmt=True)
    return reply[0], reply[1] | {"Date": date}, reply[2]


def total_of_page(response: dict[str, Any], path: str) -> None:
    response["total"] = str(len(response["data"]))


def without_last_hour(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["period"] != "2023-01-01T02"]


def whole_page(response: dict[str, Any], path: str) -> None:
    """No cap: as many rows as were asked for."""
    if len(response["data"]) == 5000:
        response["data"] = response["data"] + response["data"][-1000:]


def nobody_known(response: dict[str, Any], path: str) -> None:
    if "NOSUCH" in path:
        response.update(total="3", data=[{"period": "2023-01-01T00"}] * 3)


def one_respondent(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["respondent"] != "ERCO"]


def offset_unheeded(response: dict[str, Any], path: str) -> None:
    if "offset=5&" in path:
        response["data"] = [row for row in response["data"] if row["respondent"] == "PACW"]


def never_ends(response: dict[str, Any], path: str) -> None:
    if "offset=1000" in path:
        response["total"] = "1000"


BREAKS: dict[str, Mutation] = {
    "key required": keyless_served,
    "key as a header": refused,
    "metadata": elsewhere,
    "metadata interchange-data": elsewhere,
    "envelope": in_response(lambda response, _: response.pop("dateFormat")),
    "row members": in_rows(renamed),
    "unit": in_rows(lambda rows: [row | {"value-units": "MWh"} for row in rows]),
    "inclusive bounds": in_rows(without_last_hour),
    "several values of a facet": in_rows(one_respondent),
    "unknown facet value": in_response(nobody_known),
    "total": in_response(total_of_page),
    "page cap": in_response(whole_page),
    "truncation warning": in_response(lambda response, _: response.pop("warnings", None)),
    "complete sort": in_rows(shuffled_values),
    "descending sort": in_rows(without_last_hour),
    "pages of several": in_response(offset_unheeded),
    "offset beyond the end": in_response(never_ends),
    "sort by value": in_rows(shuffled_values),
    "facet list fuel-type-data/fueltype": new_code,
    "gzip": unpacked,
    "clock": late,
}


def test_every_assumption_holds_of_the_emulator(emulator: Emulator) -> None:
    found = examined(emulator.url)
    assert {name: one.found for name, one in found.items() if not one.holds} == {}
    assert len(found) >= 20
    lists = {f"facet list {route.id}/{route.kind}" for route in ROUTES.values()}
    every = {name for name in found if name.startswith(("facet list", "metadata "))}
    assert lists | {f"metadata {route.id}" for route in ROUTES.values() if route is not REGION} <= every
    assert set(BREAKS) | every == set(found)


@pytest.mark.parametrize("name", BREAKS)
def test_an_assumption_that_is_broken_is_found_out(emulator: Emulator, name: str) -> None:
    differ = differing(emulator, BREAKS[name])
    assert name in differ
    assert differ[name].expected
    assert "another shape" not in differ[name].found


def test_what_is_kept_never_has_the_key(emulator: Emulator) -> None:
    echo: Mutation = lambda asked, reply: (400, reply[1], f"key {KEY} failed".encode())  # noqa: E731
    differ = differing(emulator, echo)
    assert len(differ) >= 20
    assert KEY not in str(differ)


def test_of_a_server_that_is_not_well_nothing_is_known(emulator: Emulator) -> None:
    found = differing(emulator, lambda asked, reply: (503, reply[1], b"<html>Service Unavailable</html>"))
    assert not any(one.answered for one in found.values())
    assert {one.found for one in found.values()} == {"the server is not well: status 503"}


def test_of_a_server_that_is_not_there_nothing_is_known() -> None:
    with serving(lambda asked: (200, {}, b"")) as served:
        url = served.url
    found = examined(url)
    assert not any(one.holds or one.answered for one in found.values())
    assert "no answer" in found["envelope"].found


def test_requests_keep_apart_and_are_few(emulator: Emulator) -> None:
    waits: list[float] = []
    server = Server(emulator.url, key=KEY, pause=1.0, sleep=waits.append, now=lambda: datetime.now(UTC))
    for one in assumptions(_tables()):
        one.hold(server)
    assert server.asked <= 12 + 2 * len(ROUTES)
    assert waits == [1.0] * (server.asked - 1)
