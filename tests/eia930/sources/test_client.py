# SPDX-License-Identifier: Apache-2.0
import gzip
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from urllib3.exceptions import ConnectTimeoutError

from eia930.emulator import Emulator, Faults, RowSource, synthetic
from eia930.errors import EiaError, Garbled, KeyRefused, Refused, Throttled, Unavailable, Unreachable, UsageError
from eia930.question.window import KIND, VALUE, Short, Window
from eia930.reference.hours import parse_hour
from eia930.sources.api.client import Api, checked_url
from eia930.sources.api.http import said
from eia930.sources.api.responses import LARGEST
from tests.eia930.making import always, body, row, window
from tests.eia930.sources.serving import Asked, Reply, serving

KEY = "CANARYcanary0123456789CANARYcanary012345"
JANUARY = Window("region-data", "PACW", parse_hour("2019-01-01T00"), parse_hour("2019-01-03T23"))


@pytest.fixture(scope="module")
def source() -> RowSource:
    return synthetic(now=parse_hour("2019-02-01T00"), defects=False)


@contextmanager
def asking(url: str, *, timeout: float = 5.0) -> Iterator[Api]:
    api = Api(url, KEY, timeout=timeout)
    try:
        yield api
    finally:
        api.close()


def failure(reply: Reply) -> EiaError:
    """The error that a reply becomes."""
    with serving(lambda _: reply) as served, asking(served.url) as api, pytest.raises(EiaError) as caught:
        api.ask(window())
    error = caught.value
    assert KEY not in str(error) + repr(error)
    assert "\n" not in str(error)
    return error


def test_a_window_is_answered_whole(source: RowSource) -> None:
    with Emulator(source, key=KEY) as server, asking(server.url) as api:
        answer = api.ask(JANUARY)
        (seen,) = server.requests
    assert (answer.total, answer.columns.received, answer.columns.refused) == (288, 288, ())
    assert (answer.first, answer.last) == (JANUARY.first, JANUARY.last)
    assert dict(parse_qsl(seen.query)) == {
        "frequency": "hourly",
        "data[0]": "value",
        "facets[respondent][]": "PACW",
        "facets[type][]": "TI",
        "start": "2019-01-01T00",
        "end": "2019-01-03T23",
        "sort[0][column]": "period",
        "sort[0][direction]": "asc",
        "sort[1][column]": "type",
        "sort[1][direction]": "asc",
        "sort[2][column]": "respondent",
        "sort[2][direction]": "asc",
        "offset": "0",
        "length": "5000",
    }


def test_the_key_is_in_a_header_and_nowhere_else() -> None:
    with serving(lambda _: (200, {}, body([row(0)]))) as served, asking(served.url) as api:
        api.ask(window())
    (asked,) = served.asked
    assert asked.headers["x-api-key"] == KEY
    assert KEY not in asked.path
    assert asked.headers["accept-encoding"] == "gzip"


def test_a_short_answer_is_asked_for_as_told() -> None:
    asked = window(short=Short(VALUE, offset=3, length=1), kinds=("D",), descending=True)
    with serving(lambda _: (200, {}, body([row(0)], total="9"))) as served, asking(served.url) as api:
        api.ask(asked)
        api.ask(window(short=Short(KIND, offset=0, length=1), kinds=("D",)))
    query = dict(parse_qsl(urlsplit(served.asked[0].path).query))
    assert (query["offset"], query["length"], query["facets[type][]"]) == ("3", "1", "D")
    sorts = [query[f"sort[{i}][column]"] + " " + query[f"sort[{i}][direction]"] for i in range(4)]
    assert sorts == ["value desc", "period asc", "type asc", "respondent asc"]
    assert dict(parse_qsl(urlsplit(served.asked[1].path).query))["sort[0][column]"] == "type"


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("p_503", Unavailable),
        ("p_500", Unavailable),
        ("p_502", Unavailable),
        ("p_429", Throttled),
        ("p_reset", Unavailable),
        ("p_cut", Unavailable),
        ("p_timeout", Unreachable),
        ("p_stall", Unavailable),
        ("p_html", Garbled),
        ("p_error_200", Garbled),
        ("p_bad_json", Garbled),
        ("p_redirect", Refused),
        ("p_total_changes", Garbled),
        ("p_total_wrong", Garbled),
        ("p_huge", Garbled),
        ("p_bomb", Garbled),
    ],
)
def test_every_fault_becomes_its_error(source: RowSource, fault: str, kind: type[EiaError]) -> None:
    faults = always(fault, stall_seconds=6.0, huge_bytes=LARGEST + (1 << 20))
    timeout = 0.5 if fault in ("p_timeout", "p_stall") else 20.0
    emulator = Emulator(source, faults=faults)
    with emulator as server, asking(server.url, timeout=timeout) as api, pytest.raises(kind) as caught:
        api.ask(JANUARY)
    assert type(caught.value) is kind
    assert server.requests[0].fault == fault
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("fault", ["p_duplicates", "p_case_duplicates"])
def test_rows_served_twice_are_columns_twice(source: RowSource, fault: str) -> None:
    with Emulator(source, faults=always(fault)) as server, asking(server.url) as api:
        answer = api.ask(JANUARY)
    assert answer.total == answer.columns.received == len(answer.columns.hour) > 288


def test_a_row_in_another_unit_is_refused_alone(source: RowSource) -> None:
    with Emulator(source, faults=Faults(p_bad_unit=1.0)) as server, asking(server.url) as api:
        answer = api.ask(JANUARY)
    assert [one.reason for one in answer.columns.refused] == ["value-units is not megawatthours"]
    assert answer.columns.received == 288


def test_a_body_that_drips_is_bounded(source: RowSource) -> None:
    """64 bytes every tenth of a second: no read times out, and the whole takes far longer than the bound."""
    faults = Faults(p_slow_drip=1.0, drip_seconds=0.1)
    with Emulator(source, faults=faults) as server, asking(server.url, timeout=0.4) as api:
        before = time.monotonic()
        with pytest.raises(Unavailable, match="took longer"):
            api.ask(JANUARY)
        assert time.monotonic() - before < 30


def test_a_bomb_takes_little_memory() -> None:
    """4 GiB of spaces behind 4 MiB of gzip: given up at the bound, in a process that may not hold 400 MB."""
    program = (
        "import gzip, resource; from eia930.sources.api.client import Api;"
        "from tests.eia930.sources.serving import serving;"
        "from tests.eia930.making import window; from eia930.errors import Garbled;"
        "member = gzip.compress(b' ' * (1 << 26), 9); bomb = member * 64;"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "with serving(lambda _: (200, {'Content-Encoding': 'gzip'}, bomb)) as served:\n"
        "    api = Api(served.url, 'k', timeout=20.0)\n"
        "    try: api.ask(window())\n"
        "    except Garbled as error: print(error)\n"
        "    api.close()\n"
        "print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert "more than 64 MiB" in done.stdout
    assert int(done.stdout.split()[-1]) < 400


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        (401, b"", KeyRefused),
        (403, b'{"error":{"code":"API_KEY_INVALID","message":"An invalid api_key"}}', KeyRefused),
        (403, b"<html>", KeyRefused),
        (200, b'{"error":{"code":"API_KEY_DISABLED","message":"x"}}', KeyRefused),
        (400, b'{"error":{"code":"API_KEY_MISSING"}}', KeyRefused),
        (429, b"", Throttled),
        (400, b'{"error":{"code":"OVER_RATE_LIMIT"}}', Throttled),
        (200, b'{"error":{"code":"OVER_RATE_LIMIT"}}', Throttled),
        (200, b'{"error":"Invalid","code":400}', Garbled),
        (400, b'{"error":"Invalid frequency","code":400}', Refused),
        (404, b'{"error":"Not found.","code":404}', Refused),
        (500, b'{"error":"Not found.","code":404}', Refused),
        (500, b'{"error":' + b"[" * 10**5, Unavailable),
        (503, b"\xff\xfe<html>", Unavailable),
        (408, b"", Unavailable),
        (301, b"", Refused),
        (304, b"", Refused),
        (204, b"", Refused),
        (200, b"", Garbled),
    ],
)
def test_statuses(status: int, text: bytes, kind: type[EiaError]) -> None:
    error = failure((status, {}, text))
    assert type(error) is kind
    if isinstance(error, KeyRefused):
        # EIA suspends a key in the words in which it disables one, or in none.
        assert error.wrong == (b"INVALID" in text or b"MISSING" in text)


def test_nobody_there_is_told_by_the_system_s_words() -> None:
    for url, words in (
        ("http://127.0.0.1:1/v2", "ConnectionRefusedError: Connection refused"),
        ("https://nobody.invalid/v2", "gaierror: "),
    ):
        api = Api(url, KEY)
        with pytest.raises(Unreachable) as caught:
            api.ask(window())
        api.close()
        assert f"no connection ({words}" in str(caught.value)
        assert KEY not in str(caught.value)


def test_a_page_that_knows_of_no_key_is_not_laid_to_the_key() -> None:
    page = failure((403, {}, b"<html><title>Login to WiFi</title>"))
    assert type(page) is KeyRefused
    assert not page.wrong
    assert str(page).startswith("status 403, and a page in the place of an answer: <html><title>Login to WiFi</title>")
    assert "check --api_url, and a proxy or a login page in between" in str(page)
    assert "check --api_url" in str(failure((404, {}, b"Not Found")))


def test_who_accepts_and_never_answers_is_nobody() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        api = Api(f"http://127.0.0.1:{silent.getsockname()[1]}/v2", KEY, timeout=0.2)
        with pytest.raises(Unreachable, match=r": no answer \(ReadTimeoutError: .*Read timed out.*check the network"):
            api.ask(window())
        api.close()


def test_a_proxy_and_a_certificate_are_named_as_what_is_in_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    api = Api("https://api.example.org/v2", KEY)
    with pytest.raises(Unreachable) as caught:
        api.ask(window())
    api.close()
    assert "(ProxyError: Unable to connect to proxy, ConnectionRefusedError: Connection refused)" in str(caught.value)
    assert "(check the proxy that HTTPS_PROXY or HTTP_PROXY names)" in str(caught.value)
    monkeypatch.delenv("HTTPS_PROXY")
    with serving(lambda _: (200, {}, b"")) as server:
        api = Api(server.url.replace("http:", "https:"), KEY)
        with pytest.raises(Unreachable, match=r"SSLError: .*a certificate of your own is named by REQUESTS_CA_BUNDLE"):
            api.ask(window())
        api.close()


def test_what_stands_in_memory_is_in_no_message() -> None:
    taken = ConnectTimeoutError(object(), "Connection to 127.0.0.1 timed out. (connect timeout=10)")
    assert said(taken) == "ConnectTimeoutError: Connection to 127.0.0.1 timed out. (connect timeout=10)"


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("7", 7, 7),
        ("2.5", 2.5, 2.5),
        ("0", 0, 0),
        ("-3", 0, 0),
        ("1e9", 3600, 3600),
        ("inf", 3600, 3600),
        ("Sat, 01 Jan 2022 00:00:00 GMT", 0, 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3600, 3600),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_in_seconds_and_as_a_date(status: int, text: str, low: float, high: float) -> None:
    error = failure((status, {"Retry-After": text}, b""))
    assert isinstance(error, Throttled | Unavailable)
    assert error.retry_after is not None
    assert low <= error.retry_after <= high


def test_retry_after_as_a_date_counts_from_now() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=600), usegmt=True)
    error = failure((429, {"Retry-After": later}, b""))
    assert isinstance(error, Throttled)
    assert error.retry_after is not None
    assert 500 <= error.retry_after <= 600


@pytest.mark.parametrize(
    "text",
    [
        "soon",
        "nan",
        "",
        "Fri, 99 Foo 2020",
        "Mon, 01 Jan 2020 00:00:00 +99999999999999",
        "Mon, 01 Jan 2020 99999999999999999999:00:00 GMT",
    ],
)
def test_an_odd_retry_after_says_nothing(text: str) -> None:
    error = failure((429, {"Retry-After": text}, b""))
    assert isinstance(error, Throttled)
    assert error.retry_after is None


def test_a_redirect_is_refused_and_the_key_goes_nowhere() -> None:
    with serving(lambda _: (200, {}, body([row(0)]))) as elsewhere:
        for status in (301, 302, 303, 307, 308):
            error = failure((status, {"Location": elsewhere.url}, b""))
            assert isinstance(error, Refused)
            assert "redirect" in str(error)
    assert elsewhere.asked == []


@pytest.mark.parametrize(
    "reply",
    [
        (400, {}, json.dumps({"error": f"Invalid api_key '{KEY}'", "code": 400}).encode()),
        (400, {}, f"{KEY} {KEY}".encode()),
        (403, {}, json.dumps({"error": {"code": KEY, "message": KEY}}).encode()),
        (503, {}, f"<html>{KEY}".encode()),
        (200, {}, json.dumps({"error": KEY}).encode()),
        (200, {}, f"no JSON {KEY}".encode()),
        (302, {"Location": f"http://elsewhere.invalid/{KEY}"}, KEY.encode()),
        (429, {"Retry-After": KEY}, KEY.encode()),
    ],
)
def test_a_server_that_repeats_the_key_does_not_get_it_into_an_error(reply: Reply) -> None:
    failure(reply)


def test_a_server_that_repeats_the_key_does_not_get_it_into_the_answer() -> None:
    planted = body([row(0, **{"respondent-name": f"<{KEY}>"})], note=KEY)
    zipped = (200, {"Content-Encoding": "gzip"}, gzip.compress(planted))
    for reply in ((200, {}, planted), zipped):
        with serving(lambda _, reply=reply: reply) as served, asking(served.url) as api:  # type: ignore[misc]
            answer = api.ask(window())
        assert KEY.encode() not in answer.body
        assert answer.body.count(b"REDACTED") == 2
        assert answer.columns.received == 1


def test_a_short_key_is_not_repeated_either() -> None:
    with serving(lambda _: (404, {}, b"no route for canary-1, canary-1")) as served:
        api = Api(served.url, "canary-1")
        with pytest.raises(Refused) as caught:
            api.ask(window())
        api.close()
    assert "canary" not in str(caught.value)


def test_a_key_of_a_few_letters_does_not_eat_the_answer() -> None:
    text = body([row(0, value="1111")])
    with serving(lambda _: (200, {}, text)) as served:
        for key in ("1", "a", "data", "x"):
            api = Api(served.url, key)
            assert api.ask(window()).body == text
            api.close()


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Wed, 03 May 2023 10:00:01 GMT", datetime(2023, 5, 3, 10, 0, 1, tzinfo=UTC)),
        ("Wed, 03 May 2023 10:00:01 -0200", datetime(2023, 5, 3, 12, 0, 1, tzinfo=UTC)),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("Mon, 01 Jan 0001 00:00:00 +1400", None),
        ("Fri, 31 Dec 9999 23:59:59 -1400", None),
        ("Fri, 31 Dec 2199 23:59:59 GMT", None),
        ("yesterday", None),
    ],
)
def test_when_it_was_answered(date: str, expected: datetime | None) -> None:
    with serving(lambda _: (200, {"Date": date}, body([row(0)]))) as served, asking(served.url) as api:
        said = api.ask(window()).retrieved_at
    if expected is None:
        assert abs((datetime.now(UTC) - said).total_seconds()) < 60
    else:
        assert said == expected


def test_recorded_answers_stand_as_their_status_says(recorded: Path) -> None:
    """Real answers, served again byte for byte: the good ones parse whole, each other is the error it stands for."""
    kinds: dict[int, type[EiaError]] = {403: KeyRefused, 500: Refused}
    for line in (recorded / "responses.jsonl").read_text().splitlines():
        found = json.loads(line)
        asked = _recorded_window(found["url"])
        reply: Reply = (found["status"], {}, found["body"].encode())
        with serving(lambda _, reply=reply: reply) as served, asking(served.url) as api:  # type: ignore[misc]
            if found["status"] == 200:
                answer = api.ask(asked)
                assert answer.total == answer.columns.received == len(answer.columns.hour)
            else:
                with pytest.raises(EiaError) as caught:
                    api.ask(asked)
                assert type(caught.value) is kinds[found["status"]]


def _recorded_window(url: str) -> Window:
    query = dict(parse_qsl(urlsplit(url).query))
    first, last = (parse_hour(query[name][:13]) for name in ("start", "end"))
    fuel = "fuel-type" in url
    return Window("fuel-type-data" if fuel else "region-data", query.get("facets[respondent][]", "PACW"), first, last)


def test_nobody_there() -> None:
    with asking("http://127.0.0.1:9/v2") as api, pytest.raises(Unavailable) as caught:
        api.ask(window())
    assert "0x" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.eia.gov/v2",
        "https://api.eia.gov/v2/",
        "http://127.0.0.1:80/v2",
        "http://localhost/v2",
        "http://[::1]:8080/v2",
        "HTTP://LOCALHOST/v2",
    ],
)
def test_places_to_which_the_key_may_go(url: str) -> None:
    assert checked_url(url) == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "http://api.eia.gov/v2",
        "http://127.0.0.1.evil.example/v2",
        "http://localhost.evil.example/v2",
        "http://127.0.0.1@evil.example/v2",
        f"https://name:{KEY}@api.eia.gov/v2",
        f"https://@api.eia.gov/{KEY}",
        f"https://api.eia.gov/v2?api_key={KEY}",
        f"https://api.eia.gov/v2#{KEY}",
        "https://",
        "https://api.eia.gov:99999/v2",
        "https://api.eia.gov:x/v2",
        "http://[::1",
        "ftp://api.eia.gov",
        "api.eia.gov/v2",
        "",
    ],
)
def test_places_to_which_it_may_not(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        checked_url(url)
    assert KEY not in str(caught.value)


def test_a_proxy_of_the_environment_is_not_used_for_this_host(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda _: (200, {}, body([row(0)]))) as served, serving(lambda _: (500, {}, b"")) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")
        with asking(served.url) as api:
            assert api.ask(window()).total == 1
    assert proxy.asked == []


def test_a_proxy_of_the_environment_is_used_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy is asked for a tunnel; the key stays inside of it."""
    connects: list[Any] = []

    def reply(asked: Asked) -> Reply:
        connects.append(asked)
        return 502, {}, b""

    with serving(reply) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url.removesuffix("/v2"))
        monkeypatch.setenv("no_proxy", "")
        with asking("https://api.eia.invalid/v2") as api, pytest.raises(Unavailable, match=r"[Tt]unnel|proxy"):
            api.ask(window())
    assert connects == []
