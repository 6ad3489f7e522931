# SPDX-License-Identifier: Apache-2.0
"""What clients of any server of EIA's share: the session, base URLs, an answer's head, an error without one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import SplitResult, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ProxyError

from eia930.errors import Unreachable

CONNECT = 10.0
"""Seconds in which a server that is there takes a connection."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")
_LONGEST_PAUSE = 3600.0
_FORM_BEGINS = datetime(2015, 7, 1, tzinfo=UTC)


def session(url: str, agent: str, *, connections: int = 1) -> requests.Session:
    """A pool of connections to the server of `url`, which tries nothing again by itself."""
    made = requests.Session()
    made.headers["User-Agent"] = agent
    if urlsplit(url).hostname in LOOPBACK:
        # A proxy of the environment cannot reach this host's own loopback.
        made.trust_env = False
    for scheme in ("https://", "http://"):
        made.mount(scheme, HTTPAdapter(pool_connections=1, pool_maxsize=connections, max_retries=0))
    return made


def base_url(url: str) -> SplitResult | None:
    """The parts of a URL that paths can be added to; None where it is none, or has a name, query or fragment."""
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return None
    return parts if sound and parts.username is None and not parts.query and not parts.fragment else None


def pause(text: str | None) -> float | None:
    """`Retry-After` in seconds or as a date → seconds, at most an hour; None where absent or odd."""
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError, OverflowError):
            return None
    return min(max(seconds, 0.0), _LONGEST_PAUSE) if seconds == seconds else None


def answered(date: str | None) -> datetime:
    """When the server says it answered (`Date`); now, where that cannot be: in the future, or before the form."""
    now = datetime.now(UTC).replace(microsecond=0)
    try:
        moment = parsedate_to_datetime(date).astimezone(UTC) if date else now
    except (ValueError, OverflowError):
        return now
    return moment if _FORM_BEGINS <= moment <= now + timedelta(minutes=5) else now


def _innermost(error: BaseException) -> BaseException:
    """The error that the others are wrapped around."""
    while getattr(error, "args", ()) and isinstance(error.args[0], BaseException):
        error = error.args[0]
    reason = getattr(error, "reason", None)
    return reason if isinstance(reason, BaseException) else error


def is_page(body: bytes) -> bool:
    """Whether it is HTML: of a proxy, a login, or a server that has nothing there."""
    return body.lstrip()[:1] == b"<"


def unreached(error: BaseException, what: str, *, flag: str) -> Unreachable | None:
    """What is told of a request that nothing came of, not even a status; None where an answer had begun.

    `what` names it, `flag` the one that names the server.
    """
    if isinstance(error, requests.exceptions.ProxyError):
        way = "check the proxy that HTTPS_PROXY or HTTP_PROXY names"
    elif isinstance(error, requests.exceptions.SSLError):
        way = f"check {flag}, and a proxy in between; a certificate of your own is named by REQUESTS_CA_BUNDLE"
    elif isinstance(error, requests.exceptions.ReadTimeout):
        return Unreachable(f"{what}: no answer ({said(error)})", f"check the network and {flag}")
    elif isinstance(_innermost(error), NewConnectionError | ConnectTimeoutError):
        way = f"check the network and {flag}"
    else:
        return None
    return Unreachable(f"{what}: no connection ({said(error)})", way)


def said(error: BaseException) -> str:
    """The innermost reason, without addresses of objects."""
    error = _innermost(error)
    if isinstance(cause := error.__cause__ or error.__context__, OSError) and cause.strerror:
        # What the system says, not the words of three libraries around it.
        return f"{type(cause).__name__}: {cause.strerror}"
    if isinstance(error, ProxyError):
        return f"{type(error).__name__}: {error.args[0]}, {said(error.original_error)}"
    words = [one for one in error.args if isinstance(one, str)]
    text = f"{type(error).__name__}: {words[-1] if words else error}"
    return text.split(" object at 0x")[0][:200]
