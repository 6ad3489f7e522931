# SPDX-License-Identifier: Apache-2.0
"""The emulator's socket: HTTP/1.1 with keep-alive, a thread for each connection, every request noted."""

import hashlib
import json
import re
import socket
import sys
import time
from dataclasses import asdict, dataclass
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any, Self, TextIO

from eia930.emulator.api.heads import head
from eia930.emulator.delivery import bomb, deliver, gzipped
from eia930.emulator.desk import Asked, Desk, Ruling
from eia930.emulator.faults import Faults
from eia930.emulator.files.desk import PREFIX, FileAsked, FilesDesk
from eia930.emulator.files.quirks import Quirks
from eia930.emulator.files.world import FileWorld, files_of
from eia930.emulator.series import RowSource

_LARGEST_BODY = 1 << 20
"""Bytes; the longest question that makes sense has a few thousand."""
_KEY = re.compile(r"(?:^|(?<=&))api_key=[^&]*&?")


@dataclass(frozen=True, slots=True)
class Seen:
    """One request, as it came and as it was answered; `at` is when its first line was read (Unix seconds)."""

    at: float
    path: str
    query: str
    """The query string, without the key."""
    status: int
    rows: int
    fault: str | None
    key_ok: bool


class Emulator:
    """Serves `source` while open. `latency` is mean and jitter in seconds; `now` the hour its clock shows.

    EIA's six-month files are served beside the API: those of `files`, else of the same hours.
    """

    def __init__(
        self,
        source: RowSource,
        *,
        port: int = 0,
        faults: Faults | None = None,
        latency: tuple[float, float] = (0.0, 0.0),
        seed: int = 0,
        log: Path | None = None,
        key: str | None = None,
        key_sha256: str | None = None,
        now: int | None = None,
        files: FileWorld | None = None,
        quirks: Quirks | None = None,
    ) -> None:
        if not 0 <= port <= 65535:
            raise ValueError(f"port is {port}; a port lies between 0 and 65535")
        self.requests: list[Seen] = []
        self._faults = faults or Faults()
        self._log = log
        digest = hashlib.sha256(key.encode()).hexdigest() if key else key_sha256
        self._desk = Desk(source, faults=self._faults, latency=latency, seed=seed, key_sha256=digest)
        self._files = FilesDesk(files or files_of(source), quirks or Quirks(), self._faults, seed)
        self._source = source
        self._now = now
        self._port = port
        self._lock = Lock()
        self._server: _Server | None = None
        self._thread: Thread | None = None
        self._file: TextIO | None = None

    @property
    def url(self) -> str:
        """The API's base, `http://127.0.0.1:PORT/v2`."""
        if self._server is None:
            raise RuntimeError("the emulator is not open; use it in a with block")
        return f"http://127.0.0.1:{self._server.server_port}/v2"

    @property
    def files_url(self) -> str:
        """Where the six-month files are."""
        return self.url.removesuffix("/v2") + PREFIX.rstrip("/")

    def __enter__(self) -> Self:
        """Listen; the port is bound when this returns."""
        self._file = self._log.open("a", encoding="utf-8") if self._log else None
        try:
            self._server = _Server(self, self._port)
        except OSError as error:
            if self._file:
                self._file.close()
            raise OSError(f"cannot listen on port {self._port}: {error.strerror}; name another, or 0") from error
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), name="emulator")
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop: no connection outlives the block."""
        if self._server is None or self._thread is None:
            return
        self._server.stop()
        self._thread.join()
        self._server = None
        if self._file:
            self._file.close()

    def hand_over(self, asked: Asked, connection: socket.socket, closing: Event, *, only_head: bool) -> bool:
        """Serve a file on `connection`; returns whether it may carry another request."""
        name = asked.path.removeprefix(PREFIX)
        reply = self._files.rule(FileAsked(name, asked.headers, only_head))
        seen = Seen(asked.at, asked.path, asked.query, reply.status, 0, reply.fault, key_ok=True)
        self._noted(seen)
        # A head has no middle to be cut in.
        fault = None if only_head else reply.fault
        alive = deliver(connection, reply.head, reply.body, fault=fault, faults=self._faults, closing=closing)
        return alive and not reply.ends_connection

    def handle(self, asked: Asked, connection: socket.socket, closing: Event) -> bool:
        """Answer one request on `connection`; returns whether it may carry another."""
        ruling = self._desk.rule(asked)
        closing.wait(ruling.delay)
        reply = ruling.reply
        body = reply.body.encode()
        zipped = "gzip" in asked.headers.get("Accept-Encoding", "") and len(body) > 256
        if reply.fault == "p_bomb":
            body, zipped = bomb(self._faults.huge_bytes), True
        elif zipped:
            body = gzipped(body)
        length = self._faults.huge_bytes if reply.fault == "p_huge" else len(body)
        zipped = zipped and reply.fault != "p_huge"
        start = head(reply, length=length, zipped=zipped, date=self._date(), request=ruling.id)
        # Noted before it leaves: whoever has read an answer finds it in the list.
        self._note(asked, ruling)
        return deliver(connection, start, body, fault=reply.fault, faults=self._faults, closing=closing)

    def _date(self) -> str:
        """Deterministic, and never ahead of the real clock: a client may take it for the time of retrieval."""
        return formatdate(min((self._source.now if self._now is None else self._now) * 3600, time.time()), usegmt=True)

    def _note(self, asked: Asked, ruling: Ruling) -> None:
        reply = ruling.reply
        query = _KEY.sub("", asked.query).rstrip("&")
        seen = Seen(asked.at, asked.path, query, reply.status, reply.rows, reply.fault, ruling.key_ok)
        self._noted(seen)

    def _noted(self, seen: Seen) -> None:
        with self._lock:
            self.requests.append(seen)
            if self._file and not self._file.closed:
                self._file.write(json.dumps(asdict(seen)) + "\n")
                self._file.flush()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "_Server"
    at = 0.0

    def parse_request(self) -> bool:
        self.at = time.time()
        return super().parse_request()

    def do_GET(self) -> None:
        told = self.headers.get("Content-Length") or "0"
        if not re.fullmatch(r"\d{1,20}", told, re.ASCII):
            self.send_error(400)
            return
        length = int(told)
        if length > _LARGEST_BODY:
            # Unread, so that the connection closes.
            self.send_error(413)
            return
        path, _, query = self.path.partition("?")
        asked = Asked(
            path=path,
            query=query,
            headers={name.title(): value for name, value in self.headers.items()},
            body=self.rfile.read(length).decode("utf-8", "replace") if length else "",
            at=self.at,
        )
        emulator, closing = self.server.emulator, self.server.closing
        if path.startswith(PREFIX):
            alive = emulator.hand_over(asked, self.connection, closing, only_head=self.command == "HEAD")
        else:
            alive = emulator.handle(asked, self.connection, closing)
        if not alive:
            self.close_connection = True

    do_POST = do_GET  # noqa: N815

    def do_HEAD(self) -> None:
        if self.path.startswith(PREFIX):
            self.do_GET()
        else:
            self.send_error(501)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the emulator keeps its own list."""


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 256

    def __init__(self, emulator: Emulator, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.emulator = emulator
        self.closing = Event()
        self._open: set[socket.socket] = set()
        self._guard = Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no error of ours; anything else is, and is shown."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)

    def stop(self) -> None:
        """End the listener and every connection, and wait for their threads."""
        self.closing.set()
        self.shutdown()
        with self._guard:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue
        self.server_close()
