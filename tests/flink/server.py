# SPDX-License-Identifier: Apache-2.0
"""A real HTTP server on loopback that answers numbers and remembers who asked for what, and when."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True)
class Asked:
    request: int
    pid: int
    at: float


@dataclass(slots=True)
class Service:
    port: int
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def serving(*, seconds: float = 0.05) -> Iterator[Service]:
    """A service whose every answer takes `seconds`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            request = int(self.path[1:])
            service.asked.append(Asked(request, int(self.headers["X-Pid"]), time.monotonic()))
            time.sleep(seconds)
            body = json.dumps({"request": request, "value": request * request}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service = Service(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
