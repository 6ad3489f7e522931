# SPDX-License-Identifier: Apache-2.0
"""One request to a server that speaks EIA v2: the key in a header, sizes and times bounded, redirects refused.

Every failure is an error of `eia930.errors`; whoever calls decides whether to ask again.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import msgspec
import requests
from urllib3.exceptions import HTTPError

from eia930.errors import (
    EiaError,
    Garbled,
    KeyRefused,
    Refused,
    Throttled,
    Unavailable,
    UsageError,
)
from eia930.question.several import Several
from eia930.question.window import KIND, PERIOD, Window
from eia930.reference.hours import stamp
from eia930.reference.routes import ROUTES
from eia930.sources.api.http import CONNECT, LOOPBACK, answered, base_url, is_page, pause, said, session, unreached
from eia930.sources.api.responses import LARGEST, Answer, read_answer
from eia930.sources.api.together.joint import read_joint

API_URL = "https://api.eia.gov/v2"
_CHUNK = 64 * 1024
_SECRET = 8
"""Letters from which on a key is looked for in answers: EIA's have 40 (once 32), and `x` would be found anywhere."""


class Api:
    """A pool of connections to one server. Thread-safe. `timeout`: seconds to connect, and between two bytes."""

    def __init__(self, url: str, key: str, *, connections: int = 8, timeout: float = 60.0) -> None:
        self._url = checked_url(url)
        self._timeout = timeout
        self._timeouts = (min(timeout, CONNECT), timeout)
        # As it is, and as PHP writes it in JSON.
        self._secrets = {key.encode(), key.replace("/", "\\/").encode()} if len(key) >= _SECRET else set()
        self._session = session(self._url, "eia930 (hourly load)", connections=connections)
        self._session.headers["X-Api-Key"] = key
        self._session.headers["Accept-Encoding"] = "gzip"

    def ask(self, window: Window) -> Answer:
        """One attempt at a window. Raises Throttled, Unavailable, Garbled (ask again), Refused or KeyRefused."""
        body, date = self.get(f"{window.route}/data/", _params(window), what=window.id)
        if isinstance(window, Several):
            return read_joint(body, window, answered(date))
        return read_answer(body, window, answered(date))

    def get(self, path: str, params: Sequence[tuple[str, str]] = (), *, what: str) -> tuple[bytes, str | None]:
        """One attempt at a path below `electricity/rto`: the body without the key, and when the server answered.

        `what` names the request in errors: Throttled, Unavailable, Garbled (ask again), Refused or KeyRefused.
        """
        url = f"{self._url}/electricity/rto/{path}"
        try:
            with self._session.get(
                url,
                params=list(params),
                timeout=self._timeouts,
                stream=True,
                allow_redirects=False,
            ) as response:
                body = self._without_key(self._body(response, what))
                _check_status(response, body, what)
                return body, response.headers.get("Date")
        except (requests.RequestException, HTTPError, OSError) as error:
            if nobody := unreached(error, what, flag="--api_url"):
                raise nobody from None
            raise Unavailable(f"{what}: no whole answer ({said(error)})") from None

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

    def _body(self, response: requests.Response, what: str) -> bytes:
        """The unpacked body, bounded in size and time."""
        body = bytearray()
        deadline = time.monotonic() + 3 * self._timeout
        # read1 gives what is there: another read waits for a whole chunk, however slowly it drips.
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            body += chunk
            if len(body) > LARGEST:
                raise Garbled(f"{what}: an answer of more than {LARGEST >> 20} MiB")
            if time.monotonic() > deadline:
                raise Unavailable(f"{what}: the answer took longer than {3 * self._timeout:.0f} s")
        return bytes(body)

    def _without_key(self, body: bytes) -> bytes:
        """At the door, so that no error, no stored file and no report can hold it."""
        for secret in self._secrets:
            body = body.replace(secret, b"REDACTED")
        return body


def checked_url(url: str) -> str:
    """The base URL without a slash at its end. UsageError unless the key can travel safely: https, or loopback."""
    parts = base_url(url)
    if parts is None:
        # Not repeated here: people put keys into URLs.
        raise UsageError("--api_url is no URL like https://api.eia.gov/v2, without name, query or fragment")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise UsageError(f"--api_url {url!r} would send the key unencrypted: use https (http only to this host)")
    return url.rstrip("/")


def _params(window: Window) -> list[tuple[str, str]]:
    """The query, with a complete sort: ties in an incomplete one come in any order."""
    route = ROUTES[window.route]
    return [
        ("frequency", "hourly"),
        ("data[0]", "value"),
        *((f"facets[{route.respondent}][]", code) for code in _respondents(window)),
        *((f"facets[{route.kind}][]", kind) for kind in window.asked),
        ("start", stamp(window.first)),
        ("end", stamp(window.last)),
        *_sort(window),
        ("offset", str(_offset(window))),
        ("length", str(window.length)),
    ]


def _respondents(window: Window) -> tuple[str, ...]:
    return window.respondents if isinstance(window, Several) else (window.respondent,)


def _offset(window: Window) -> int:
    if isinstance(window, Several):
        return window.skip
    return window.short.offset if window.short else 0


def _sort(window: Window) -> list[tuple[str, str]]:
    """By what the window wants first, then by the rest of period, kind and respondent."""
    route = window.source
    first = window.short.by if window.short else PERIOD
    if isinstance(window, Several):
        first = route.respondent
    named = {KIND: route.kind}
    columns = dict.fromkeys((named.get(first, first), PERIOD, route.kind, route.respondent))
    way = "desc" if window.descending else "asc"
    directions = [way, way if isinstance(window, Several) else "asc", "asc", "asc"]
    return [
        pair
        for place, (column, direction) in enumerate(zip(columns, directions, strict=False))
        for pair in ((f"sort[{place}][column]", column), (f"sort[{place}][direction]", direction))
    ]


def _check_status(response: requests.Response, body: bytes, what: str) -> None:
    """Nothing for 200; else the error that the status and the body's code stand for."""
    status = response.status_code
    if status == 200 and error_in(body)[0] not in (*_KEY_CODES, _TOO_FAST):
        return
    raise _failure(status, body, response.headers, what)


_TOO_FAST = "OVER_RATE_LIMIT"
_PAGE = f"check --api_url, and a proxy or a login page in between; or {KeyRefused.remedy}"
_WRONG_KEY = ("API_KEY_MISSING", "API_KEY_INVALID", "API_KEY_UNVERIFIED", "API_KEY_UNAUTHORIZED")
_KEY_CODES = (*_WRONG_KEY, "API_KEY_DISABLED")
"""EIA suspends a key for a while in the words in which it disables one for good, or with a bare 403."""


def _failure(status: int, body: bytes, headers: Any, what: str) -> EiaError:
    code, message = error_in(body)
    what = f"{what}: status {status} {code} {message}"
    if status == 429 or code == _TOO_FAST:
        return Throttled(what, retry_after=pause(headers.get("Retry-After")))
    if status in (401, 403) or code in _KEY_CODES:
        if not code and is_page(body):
            return KeyRefused(f"status {status}, and a page in the place of an answer: {message}", _PAGE)
        return KeyRefused(f"the server refuses the key: status {status} {code}".rstrip(), wrong=code in _WRONG_KEY)
    if status == 408 or (status >= 500 and code != "404"):
        return Unavailable(what, retry_after=pause(headers.get("Retry-After")))
    if 300 <= status < 400:
        return Refused(what, remedy="the server redirects, and the key goes to no other place: check --api_url")
    return Refused(what, remedy="check --api_url; other requests go on" if status == 404 else "")


def error_in(body: bytes) -> tuple[str, str]:
    """(code, message) of an error body; its start where it is no JSON."""
    if b'"error"' not in body[:4096]:
        return "", "" if body[:1] == b"{" else body[:80].decode("ascii", "replace")
    try:
        members = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "", body[:80].decode("ascii", "replace")
    error = members.get("error")
    if isinstance(error, dict):
        return str(error.get("code", ""))[:40], str(error.get("message", ""))[:200]
    return str(members.get("code", ""))[:40], str(error or "")[:200]
