# SPDX-License-Identifier: Apache-2.0
"""What we rest on of the files holds of the emulator, and is found out where a server in between breaks it."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import requests

from eia930.doctor.finding import Finding
from eia930.doctor.of_files import assumptions
from eia930.doctor.server import Server
from eia930.emulator import Emulator
from eia930.reference.halves import Half
from eia930.reference.hours import parse_hour
from tests.eia930.sources.files.drawing import Drawn, demand
from tests.eia930.sources.serving import Asked, Reply, serving

HALF = Half(2022, 1)
NOW = parse_hour("2022-08-10T00")
KEPT = ("Content-Length", "Last-Modified", "ETag", "Content-Range", "Content-Type")
Mutation = Callable[[Asked, Reply], Reply]


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(Drawn(demand("PJM", HALF, np.arange(1.0, 2001)), NOW), now=NOW) as server:
        yield server


def examined(url: str) -> dict[str, Finding]:
    server = Server(url, pause=0.0)
    return {one.name: one.hold(server) for one in assumptions(HALF)}


def differing(emulator: Emulator, change: Mutation) -> dict[str, Finding]:
    """What differs of the emulator behind a server that changes its answers."""

    def forward(asked: Asked) -> Reply:
        sent = {"accept-encoding": "identity"}
        sent.update((name, asked.headers[name]) for name in ("range", "if-none-match") if name in asked.headers)
        path = asked.path.removeprefix("/v2")
        got = requests.get(emulator.files_url + path, headers=sent, timeout=60)
        headers = {name: got.headers[name] for name in KEPT if name in got.headers}
        return change(asked, (got.status_code, headers, got.content))

    with serving(forward) as served:
        found = examined(served.url)
    return {name: one for name, one in found.items() if not one.holds}


def without(*names: str) -> Mutation:
    return lambda asked, reply: (reply[0], {k: v for k, v in reply[1].items() if k not in names}, reply[2])


def in_text(before: bytes, after: bytes) -> Mutation:
    def mutation(asked: Asked, reply: Reply) -> Reply:
        return reply[0], without("Content-Length")(asked, reply)[1], reply[2].replace(before, after)

    return mutation


def whole(asked: Asked, reply: Reply) -> Reply:
    """A server that knows no parts."""
    return (200, {}, reply[2]) if reply[0] == 206 else reply


def always_new(asked: Asked, reply: Reply) -> Reply:
    return (200, {}, b"x") if reply[0] == 304 else reply


def sizeless(asked: Asked, reply: Reply) -> Reply:
    return (reply[0], reply[1] | {"Content-Length": "0"}, reply[2]) if asked.method == "HEAD" else reply


def csv_for_nothing(asked: Asked, reply: Reply) -> Reply:
    return (200, {}, b'"Balancing Authority"\n') if "2014" in asked.path else reply


BREAKS: dict[str, Mutation] = {
    "index of files": in_text(b"FILENAME", b"FILE"),
    "names of files": in_text(b"EIA930_BALANCE_2022", b"EIA930_BALANCES_2022"),
    "header of EIA930_BALANCE_2022_Jan_Jun.csv": in_text(b"from Coal", b"from Peat"),
    "header of EIA930_INTERCHANGE_2022_Jan_Jun.csv": in_text(b"Directly Interconnected", b"Connected"),
    "header of EIA930_SUBREGION_2022_Jan_Jun.csv": in_text(b"Sub-Region", b"Part"),
    "parts": whole,
    "not changed": always_new,
    "a file that is not there": csv_for_nothing,
    "validator": without("ETag", "Last-Modified"),
    "size before loading": sizeless,
}


def test_every_assumption_holds_of_the_emulator(emulator: Emulator) -> None:
    found = examined(emulator.files_url)
    assert {name: one.found for name, one in found.items() if not one.holds} == {}
    assert set(BREAKS) <= set(found)


def test_a_server_in_between_that_changes_nothing_is_no_difference(emulator: Emulator) -> None:
    assert differing(emulator, lambda asked, reply: reply) == {}


@pytest.mark.parametrize("name", BREAKS)
def test_an_assumption_that_is_broken_is_found_out(emulator: Emulator, name: str) -> None:
    differ = differing(emulator, BREAKS[name])
    assert name in differ
    assert "another shape" not in differ[name].found


def test_few_requests_are_sent_and_no_file_is_loaded(emulator: Emulator) -> None:
    server = Server(emulator.files_url, pause=0.0)
    for one in assumptions(HALF):
        one.hold(server)
    assert server.asked <= 9
