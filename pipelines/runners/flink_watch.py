# SPDX-License-Identifier: Apache-2.0
"""Watches a job on a Flink cluster while it runs: restarts and their cause are told, and what cannot pass ends it.

Beam's own runner tells nothing before the job has ended, and Flink tries a full disk as often as a lost worker.
"""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from eia930.errors import EiaError, Stop
from pipelines.runners.flink_rest import FAULTS, JobManager, UnknownJobError

_ENDED = ("FINISHED", "FAILED", "CANCELED")
_WORKER_GONE = re.compile(
    r"StatusRuntimeException: (?:CANCELLED|UNAVAILABLE)|closed connection|Process died with exit code"
)
_MANAGER_GONE = re.compile(r"TaskManager with id (\S+?)[( ]|remote task manager '([^']+)'")
_NO_SLOTS = "NoResourceAvailableException"
_STAGE = re.compile(r"\[\d+\]([^()]*)")
_STARVED = (
    "most likely the system ended it for want of memory (dmesg, or the pod's last state, tells): "
    "give it more, or fewer slots to each TaskManager"
)
_GO_ON = "then run the same command again: what is stored is kept"
_AGAIN = f"see its log for why, {_GO_ON}"


class ClusterLost(Stop):
    """The cluster, or what stands between it and this program, is away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """In seconds: between two looks, until a silent JobManager counts as lost, and until a halt is told."""

    every: float = 2.0
    lost: float = 15.0
    still: float = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ears:
    """What the program knows of its job; all may be called from another thread.

    `told()`: what cannot pass, as a worker told it in the output. `read(text)`: a worker's error in Java's text, and
    whether it can pass. `moved()`: another value whenever something was done that the cluster does not see.
    """

    told: Callable[[], EiaError | None] = lambda: None
    read: Callable[[str], tuple[EiaError | None, bool]] = lambda text: (None, True)
    moved: Callable[[], Hashable] = lambda: None


class Watch:
    """Looks after the job called `name`. `verdict` is why it cannot go on; None while it may."""

    def __init__(
        self,
        cluster: JobManager,
        name: str,
        *,
        ears: Ears,
        patience: Patience | None = None,
        say: Callable[[str], None] = lambda line: print(line, file=sys.stderr, flush=True),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.verdict: EiaError | None = None
        self._cluster, self._name, self._ears = cluster, name, ears
        self._patience, self._say, self._clock = patience or Patience(), say, clock
        self._id: str | None = None
        self._failures = 0
        self._answered = self._moved = clock()
        self._state: Hashable = None
        self._ended = threading.Event()

    @contextmanager
    def looking(self, give_up: Callable[[], None]) -> Iterator[None]:
        """Look while the block runs; `give_up()` once there is a verdict."""

        def loop() -> None:
            while not self._ended.wait(self._patience.every) and self.look():
                pass
            if self.verdict:
                give_up()

        thread = threading.Thread(target=loop, name="flink-watch", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()

    def look(self) -> bool:
        """One look; False where the job has ended or can no longer."""
        job = self._job()
        if job is not None:
            self._tell_failures(job)
            self._tell_halt(job)
        if self.verdict is None:
            self.verdict = self._ears.told()
        if self.verdict and self._id:
            self.cancel()
        return not self.verdict and (job is None or job["state"] not in _ENDED)

    def cancel(self) -> None:
        """End the job on the cluster, where that can be reached."""
        with suppress(*FAULTS):
            if found := self._id or self._cluster.find(self._name):
                self._cluster.cancel(found)

    def _job(self) -> dict[str, Any] | None:
        """The job as it stands; None where it has not begun, or nothing is known of it."""
        try:
            self._id = self._id or self._cluster.find(self._name)
            job = self._cluster.job(self._id) if self._id else None
        except UnknownJobError:
            self.verdict = ClusterLost(
                f"the JobManager at {self._place()} knows this job no longer: it was started anew", remedy=_AGAIN
            )
        except FAULTS:
            if self._clock() - self._answered >= self._patience.lost:
                self.verdict = ClusterLost(
                    f"the JobManager at {self._place()} has not answered for {self._patience.lost:.0f} s",
                    remedy=f"see its log, start it again (make flink-down flink-up), {_GO_ON}",
                )
        else:
            self._answered = self._clock()
            return job
        return None

    def _tell_failures(self, job: dict[str, Any]) -> None:
        """A line for each failure since the last look."""
        history, self._failures = job["history"][self._failures :], len(job["history"])
        for count, failure in enumerate(history, self._failures - len(history) + 1):
            error, passes = self._ears.read(failure["stacktrace"])
            if error and not passes:
                self.verdict = self.verdict or error
                continue
            what = "failed" if job["state"] in ("FAILED", "FAILING") else "restart"
            self._say(f"{what} {count}  {_where(failure)}{error or cause(failure)}")

    def _tell_halt(self, job: dict[str, Any]) -> None:
        """A line where nothing has moved for long; once, until it moves again."""
        stages = tuple((one["status"], *sorted(_records(one))) for one in job["vertices"])
        state = (job["state"], stages, self._ears.moved())
        if state != self._state:
            self._state, self._moved = state, self._clock()
        elif self._clock() - self._moved >= self._patience.still:
            self._moved = float("inf")
            running = ", ".join(stage(one["name"]) for one in job["vertices"] if one["status"] == "RUNNING")
            where = f"stage {running}" if running else f"the job ({job['state'].lower()}: are there task slots?)"
            self._say(
                f"still  nothing has moved for {self._patience.still / 60:.0f} min in {where}: look at "
                f"{self._place()}/#/job/running/{self._id} and at the logs of its TaskManagers; too little memory is "
                "the usual cause (docs/runners.md). Ctrl-C ends the load, and the same command goes on"
            )

    def _place(self) -> str:
        return self._cluster.where.geturl()


def cause(failure: dict[str, Any]) -> str:
    """Why a stage failed, in words, where no Python tells it."""
    text = failure["stacktrace"]
    if _NO_SLOTS in text:
        return "there were too few task slots: start a TaskManager, and the job goes on by itself"
    if gone := _MANAGER_GONE.search(text):
        return f"TaskManager {gone[1] or gone[2]} is gone: the job goes on by itself once there are slots for it"
    if _WORKER_GONE.search(text):
        return f"a Python worker is gone without a word: {_STARVED}; the job goes on by itself"
    return str(text.partition("\n")[0])


def stage(name: str) -> str:
    """The names of ours in a stage's: `{Fetch, Publish}` of `CHAIN MapPartition (MapPartition at [3]{Fetch, …`."""
    found = _STAGE.search(name)
    return found[1].strip() if found else name


def _where(failure: dict[str, Any]) -> str:
    task, manager = failure.get("taskName"), failure.get("taskManagerId") or failure.get("endpoint")
    place = f" on {manager}" if manager and manager != "(unassigned)" else ""
    return f"stage {stage(task)}{place}: " if task else ""


def _records(vertex: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    return ((name, value) for name, value in vertex["metrics"].items() if name in ("read-records", "write-records"))
