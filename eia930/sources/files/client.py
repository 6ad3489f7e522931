# SPDX-License-Identifier: Apache-2.0
"""One request for one file: where it begins, under which condition; its bytes as they come, unpacked and bounded.

Every failure is an error of `eia930.errors`; whoever calls decides whether to ask again.
"""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import requests
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from eia930.errors import Garbled, Refused, Throttled, Unavailable, UsageError
from eia930.sources.api.http import CONNECT, answered, base_url, pause, said, session, unreached

FILES_URL = "https://www.eia.gov/electricity/gridmonitor/sixMonthFiles"
AGENT = "eia930 (six-month files of Form EIA-930; contact: the maintainers of this project, see its README)"
LARGEST = 2**30
"""Bytes that a file may have; the largest known has 101 MB."""
_CHUNK = 256 * 1024
_SLOWEST = 3600.0
"""Seconds that one file may take."""
_WHOLE = re.compile(r"bytes (\d+)-(\d+)/(\d+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Validators:
    """What names the bytes of a file, as the server says; empty where it does not."""

    etag: str = ""
    last_modified: str = ""

    def strong(self, at: datetime) -> str:
        """What a part that came `at` may be joined to another by; empty where nothing does.

        A date does where the file is older than a minute: within one, it may have changed twice.
        """
        if self.etag:
            return "" if self.etag.startswith("W/") else self.etag
        changed = answered(self.last_modified or None)
        return self.last_modified if self.last_modified and changed <= at - timedelta(minutes=1) else ""

    @property
    def conditions(self) -> dict[str, str]:
        """Ask for the bytes only if they are others: by ETag, else by date."""
        if self.etag:
            return {"If-None-Match": self.etag}
        return {"If-Modified-Since": self.last_modified} if self.last_modified else {}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came: `body` begins at byte `start` of the file; `total` is the file's length where it is known."""

    unchanged: bool
    start: int
    total: int | None
    validators: Validators
    at: datetime
    body: Iterator[bytes]
    same: str
    """By what a later part may be joined to this one; empty where nothing does."""


class Client:
    """A connection to one server. `timeout`: seconds between two bytes, at most."""

    def __init__(self, url: str, *, timeout: float = 60.0) -> None:
        self._url = checked_files_url(url)
        self._timeouts = (min(timeout, CONNECT), timeout)
        self._session = session(self._url, AGENT)

    def url_of(self, name: str) -> str:
        """Where a file is."""
        return f"{self._url}/{name}"

    @contextmanager
    def get(self, name: str, *, known: Validators | None = None, start: int = 0, same: str = "") -> Iterator[Answer]:
        """Ask for a file: only if it is not the `known` one; from byte `start` on if it is still the `same`.

        Raises Throttled, Unavailable, Garbled (ask again) or Refused, also while the body is read.
        """
        headers = dict(known.conditions) if known else {}
        headers |= {"Range": f"bytes={start}-", "If-Range": same, "Accept-Encoding": "identity"} if start else {}
        headers.setdefault("Accept-Encoding", "gzip")
        try:
            with self._session.get(
                self.url_of(name), headers=headers, timeout=self._timeouts, stream=True, allow_redirects=False
            ) as response:
                yield _answer(response, name, start)
        except zlib.error as error:
            raise Garbled(f"{name}: a body that is not packed as it says ({error})") from None
        except (requests.RequestException, HTTPError) as error:
            if nobody := unreached(error, name, flag="--files_url"):
                raise nobody from None
            raise Unavailable(f"{name}: no whole answer ({said(error)})") from None

    def close(self) -> None:
        """Give the connection back."""
        self._session.close()


def checked_files_url(url: str) -> str:
    """The folder's URL without a slash at its end; UsageError where it is none."""
    if base_url(url) is None:
        raise UsageError(f"--files_url is no URL like {FILES_URL}, without name, query or fragment")
    return url.rstrip("/")


def _answer(response: requests.Response, name: str, start: int) -> Answer:
    headers, status = response.headers, response.status_code
    _check_status(status, headers, name)
    told = headers.get("Content-Length")
    length = int(told) if told and told.isdecimal() else None
    packed = headers.get("Content-Encoding", "identity").lower()
    if packed not in ("identity", "gzip"):
        raise Garbled(f"{name}: a body packed by {packed}, which nobody asked for")
    begins, total = 0, length if packed == "identity" else None
    if status == 206:
        begins, total = _part(headers.get("Content-Range", ""), name, start)
    validators = Validators(headers.get("ETag", ""), headers.get("Last-Modified", ""))
    at = answered(headers.get("Date"))
    return Answer(
        unchanged=status == 304,
        start=begins,
        total=total,
        validators=validators,
        at=at,
        body=_unpacked(response.raw, name, length, gzip=packed == "gzip"),
        same=validators.strong(at) if packed == "identity" else "",
    )


def _check_status(status: int, headers: Mapping[str, str], name: str) -> None:
    if status in (200, 206, 304):
        return
    what = f"{name}: status {status}"
    if status == 429:
        raise Throttled(what, retry_after=pause(headers.get("Retry-After")))
    if status == 416:
        raise Garbled(f"{what}: the file has become shorter")
    if status == 408 or status >= 500:
        raise Unavailable(what, retry_after=pause(headers.get("Retry-After")))
    if 300 <= status < 400:
        raise Refused(f"{what}, to {headers.get('Location', 'nowhere')[:100]}", remedy="check --files_url")
    raise Refused(what, remedy="check --files_url; other requests go on")


def _part(told: str, name: str, start: int) -> tuple[int, int]:
    found = _WHOLE.fullmatch(told)
    if not found or int(found[1]) != start or int(found[2]) + 1 != int(found[3]):
        raise Garbled(f"{name}: asked from byte {start:,} on, and got {told or 'a part that says not which'}")
    return start, int(found[3])


def _unpacked(raw: BaseHTTPResponse, name: str, length: int | None, *, gzip: bool) -> Iterator[bytes]:
    """The body in chunks. Garbled where it ends before its length, or inside its packing."""
    unpacker = zlib.decompressobj(31) if gzip else None
    deadline, came, size = time.monotonic() + _SLOWEST, 0, 0
    while data := raw.read1(_CHUNK, decode_content=False):
        came += len(data)
        if time.monotonic() > deadline:
            raise Unavailable(f"{name}: took longer than {_SLOWEST:.0f} s")
        while data:
            chunk = unpacker.decompress(data, 8 * _CHUNK) if unpacker else data
            data = unpacker.unconsumed_tail if unpacker else b""
            size += len(chunk)
            if size > LARGEST:
                raise Garbled(f"{name}: a file of more than {LARGEST >> 20} MiB")
            yield chunk
    if (length is not None and came != length) or (unpacker and not unpacker.eof):
        raise Unavailable(f"{name}: cut after {came:,} of {length or 'unknown'} bytes")
