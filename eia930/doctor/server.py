# SPDX-License-Identifier: Apache-2.0
"""A server under examination: few requests, a pause between them, bounded bodies, the key in nothing that is kept."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests
from urllib3.exceptions import HTTPError

from eia930.sources.api.client import error_in
from eia930.sources.api.http import is_page, said, session

AGENT = "eia930 (doctor)"
_LARGEST = 32 << 20
_TIMEOUT = 60.0
_NOT_OURS = (401, 403, 429)


class Unanswered(Exception):
    """No answer came that says anything of the server, and why."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server sent, and when it came: headers by lower-case name, as much of the body as was asked for."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    received: datetime

    def json(self) -> Any:
        """The body as JSON; ValueError where it is none."""
        return json.loads(self.body)


class Server:
    """One host, asked at most once in `pause` seconds. `key` goes as a header, and comes back in nothing.

    `turn` is waited for before each request: the pace that programs with the same key share.
    """

    def __init__(
        self,
        url: str,
        *,
        key: str = "",
        pause: float = 1.0,
        turn: Callable[[], None] = lambda: None,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.url = url.rstrip("/")
        self._key = key
        self._pause = pause
        self._turn = turn
        self._sleep = sleep
        self._now = now
        self._session = session(self.url, AGENT)
        self._kept: dict[tuple[object, ...], Reply] = {}
        self.asked = 0
        self._heard = False
        self.lost = False
        """Whether it is of no use to ask on: it never answered, or it refuses the key."""

    def get(
        self,
        path: str,
        params: Sequence[tuple[str, str]] = (),
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        keyed: bool = True,
        most: int = _LARGEST,
    ) -> Reply:
        """One answer; the same question is asked once. Reads at most `most` bytes. Unanswered where none came."""
        question = (path, tuple(params), method, tuple((headers or {}).items()), keyed)
        if question not in self._kept:
            if self.asked:
                self._sleep(self._pause)
            self._turn()
            self.asked += 1
            reply = self._ask(path, params, method, dict(headers or {}), keyed=keyed, most=most)
            if keyed and self._key and reply.status in _NOT_OURS:
                self.lost = True
                raise Unanswered(f"the server refuses the key: {_told(reply)}")
            if reply.status >= 500:
                raise Unanswered(f"the server is not well: {_told(reply)}")
            self._kept[question] = reply
        return self._kept[question]

    def require(self, reply: Reply, flag: str) -> None:
        """Unanswered, for all that would follow too, where somebody else answers: a wrong address, a login page."""
        page = is_page(reply.body)
        if page or 300 <= reply.status < 400 or reply.status == 404:
            self.lost = True
            found = f"status {reply.status}{', a page' if page else ''}"
            raise Unanswered(
                f"who answers is not EIA's server: {found}; check {flag}, a proxy, a login page in between"
            )

    def without_key(self, text: str) -> str:
        """The text, should the key stand in it."""
        return text.replace(self._key, "REDACTED") if len(self._key) > 3 else text

    def _ask(
        self,
        path: str,
        params: Sequence[tuple[str, str]],
        method: str,
        headers: dict[str, str],
        *,
        keyed: bool,
        most: int,
    ) -> Reply:
        if keyed and self._key:
            headers["X-Api-Key"] = self._key
        try:
            with self._session.request(
                method,
                self.url + path,
                params=list(params),
                headers=headers,
                timeout=_TIMEOUT,
                stream=True,
                allow_redirects=False,
            ) as response:
                body = bytearray()
                while len(body) < most and (chunk := response.raw.read1(min(65536, most), decode_content=True)):
                    body += chunk
                self._heard = True
                clean = bytes(body).replace(self._key.encode(), b"REDACTED") if self._key else bytes(body)
                return Reply(
                    response.status_code, {k.lower(): v for k, v in response.headers.items()}, clean, self._now()
                )
        except (requests.RequestException, HTTPError, OSError) as error:
            self.lost = not self._heard
            raise Unanswered(self.without_key(f"no answer ({said(error)})")) from None


def _told(reply: Reply) -> str:
    return f"status {reply.status} {error_in(reply.body)[0]}".rstrip()
