# SPDX-License-Identifier: Apache-2.0
"""A proxy before an S3 server: it notes what was asked and what came, and may lose an answer."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Passed:
    """A request that passed: its method and path, the range asked for, the answer's status and bytes."""

    method: str
    path: str
    range: str
    conditional: bool
    """Whether it creates only if absent."""
    status: int
    size: int


@dataclass(slots=True)
class Proxy:
    """Where it listens, and what passed."""

    endpoint: str
    passed: list[Passed] = field(default_factory=list)
    lose: Callable[[Passed], bool] = lambda _: False
    """Whether an answer is lost on the way: the client gets a 503 for what was done."""


@contextmanager
def proxied(endpoint: str) -> Iterator[Proxy]:
    """Forward everything to `endpoint`, headers as they are (signatures cover them)."""
    there = urlsplit(endpoint).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            connection = HTTPConnection(there, timeout=30)
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            self.answer(answer, answer.read())
            connection.close()

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = forward  # noqa: N815 - as http.server calls them

        def answer(self, answer: HTTPResponse, body: bytes) -> None:
            conditional = self.headers.get("If-None-Match") == "*"
            asked_range = self.headers.get("Range") or ""
            passed = Passed(self.command, self.path, asked_range, conditional, answer.status, len(body))
            proxy.passed.append(passed)
            if proxy.lose(passed):
                self.send_response_only(503)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                    self.send_header(name, value)
            self.send_header("Content-Length", answer.getheader("Content-Length") or str(len(body)))
            self.end_headers()
            with suppress(ConnectionError):
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    proxy = Proxy(f"http://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
