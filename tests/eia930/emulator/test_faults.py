# SPDX-License-Identifier: Apache-2.0
"""Every fault does what its help says, on the wire, and passes when its probability lets it."""

import http.client
import socket
import time
import zlib
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
import requests

from eia930.emulator import Emulator, Faults, RowSource
from eia930.emulator.faults import STRIKES, drawn
from tests.eia930.making import always

Ask = Callable[..., requests.Response]
QUERY = {
    "facets[respondent][]": "PACW",
    "start": "2019-01-05T00",
    "end": "2019-01-06T00",
    "sort[0][column]": "period",
    "sort[1][column]": "respondent",
    "sort[2][column]": "type",
}
PATH = "/v2/electricity/rto/region-data/data/?data[]=value&api_key=k&facets[respondent][]=PACW"


def answer(source: RowSource, ask: Ask, **faults: Any) -> requests.Response:
    with Emulator(source, faults=Faults(**faults)) as server:
        found = ask(server, query=QUERY, allow_redirects=False)
        struck: list[str | None] = [name for name, value in faults.items() if name.startswith("p_") and value]
        assert [server.requests[0].fault] == (struck or [None])
        assert server.requests[0].status == found.status_code
        return found


def raw(server: Emulator, timeout: float = 20) -> socket.socket:
    host, port = server.url.split("/")[2].split(":")
    connection = socket.create_connection((host, int(port)), timeout=timeout)
    connection.sendall(f"GET {PATH} HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: gzip\r\n\r\n".encode())
    return connection


def read_all(connection: socket.socket) -> bytes:
    """What comes until the peer closes (then `closed` is added) or patience ends."""
    received = b""
    try:
        while chunk := connection.recv(1 << 16):
            received += chunk
    except TimeoutError:
        return received
    return received + b"closed"


def test_without_faults_nothing_goes_wrong(source: RowSource, ask: Ask) -> None:
    found = answer(source, ask)
    assert len(found.json()["response"]["data"]) == 100


@pytest.mark.parametrize(("fault", "status"), [("p_503", 503), ("p_500", 500), ("p_502", 502), ("p_429", 429)])
def test_a_status_fault_has_its_status(source: RowSource, ask: Ask, fault: str, status: int) -> None:
    found = answer(source, ask, **{fault: 1.0})
    assert found.status_code == status
    assert "Retry-After" not in found.headers


def test_a_429_can_say_when_to_come_back(source: RowSource, ask: Ask) -> None:
    found = answer(source, ask, p_429=1.0, retry_after=7.0)
    assert found.headers["Retry-After"] == "7"
    assert found.json()["error"]["code"] == "OVER_RATE_LIMIT"


def test_html_with_200(source: RowSource, ask: Ask) -> None:
    found = answer(source, ask, p_html=1.0)
    assert found.status_code == 200
    assert found.text.startswith("<!doctype html>")


def test_an_error_with_200(source: RowSource, ask: Ask) -> None:
    found = answer(source, ask, p_error_200=1.0)
    assert found.status_code == 200
    assert found.json()["code"] == 400


def test_bad_json_has_the_right_length(source: RowSource, ask: Ask) -> None:
    found = answer(source, ask, p_bad_json=1.0)
    assert int(found.headers["Content-Length"]) == len(found.content)
    with pytest.raises(ValueError, match=r"line 1 column \d+"):
        found.json()


def test_a_redirect_points_elsewhere(source: RowSource, ask: Ask) -> None:
    found = answer(source, ask, p_redirect=1.0, redirect_to="http://other.example/x")
    assert (found.status_code, found.headers["Location"]) == (302, "http://other.example/x")


def test_a_cut_body_is_shorter_than_it_says(source: RowSource, ask: Ask) -> None:
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        answer(source, ask, p_cut=1.0)


def test_a_reset_is_a_reset(source: RowSource) -> None:
    with Emulator(source, faults=Faults(p_reset=1.0)) as server, closing(raw(server)) as connection:
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
        assert server.requests[0].fault == "p_reset"


@pytest.mark.parametrize("fault", ["p_timeout", "p_stall"])
def test_a_stall_outlasts_a_client_s_patience(source: RowSource, fault: str) -> None:
    faults = always(fault, stall_seconds=60.0)
    with Emulator(source, faults=faults) as server, closing(raw(server, timeout=0.3)) as connection:
        received = read_all(connection)
        assert not received.endswith(b"closed")
        assert (received == b"") == (fault == "p_timeout")


@pytest.mark.parametrize("fault", ["p_timeout", "p_stall"])
def test_a_stall_ends(source: RowSource, ask: Ask, fault: str) -> None:
    begin = time.monotonic()
    found = answer(source, ask, stall_seconds=0.2, **{fault: 1.0})
    assert time.monotonic() - begin >= 0.2
    assert len(found.json()["response"]["data"]) == 100


def test_an_open_emulator_stops_at_once_in_the_middle_of_a_stall(source: RowSource) -> None:
    server = Emulator(source, faults=Faults(p_timeout=1.0, stall_seconds=600.0))
    with server:
        connection = raw(server)
        while not server.requests:
            time.sleep(0.01)
    with closing(connection):
        assert read_all(connection).endswith(b"closed")


def test_a_slow_body_drips_and_is_whole(source: RowSource, ask: Ask) -> None:
    whole = answer(source, ask)
    begin = time.monotonic()
    found = answer(source, ask, p_slow_drip=1.0, drip_seconds=0.0005)
    assert found.content == whole.content
    assert time.monotonic() - begin >= len(whole.content) / 64 * 0.0005


def test_a_huge_body_goes_on_and_on(source: RowSource) -> None:
    faults = Faults(p_huge=1.0, huge_bytes=40 << 20)
    with Emulator(source, faults=faults) as server, requests.Session() as session:
        found = session.get(f"{server.url[:-3]}{PATH}", stream=True, timeout=20)
        assert int(found.headers["Content-Length"]) == 40 << 20
        assert sum(map(len, found.iter_content(1 << 20))) == 40 << 20


def test_a_bomb_is_small_on_the_wire(source: RowSource) -> None:
    with Emulator(source, faults=Faults(p_bomb=1.0, huge_bytes=40 << 20)) as server:
        connection = http.client.HTTPConnection(server.url.split("/")[2], timeout=20)
        connection.request("GET", PATH)
        response = connection.getresponse()
        assert response.headers["Content-Encoding"] == "gzip"
        body = response.read()
        connection.close()
    assert len(body) < 100_000
    assert len(zlib.decompress(body, 31)) == 40 << 20


def test_a_key_that_asks_too_fast_is_suspended_for_a_while(source: RowSource, ask: Ask) -> None:
    faults = Faults(key_suspended=0.6, suspend_per_second=3)
    with Emulator(source, faults=faults) as server:
        codes = [ask(server, query=QUERY).status_code for _ in range(6)]
        assert codes == [200, 200, 200, 403, 403, 403]
        assert server.requests[-1].fault == "key_suspended"
        deadline = time.monotonic() + 20
        while ask(server, query=QUERY).status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.3)


def test_a_key_is_suspended_by_the_hour(source: RowSource, ask: Ask) -> None:
    faults = Faults(key_suspended=60.0, suspend_per_second=100, suspend_per_hour=5)
    with Emulator(source, faults=faults) as server:
        assert [ask(server, query=QUERY).status_code for _ in range(7)] == [200] * 5 + [403] * 2


def test_a_key_can_be_refused_for_good(source: RowSource, ask: Ask) -> None:
    with Emulator(source, faults=Faults(key_refused_after=2)) as server:
        found = [ask(server, query=QUERY) for _ in range(5)]
    assert [f.status_code for f in found] == [200, 200, 403, 403, 403]
    assert found[-1].json()["error"]["code"] == "API_KEY_INVALID"


def test_a_window_can_fail_always(source: RowSource, ask: Ask) -> None:
    with Emulator(source, faults=Faults(fail_windows=("PACW:2019-01-05T12",))) as server:
        assert [ask(server, query=QUERY).status_code for _ in range(3)] == [503] * 3
        assert ask(server, query={**QUERY, "start": "2019-01-05T13"}).status_code == 200
        assert ask(server, query={**QUERY, "facets[respondent][]": "PACE"}).status_code == 200


def test_faults_are_drawn_for_each_repetition_at_their_rate() -> None:
    faults = Faults(p_503=0.33)
    struck = [drawn(faults, seed=1, request="a", attempt=i) == "p_503" for i in range(2000)]
    assert 0.28 < sum(struck) / 2000 < 0.38
    assert struck == [drawn(faults, seed=1, request="a", attempt=i) == "p_503" for i in range(2000)]
    assert struck != [drawn(faults, seed=2, request="a", attempt=i) == "p_503" for i in range(2000)]


def test_two_runs_are_the_same_bytes(source: RowSource, ask: Ask) -> None:
    def run() -> list[tuple[Any, ...]]:
        faults = Faults(p_503=0.3, p_total_changes=0.2, p_bad_json=0.2, unstable_order=True)
        with Emulator(source, faults=faults, seed=3) as server:
            found = [ask(server, query=QUERY) for _ in range(12)]
        return [(f.status_code, sorted(f.headers.items()), f.content) for f in found]

    first = run()
    assert first == run()
    assert len({status for status, _, _ in first}) == 2


def test_latency_is_kept(source: RowSource, ask: Ask) -> None:
    with Emulator(source, latency=(0.2, 0.1)) as server:
        begin = time.monotonic()
        for _ in range(3):
            ask(server, query=QUERY)
        assert time.monotonic() - begin >= 0.3


def test_every_strike_is_a_probability_and_off_by_default() -> None:
    for name in STRIKES:
        assert getattr(Faults(), name) == 0.0
        assert drawn(always(name), seed=0, request="", attempt=0) == name
    assert drawn(Faults(), seed=0, request="", attempt=0) is None
