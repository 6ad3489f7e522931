# SPDX-License-Identifier: Apache-2.0
"""A server that answers whatever a test says, byte for byte, and remembers what it was sent."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass(slots=True)
class Asked:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    method: str = "GET"


@dataclass(slots=True)
class Served:
    """Where the server listens, and what came."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        pass


Reply = tuple[int, dict[str, str], bytes]


@contextmanager
def serving(reply: Callable[[Asked], Reply]) -> Iterator[Served]:
    """Answer every GET, and HEAD without the body: `reply(asked)` is status, headers (with the length), body."""
    served = Served()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            asked = Asked(self.path, {name.lower(): value for name, value in self.headers.items()}, self.command or "")
            served.asked.append(asked)
            status, headers, body = reply(asked)
            self.send_response_only(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(ConnectionError):
                if self.command == "HEAD":
                    return
                # Whoever has seen enough hangs up.
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = _Quiet(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    served.url = f"http://127.0.0.1:{server.server_port}/v2"
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
