# SPDX-License-Identifier: Apache-2.0
"""The emulator serves EIA's files as EIA's server does, faults included, and of the very hours of its API."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import requests

from eia930.emulator import Emulator, Faults, synthetic
from eia930.emulator.files.making import listed, made
from eia930.emulator.files.quirks import Quirks
from eia930.emulator.files.world import files_of, synthetic_files
from eia930.reference.halves import FIRST, Half
from eia930.reference.hours import parse_hour
from eia930.reference.routes import ROUTES
from tests.eia930.few import few_files
from tests.eia930.sources.files.drawing import Drawn as Given
from tests.eia930.sources.files.drawing import cells_of, demand, read

NOW = parse_hour("2022-08-10T00")
HALF = Half(2022, 1)
NAME = "EIA930_BALANCE_2022_Jan_Jun.csv"


def server(*, now: int = NOW, faults: Faults | None = None, **quirks: Any) -> Emulator:
    source = Given(demand("PJM", HALF, np.arange(1.0, 2001)), now)
    return Emulator(source, faults=faults, quirks=Quirks(**quirks), now=now)


@pytest.fixture
def plain() -> Iterator[str]:
    with server() as emulator:
        yield emulator.files_url


def get(url: str, name: str = NAME, **headers: str) -> requests.Response:
    plain = {"Accept-Encoding": "identity"}
    return requests.get(
        f"{url}/{name}", headers=plain | {k.replace("_", "-"): v for k, v in headers.items()}, timeout=20
    )


def test_a_file_comes_whole_and_by_parts(plain: str) -> None:
    whole = get(plain)
    assert whole.status_code == 200
    assert read(whole.content, "balance", HALF).account.received == 2000
    part = get(plain, Range="bytes=100-199")
    assert (part.status_code, part.content) == (206, whole.content[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(whole.content)}"
    rest = get(plain, Range="bytes=5000-", If_Range=whole.headers["ETag"])
    assert rest.content == whole.content[5000:]
    assert get(plain, Range="bytes=5000-", If_Range='"other"').status_code == 200
    beyond = get(plain, Range=f"bytes={len(whole.content)}-")
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{len(whole.content)}")


def test_a_head_tells_of_the_whole(plain: str) -> None:
    whole = get(plain)
    head = requests.head(f"{plain}/{NAME}", headers={"Accept-Encoding": "identity"}, timeout=20)
    assert head.headers["Content-Length"] == str(len(whole.content))
    assert head.headers["Last-Modified"] == whole.headers["Last-Modified"]
    assert head.content == b""


def test_what_is_unchanged_is_not_sent(plain: str) -> None:
    whole = get(plain)
    assert get(plain, If_None_Match=whole.headers["ETag"]).status_code == 304
    assert get(plain, If_Modified_Since=whole.headers["Last-Modified"]).status_code == 304
    assert get(plain, If_None_Match='"x"', If_Modified_Since=whole.headers["Last-Modified"]).status_code == 200


def test_the_stamp_is_new_each_day_and_the_bytes_are_not(plain: str) -> None:
    today = get(plain)
    with server(now=NOW + 48) as later:
        then = get(later.files_url)
    assert then.content == today.content
    assert then.headers["Last-Modified"] != today.headers["Last-Modified"]


def test_a_file_that_is_not_there_answers_200_with_a_page(plain: str) -> None:
    for name in ("EIA930_SUBREGION_2018_Jan_Jun.csv", "nothing.csv", ""):
        answer = get(plain, name)
        assert answer.status_code == 200
        assert answer.content.startswith(b"<!DOCTYPE html>")
    with server(html_404=True, no_index=True) as other:
        assert get(other.files_url, "EIA930_File_List_Meta.csv").status_code == 404


def test_each_quirk_of_the_server() -> None:
    with server(no_etag=True, no_last_modified=True, no_range=True, no_length=True) as emulator:
        answer = get(emulator.files_url, Range="bytes=100-199")
        assert answer.status_code == 200
        assert not {"ETag", "Last-Modified", "Accept-Ranges", "Content-Length"} & set(answer.headers)
    with server() as emulator:
        zipped = requests.get(f"{emulator.files_url}/{NAME}", timeout=20)
        assert zipped.headers["Content-Encoding"] == "gzip"
        assert zipped.content == get(emulator.files_url).content
    with server(no_gzip=True) as emulator:
        assert "Content-Encoding" not in requests.get(f"{emulator.files_url}/{NAME}", timeout=20).headers


def test_a_file_is_rebuilt_between_two_requests() -> None:
    with server(rebuild_after=1) as emulator:
        first, then = get(emulator.files_url), get(emulator.files_url)
    assert first.headers["ETag"] != then.headers["ETag"]
    before, after = (cells_of(read(one.content, "balance", HALF)) for one in (first, then))
    assert sum(before[key] != after[key] for key in before) == 1


def test_faults_strike_files_too() -> None:
    with server(faults=Faults(p_429=1.0, retry_after=7)) as emulator:
        answer = get(emulator.files_url)
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
        assert emulator.requests[-1].fault == "p_429"
    with server(faults=Faults(p_cut=1.0)) as emulator, pytest.raises(requests.exceptions.ChunkedEncodingError):
        get(emulator.files_url)
    with server(faults=Faults(p_cut=1.0), no_length=True) as emulator:
        assert len(get(emulator.files_url).content) < len(get(emulator.files_url).content) * 2


@pytest.mark.parametrize("half", [Half(2021, 1), Half(2022, 1), Half(2022, 2)])
def test_files_and_api_hold_the_same_hours(half: Half) -> None:
    codes = ("PJM", "MISO", "CISO", "AZPS", "AVRN")
    world, source = few_files(*codes, now=NOW), synthetic(now=NOW)
    found = cells_of(read(made(world, "BALANCE", half, Quirks()), "balance", half))
    low, high = half.hours()
    compared = 0
    for route in ("region-data", "fuel-type-data"):
        for code in codes:
            for series in source.series(ROUTES[route], code):
                rows = zip(series.hours.tolist(), series.values.tolist(), series.empty.tolist(), strict=True)
                for hour, value, empty in rows:
                    if low + 24 <= hour <= min(high - 24, NOW - 72) and not empty:
                        assert found[route, code, series.kind, hour] == value
                        compared += 1
    assert compared > 10_000


def test_planted_differences_are_there_to_the_number() -> None:
    world = files_of(Given(demand("PJM", HALF, np.arange(1.0, 2001)), NOW))
    plain = cells_of(read(made(world, "BALANCE", HALF, Quirks()), "balance", HALF))
    other = cells_of(read(made(world, "BALANCE", HALF, Quirks(differ=7, lack=5)), "balance", HALF))
    assert len(plain) - len(other) == 5
    assert sum(plain[key] != value for key, value in other.items()) == 7


def test_the_tail_has_forecasts_alone() -> None:
    now = parse_hour("2022-04-20T12")
    cells = demand("PJM", HALF, np.arange(1.0, 4001))
    cells |= {(route, code, "DF", hour): value for (route, code, _, hour), value in cells.items()}
    world = files_of(Given(cells, now))
    found = cells_of(read(made(world, "BALANCE", HALF, Quirks(forecast_tail=True)), "balance", HALF))
    last = {kind: max(key[3] for key in found if key[2] == kind) for kind in ("D", "DF")}
    assert last["DF"] == last["D"] + 24


def test_the_synthetic_files_begin_with_the_form() -> None:
    world = synthetic_files(now=NOW)
    assert listed(world)[0] == ("BALANCE", FIRST)
    parsed = read(made(world, "INTERCHANGE", FIRST, Quirks()), "interchange", FIRST)
    assert parsed.account.first == FIRST.hours()[0]
