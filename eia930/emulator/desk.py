# SPDX-License-Identifier: Apache-2.0
"""From a request to its reply, without a socket: key, pace, faults, answer."""

import hashlib
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any
from urllib.parse import unquote

import numpy as np

from eia930.emulator.api.answers import Answer, answer, refused
from eia930.emulator.api.query import Query, Refusal, header_parameters, parameters, read_query
from eia930.emulator.api.render import Style, dumps
from eia930.emulator.api.strikes import Reply, refused_key, struck, unavailable
from eia930.emulator.faults import Faults, drawn, number, uniform
from eia930.emulator.series import RowSource
from eia930.reference.hours import parse_hour
from eia930.reference.routes import ROUTES


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as read from the wire."""

    path: str
    query: str
    headers: Mapping[str, str]
    body: str
    at: float


@dataclass(frozen=True, slots=True)
class Ruling:
    """What to send, after how many seconds, and whether the key was good."""

    reply: Reply
    delay: float
    key_ok: bool
    id: int
    """64 bits that the request and its repetition decide, for the ids in its headers."""


@dataclass(slots=True)
class Pace:
    """How fast one key asks, and until when it is suspended."""

    recent: deque[float] = field(default_factory=deque)
    until: float = 0.0

    def suspended(self, at: float, faults: Faults) -> bool:
        """Count a request at `at` (Unix seconds); whether the key is suspended then."""
        if at < self.until:
            return True
        while self.recent and self.recent[0] <= at - 3600:
            self.recent.popleft()
        self.recent.append(at)
        burst = sum(1 for moment in self.recent if moment > at - 1)
        if burst > faults.suspend_per_second or len(self.recent) > faults.suspend_per_hour:
            self.until = at + faults.key_suspended
            return True
        return False


class Desk:
    """Decides every reply; its state is how often each request came, and the pace of each key."""

    def __init__(
        self,
        source: RowSource,
        *,
        faults: Faults,
        latency: tuple[float, float],
        seed: int,
        key_sha256: str | None,
    ) -> None:
        self._source = source
        self._faults = faults
        self._latency = latency
        self._seed = seed
        self._key = key_sha256
        self._lock = Lock()
        self._attempts: Counter[int] = Counter()
        self._paces: dict[str, Pace] = {}
        self._served = 0
        self._windows = tuple(_window(text) for text in faults.fail_windows)

    def rule(self, asked: Asked) -> Ruling:
        """The reply to `asked`."""
        sent, problem = _sent(asked)
        key = str(sent.get("api_key") or asked.headers.get("X-Api-Key") or "")
        request = asked.path.rstrip("/") + dumps({name: v for name, v in sent.items() if name != "api_key"})
        with self._lock:
            attempt = self._attempts[number(request)]
            self._attempts[number(request)] += 1
            code = self._gate(key, asked.at)
        salt = f"{self._seed}|{attempt}|{request}"
        mean, jitter = self._latency
        delay = max(0.0, mean + jitter * (2 * uniform(f"latency|{salt}") - 1))
        reply = refused_key(code) if code else self._reply(asked, sent, problem, request, attempt, salt)
        if code and code != "API_KEY_MISSING" and self._known(key):
            reply = replace(reply, fault="key_suspended" if code == "API_KEY_DISABLED" else "key_refused_after")
        return Ruling(reply=reply, delay=delay, key_ok=code is None, id=number(salt))

    def _known(self, key: str) -> bool:
        return bool(key) and (self._key is None or hashlib.sha256(key.encode()).hexdigest() == self._key)

    def _gate(self, key: str, at: float) -> str | None:
        if not key:
            return "API_KEY_MISSING"
        if not self._known(key):
            return "API_KEY_INVALID"
        self._served += 1
        if 0 < self._faults.key_refused_after < self._served:
            return "API_KEY_INVALID"
        if self._faults.key_suspended > 0:
            pace = self._paces.setdefault(key, Pace())
            if pace.suspended(at, self._faults):
                return "API_KEY_DISABLED"
        return None

    def _reply(
        self,
        asked: Asked,
        sent: Mapping[str, Any],
        problem: Refusal | None,
        request: str,
        attempt: int,
        salt: str,
    ) -> Reply:
        path = [unquote(part) for part in asked.path.split("/") if part]
        if problem is None and self._fails(path, sent):
            return unavailable("fail_windows")
        fault = drawn(self._faults, seed=self._seed, request=request, attempt=attempt)
        true = refused(problem) if problem else self._answer(path, sent, salt)
        return struck(true, fault, self._faults, salt=salt)

    def _answer(self, path: list[str], sent: Mapping[str, Any], salt: str) -> Answer:
        faults = self._faults
        style = Style(
            ints=faults.ints,
            empty_text=faults.empty_values,
            other_case=faults.name_case and uniform(f"case|{salt}") < 0.5,
        )
        shuffle = np.random.default_rng(number(f"order|{salt}")) if faults.unstable_order else None
        return answer(
            self._source, path, sent, style=style, shuffle=shuffle, extra=faults.new_codes, first_only=faults.first_only
        )

    def _fails(self, path: list[str], sent: Mapping[str, Any]) -> bool:
        if not self._windows or len(path) != 5 or path[3] not in ROUTES or path[4] != "data":
            return False
        route = ROUTES[path[3]]
        try:
            query = read_query(route, sent)
        except Refusal:
            return False
        chosen = query.facets.get(route.respondent, frozenset())
        return any(code in chosen and _covers(query, hour) for code, hour in self._windows)


def _window(text: str) -> tuple[str, int]:
    code, _, hour = text.partition(":")
    return code, parse_hour(hour)


def _covers(query: Query, hour: int) -> bool:
    return (query.first is None or query.first <= hour) and (query.last is None or hour <= query.last)


def _sent(asked: Asked) -> tuple[dict[str, Any], Refusal | None]:
    """Everything that the request sends, in its order: query, then X-Params, then body."""
    sent = parameters(asked.query)
    try:
        if asked.headers.get("X-Params"):
            sent |= header_parameters(asked.headers["X-Params"])
        if asked.body:
            is_json = asked.body.lstrip().startswith("{")
            sent |= header_parameters(asked.body) if is_json else parameters(asked.body)
    except Refusal as refusal:
        return sent, refusal
    return sent, None
