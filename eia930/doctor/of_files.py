# SPDX-License-Identifier: Apache-2.0
"""What we rest on of EIA's six-month files, as assumptions, each with the request that tells.

Some ten small requests: of a file no more is read than its first lines.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import partial

from eia930.doctor.finding import Assumption, Differs, expect
from eia930.doctor.server import Reply, Server
from eia930.errors import EiaError
from eia930.reference.halves import Half
from eia930.sources.api.http import is_page
from eia930.sources.files.contents.headers import read_header
from eia930.sources.files.names import BALANCE, INDEX, KINDS, FileName, exists, parse_index, ruled

_BEGINNING = 16 << 10
"""Bytes that hold the longest header and some lines."""
_MISSING = "EIA930_BALANCE_2014_Jan_Jun.csv"


def assumptions(newest: Half) -> tuple[Assumption, ...]:
    """All of them. `newest`: the half whose files should be there, as the one that ended last."""
    files = [ruled(kind, newest) for kind in KINDS if exists(kind, newest)]
    balance = next(file for file in files if file.kind == BALANCE)
    return (
        Assumption("index of files", "columns YEAR, PERIOD, FILENAME, DESCRIPTION", _index),
        Assumption("names of files", f"the index lists {balance.name} and its like", partial(_named, files)),
        *(
            Assumption(f"header of {file.name}", "every key and every reported column is known", _header(file))
            for file in files
        ),
        Assumption("size before loading", "HEAD gives Content-Length", partial(_length, balance)),
        Assumption("validator", "an ETag or Last-Modified, by which a cut download goes on", partial(_same, balance)),
        Assumption("not changed", "304 for the validator that the server gave", partial(_unchanged, balance)),
        Assumption("parts", "206 and Content-Range for a Range", partial(_part, balance)),
        Assumption("a file that is not there", "an HTML page with 200, or 404: never CSV", _missing),
        Assumption("files unpacked or gzip", "Content-Encoding none or gzip", partial(_encoding, balance)),
    )


def _index(server: Server) -> str:
    reply = server.get(f"/{INDEX}", keyed=False)
    server.require(reply, "--files_url")
    expect(reply.status == 200, f"status {reply.status}")
    return f"{len(_listed(reply)):,} files"


def _listed(reply: Reply) -> set[str]:
    try:
        return {file.name for file in parse_index(reply.body).values()}
    except EiaError as error:
        raise Differs(error.what) from None


def _named(files: list[FileName], server: Server) -> str:
    listed = _listed(server.get(f"/{INDEX}", keyed=False))
    absent = [file.name for file in files if file.name not in listed]
    expect(not absent, f"no {', '.join(absent)}")
    return ", ".join(file.name for file in files)


def _first_lines(file: FileName, server: Server) -> Reply:
    return server.get(f"/{file.name}", headers={"Accept-Encoding": "gzip"}, keyed=False, most=_BEGINNING)


def _header(file: FileName) -> Callable[[Server], str]:
    def look(server: Server) -> str:
        reply = _first_lines(file, server)
        expect(reply.status == 200, f"status {reply.status}")
        try:
            header = read_header(reply.body.partition(b"\n")[0].rstrip(b"\r"), file)
        except EiaError as error:
            raise Differs(error.what) from None
        expect(not header.warnings, "; ".join(header.warnings))
        return f"{header.width} columns"

    return look


def _head(file: FileName, server: Server) -> Reply:
    return server.get(f"/{file.name}", method="HEAD", headers={"Accept-Encoding": "identity"}, keyed=False)


def _length(file: FileName, server: Server) -> str:
    length = _head(file, server).headers.get("content-length", "")
    expect(length.isdigit() and int(length) > 0, f"Content-Length {length or 'none'}")
    return f"{int(length):,} bytes"


def _same(file: FileName, server: Server) -> str:
    headers = _head(file, server).headers
    tag, stamp = headers.get("etag"), headers.get("last-modified")
    expect(tag or stamp, "neither")
    if stamp:
        told = parsedate_to_datetime(stamp).astimezone(UTC)
        return f"{'an ETag and ' if tag else ''}Last-Modified {told:%Y-%m-%dT%H:%MZ}"
    return "an ETag"


def _unchanged(file: FileName, server: Server) -> str:
    headers = _head(file, server).headers
    if "etag" in headers:
        condition = {"If-None-Match": headers["etag"]}
    elif "last-modified" in headers:
        condition = {"If-Modified-Since": headers["last-modified"]}
    else:
        raise Differs("no validator to ask with")
    reply = server.get(f"/{file.name}", headers=condition, keyed=False, most=_BEGINNING)
    expect(reply.status == 304, f"status {reply.status}")
    return "304"


def _part(file: FileName, server: Server) -> str:
    headers = {"Range": "bytes=0-99", "Accept-Encoding": "identity"}
    reply = server.get(f"/{file.name}", headers=headers, keyed=False, most=_BEGINNING)
    told = reply.headers.get("content-range", "none")
    expect(reply.status == 206 and told.startswith("bytes 0-99/"), f"status {reply.status}, Content-Range {told}")
    return told


def _missing(server: Server) -> str:
    reply = server.get(f"/{_MISSING}", keyed=False, most=_BEGINNING)
    page = is_page(reply.body)
    expect(reply.status == 404 or (reply.status == 200 and page), f"status {reply.status}, {reply.body[:20]!r}")
    return f"status {reply.status}, {'a page' if page else 'no page'}"


def _encoding(file: FileName, server: Server) -> str:
    packed = _first_lines(file, server).headers.get("content-encoding", "none")
    expect(packed in ("none", "identity", "gzip"), packed)
    return packed
