# SPDX-License-Identifier: Apache-2.0
"""What Prometheus reads of who follows: /metrics by its own client, and /healthz."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from eia930.errors import UsageError
from eia930.reference.hours import parse_hour
from pipelines.following.update import Update

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

HEALTHY = timedelta(hours=3)
"""How long after the last good update, or the start, /healthz says that all is well."""


class Metrics:
    """The figures of the updates so far."""

    def __init__(self, began: datetime) -> None:
        try:
            from prometheus_client import CollectorRegistry, Counter, Gauge
        except ImportError:
            remedy = "pip install 'eia930[load]' brings it"
            raise UsageError("--metrics_port needs the package prometheus-client", remedy=remedy) from None
        self.registry = CollectorRegistry()
        self._good = began

        def gauge(name: str, what: str, *labels: str) -> Gauge:
            return Gauge(name, what, labels, namespace="eia930", registry=self.registry)

        def counter(name: str, what: str, *labels: str) -> Counter:
            return Counter(name, what, labels, namespace="eia930", registry=self.registry)

        self._newest = gauge("newest_hour_seconds", "End of the newest hour, Unix seconds", "route")
        self._lag = gauge("lag_hours", "Age of the newest hour at the last update", "route")
        self._updates = counter("updates", "Updates by exit code", "exit")
        self._requests = counter("requests", "Requests sent")
        self._retries = counter("retries", "Requests sent again")
        self._failures = counter("failures", "Requests that could not be had")
        self._new = counter("new_hours", "Hours of series that have a value and had none before")
        self._revised = counter("revised_values", "Values that a later answer replaced")
        self._rows = gauge("rows", "Rows of tidy/")
        self._share = gauge("rate_share", "Requests a second as a share of the limit, in the last update")
        self._seconds = gauge("seconds", "Seconds of the last update, by stage", "stage")
        self._success = gauge("last_success_seconds", "Time of the last good update, Unix seconds")

    def take(self, update: Update) -> None:
        """Add an update."""
        self._updates.labels(str(update.exit)).inc()
        self._requests.inc(update.requests)
        self._retries.inc(update.retried)
        self._failures.inc(update.failed)
        self._new.inc(update.new_hours)
        self._revised.inc(update.revised)
        self._share.set(update.rate_share or 0.0)
        self._seconds.labels("fetch").set(update.fetch_seconds)
        self._seconds.labels("rest").set(max(0.0, update.seconds - update.fetch_seconds))
        for one in update.newest:
            if one.hour is not None and one.age_hours is not None:
                self._newest.labels(one.route).set(parse_hour(one.hour) * 3600)
                self._lag.labels(one.route).set(one.age_hours)
        if update.published:
            self._good = update.at
            self._rows.set(update.rows)
            self._success.set(update.at.timestamp())

    def healthy(self, now: datetime) -> bool:
        """Whether a good update is not long ago."""
        return now - self._good <= HEALTHY


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: who scrapes does so every few seconds."""


@contextmanager
def served(metrics: Metrics, host: str, port: int, now: Callable[[], datetime]) -> Iterator[int]:
    """Serve /metrics and /healthz; the port. UsageError where nobody may listen there."""
    from prometheus_client import make_wsgi_app

    told = make_wsgi_app(metrics.registry)

    def app(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") != "/healthz":
            found: Iterable[bytes] = told(environ, start)
            return found
        well = metrics.healthy(now())
        start("200 OK" if well else "503 Service Unavailable", [("Content-Type", "text/plain")])
        return [b"ok\n" if well else b"no good update for three hours\n"]

    try:
        server = make_server(host, port, app, _Server, _Quiet)
    except OSError as error:
        raise UsageError(f"--metrics_port {port}: cannot listen on {host}: {error.strerror}") from None
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="metrics", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
