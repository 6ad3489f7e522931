# SPDX-License-Identifier: Apache-2.0
"""A JobManager by its REST API: what it answers, and a job that is to be cancelled."""

from __future__ import annotations

import http.client
import json
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

LONGEST = 1 << 24
FAULTS = (OSError, http.client.HTTPException, ValueError, KeyError, TypeError)
"""What a JobManager that is away, or that answers something else, comes to."""


class UnknownJobError(RuntimeError):
    """The JobManager knows no such job."""


def parsed(url: str) -> SplitResult | None:
    """`HOST:PORT`, with or without a scheme; None where it is none."""
    where = urlsplit(url if "://" in url else f"http://{url}")
    try:
        known = where.scheme in ("http", "https") and where.hostname and (where.port or True)
    except ValueError:
        return None
    return where if known else None


@dataclass(frozen=True, slots=True)
class JobManager:
    """One JobManager; every method raises one of FAULTS where it does not answer within `timeout` seconds."""

    where: SplitResult
    timeout: float = 5.0

    def get(self, path: str) -> Any:
        """What it answers to GET."""
        return json.loads(self._ask("GET", path)[1])

    def job(self, id: str) -> dict[str, Any]:
        """A job with its stages, and under `history` its failures, the oldest first; UnknownJobError."""
        status, body = self._ask("GET", f"/jobs/{id}")
        if status == http.client.NOT_FOUND:
            raise UnknownJobError(id)
        failures = self.get(f"/jobs/{id}/exceptions")["exceptionHistory"]["entries"]
        return {**json.loads(body), "history": sorted(failures, key=lambda one: one["timestamp"])}

    def find(self, name: str) -> str | None:
        """The id of the latest job of that name; None where there is none (yet)."""
        jobs = [job for job in self.get("/jobs/overview")["jobs"] if job["name"] == name]
        return str(max(jobs, key=lambda job: job["start-time"])["jid"]) if jobs else None

    def cancel(self, id: str) -> None:
        """Ask for the end of a job: it has ended a moment later."""
        self._ask("PATCH", f"/jobs/{id}?mode=cancel")

    def _ask(self, method: str, path: str) -> tuple[int, bytes]:
        kind = http.client.HTTPSConnection if self.where.scheme == "https" else http.client.HTTPConnection
        # No proxy: Flink's own client uses none either. Without a port Flink's client takes the scheme's, too.
        with closing(kind(str(self.where.hostname), self.where.port, timeout=self.timeout)) as connection:
            connection.request(method, f"{self.where.path.rstrip('/')}{path}")
            answer = connection.getresponse()
            return answer.status, answer.read(LONGEST)
