# SPDX-License-Identifier: Apache-2.0
"""The web server that has the files, without a socket: names, validators, ranges, faults, and what is not there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate, parsedate_to_datetime
from http import HTTPStatus
from threading import Lock

from eia930.emulator.delivery import gzipped
from eia930.emulator.faults import Faults, drawn
from eia930.emulator.files.making import index, listed, made
from eia930.emulator.files.quirks import Quirks
from eia930.emulator.files.world import FileWorld
from eia930.emulator.world.cache import Bounded
from eia930.reference.halves import Half
from eia930.reference.hours import moment_of

PREFIX = "/electricity/gridmonitor/sixMonthFiles/"
INDEX = "EIA930_File_List_Meta.csv"
_PAGE = b"<!DOCTYPE html>\n<html><head><title>Page not found - U.S. Energy Information</title></head></html>\n"
_BUSY = b"<html><head><title>503 Service Temporarily Unavailable</title></head><body></body></html>"
_REBUILT = 14 * 3600 + 37 * 60 + 40
"""Seconds of the day at which EIA rebuilds every file."""
_RANGE = re.compile(r"bytes=(\d+)-(\d*)", re.ASCII)
_STATUS = {"p_503": 503, "p_500": 500, "p_502": 502, "p_429": 429}


@dataclass(frozen=True, slots=True)
class FileReply:
    """What goes out; `head` is the whole head. Without a length the connection's end is the body's."""

    status: int
    head: bytes
    body: bytes
    fault: str | None
    ends_connection: bool


@dataclass(frozen=True, slots=True)
class FileAsked:
    """A request for a file: its name, headers in title case."""

    name: str
    headers: Mapping[str, str]
    only_head: bool


@dataclass(slots=True)
class FilesDesk:
    """Decides every reply; its state is how often each file was asked for, and the last files made."""

    world: FileWorld
    quirks: Quirks
    faults: Faults
    seed: int
    _asked: Counter[str] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)
    _made: Bounded[tuple[str, int], bytes] = field(default_factory=lambda: Bounded(size=3))

    def rule(self, asked: FileAsked) -> FileReply:
        """The reply."""
        with self._lock:
            attempt = self._asked[asked.name]
            self._asked[asked.name] += not asked.only_head
        fault = drawn(self.faults, seed=self.seed, request=asked.name, attempt=attempt)
        if fault in _STATUS:
            headers = [("Retry-After", f"{self.faults.retry_after:.0f}")] if self.faults.retry_after else []
            return self._out(asked, _STATUS[fault], _BUSY, headers, fault=fault)
        if fault == "p_redirect":
            return self._out(asked, 302, b"", [("Location", self.faults.redirect_to)], fault=fault)
        if fault == "p_html" or not self._is_there(asked.name):
            status = 404 if self.quirks.html_404 and fault != "p_html" else 200
            return self._out(asked, status, _PAGE, [("Content-Type", "text/html")], fault=fault)
        revision = attempt // self.quirks.rebuild_after if self.quirks.rebuild_after else 0
        return self._served(asked, revision, fault)

    def _is_there(self, name: str) -> bool:
        return name in self._files() or (name == INDEX and not self.quirks.no_index)

    def _files(self) -> dict[str, tuple[str, Half]]:
        return {f"EIA930_{kind}_{half.name}.csv": (kind, half) for kind, half in listed(self.world)}

    def _body(self, name: str, revision: int) -> bytes:
        if name == INDEX:
            return index(self.world, f"{moment_of(self.world.now):%m/%d/%Y}")
        kind, half = self._files()[name]
        return self._made.get((name, revision), lambda: made(self.world, kind, half, self.quirks, revision=revision))

    def _modified(self, revision: int) -> int:
        """Unix seconds: the day's rebuilding, some time after it for each that came since."""
        now = self.world.now * 3600
        day = now // 86400 * 86400 + _REBUILT
        return (day if day <= now else day - 86400) + 60 * revision

    def _served(self, asked: FileAsked, revision: int, fault: str | None) -> FileReply:
        body = self._body(asked.name, revision)
        modified = self._modified(revision)
        tag, date = f'"{modified:x}-{len(body):x}"', formatdate(modified, usegmt=True)
        headers = [("Content-Type", "text/csv")]
        headers += [] if self.quirks.no_etag else [("ETag", tag)]
        headers += [] if self.quirks.no_last_modified else [("Last-Modified", date)]
        headers += [] if self.quirks.no_range else [("Accept-Ranges", "bytes")]
        known = dict(headers)
        if self._unchanged(asked, known, modified):
            return self._out(asked, 304, b"", headers, fault=fault)
        wanted = self._range(asked, known)
        if wanted is not None and wanted[0] >= len(body):
            return self._out(asked, 416, b"", [*headers, ("Content-Range", f"bytes */{len(body)}")], fault=fault)
        if wanted is not None:
            first, last = wanted[0], min(wanted[1], len(body) - 1)
            headers.append(("Content-Range", f"bytes {first}-{last}/{len(body)}"))
            return self._out(asked, 206, body[first : last + 1], headers, fault=fault)
        if "gzip" in asked.headers.get("Accept-Encoding", "") and not self.quirks.no_gzip:
            return self._out(asked, 200, gzipped(body), [*headers, ("Content-Encoding", "gzip")], fault=fault)
        return self._out(asked, 200, body, headers, fault=fault)

    def _unchanged(self, asked: FileAsked, known: Mapping[str, str], modified: int) -> bool:
        """If-None-Match where it is sent, else If-Modified-Since."""
        if "If-None-Match" in asked.headers:
            return asked.headers["If-None-Match"] == known.get("ETag")
        since = asked.headers.get("If-Modified-Since")
        if not since or "Last-Modified" not in known:
            return False
        return modified <= parsedate_to_datetime(since).timestamp()

    def _range(self, asked: FileAsked, known: Mapping[str, str]) -> tuple[int, int] | None:
        found = _RANGE.fullmatch(asked.headers.get("Range", ""))
        condition = asked.headers.get("If-Range")
        if not found or self.quirks.no_range or (condition and condition not in known.values()):
            return None
        return int(found[1]), int(found[2] or 2**62)

    def _out(
        self, asked: FileAsked, status: int, body: bytes, headers: list[tuple[str, str]], *, fault: str | None
    ) -> FileReply:
        endless = self.quirks.no_length and status in (200, 206)
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
        lines.append(f"Date: {formatdate(self.world.now * 3600, usegmt=True)}")
        lines += [f"{name}: {value}" for name, value in headers]
        lines.append("Connection: close" if endless else f"Content-Length: {len(body)}")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        return FileReply(status, head, b"" if asked.only_head else body, fault, endless)
