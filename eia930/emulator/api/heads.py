# SPDX-License-Identifier: Apache-2.0
"""The head of an answer: the headers that EIA's gateway and application send, as recorded."""

from http import HTTPStatus

from eia930.emulator.api.strikes import Reply

_COMMON = (
    ("Cache-Control", "max-age=0, no-cache, no-store"),
    ("Pragma", "no-cache"),
    ("Age", "0"),
    ("Via", "https/1.1 api-umbrella (ApacheTrafficServer [cMsSf ])"),
    ("Strict-Transport-Security", "max-age=63072000; includeSubdomains;"),
    ("Strict-Transport-Security", "max-age=31536000; preload"),
    ("Access-Control-Allow-Headers", "Origin, X-Requested-With, Content-Type, Accept, Authorization, X-Params"),
    ("Access-Control-Allow-Methods", "GET,POST,PATCH,PUT,DELETE,OPTIONS"),
    ("X-Frame-Options", "SAMEORIGIN"),
    ("Vary", "Accept-Encoding"),
    ("Vary", "Accept-Encoding"),
)
_GATEWAY = (
    ("Strict-Transport-Security", "max-age=31536000; preload"),
    ("X-Frame-Options", "DENY"),
    ("X-Xss-Protection", "1; mode=block"),
    ("Vary", "Accept-Encoding"),
)
_ALWAYS = (("Access-Control-Allow-Origin", "*"), ("X-Cache", "MISS"), ("X-Content-Type-Options", "nosniff"))


def head(reply: Reply, *, length: int, zipped: bool, date: str, request: int) -> bytes:
    """Status line and headers, up to the empty line; `request` is the number that its ids are made of."""
    lines = [
        f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}",
        f"Date: {date}",
        f"Content-Type: {reply.kind}",
        f"Content-Length: {length}",
        f"X-Api-Umbrella-Request-Id: {request:020x}",
        f"X-Vcap-Request-Id: {request:032x}",
    ]
    if zipped:
        lines.append("Content-Encoding: gzip")
    if not reply.gateway:
        lines.append(f"Expires: {date}")
    ours = _GATEWAY if reply.gateway else _COMMON
    lines += [f"{name}: {value}" for name, value in (*reply.headers, *_ALWAYS, *ours)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
