# SPDX-License-Identifier: Apache-2.0
"""What is seen of a load from outside: who asks, on which TaskManager, and how often for each hour."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs

import psutil

from benchmarks.real_rows import audit
from deploy.flink import cluster, processes
from eia930.reference.hours import parse_hour
from eia930.store.storage import Storage
from tests.flink.loads import HOURS, IN_FLIGHT, PER_SECOND, Load, Server
from tests.flink.waiting import soon

PATIENCE = 500.0


def until(load: Load, true: Callable[[], bool]) -> None:
    """Wait for something that comes true while the load runs."""
    assert soon(lambda: true() or load.process.poll() is not None, PATIENCE)
    assert load.process.poll() is None, load.told


def plain(load: Load) -> list[str]:
    """The summary without speeds and places."""
    lines = [line.partition(";")[0] for line in load.said.splitlines()]
    return [line.replace(str(load.output), "OUTPUT") for line in lines]


def assert_one_at_a_time(server: Server) -> None:
    """The pace of one dispatcher, as the server saw it: two would ask for half as much again as a second allows."""
    _, second, hour = audit(server.log)
    assert second <= PER_SECOND
    assert hour <= 3600 * PER_SECOND


def assert_little_asked_twice(server: Server, undisturbed: Server, *, lost_after: int) -> None:
    """All hours were asked for; twice only what was under way when a worker was lost, after `lost_after` requests."""
    asked = server.asked()
    times = Counter(hour for _, query in asked for hour in hours(query))
    assert set(times) == {hour for _, query in undisturbed.asked() for hour in hours(query)}
    until_lost = [query for at, query in asked if at <= asked[lost_after - 1][0] + 1]
    twice = {hour for hour, count in times.items() if count > 1}
    assert twice <= {hour for query in until_lost[-2 * IN_FLIGHT :] for hour in hours(query)}
    assert len(twice) <= IN_FLIGHT * HOURS
    assert max(times.values()) <= 2
    assert_one_at_a_time(server)


def hours(query: str) -> list[tuple[str, int]]:
    """The hours that a request asks for, of its respondent."""
    words = parse_qs(query)
    first, last = (parse_hour(words[name][0]) for name in ("start", "end"))
    return [(words["facets[respondent][]"][0], hour) for hour in range(first, last + 1)]


def epochs(output: str) -> set[int]:
    """Which dispatchers of a folder or bucket asked for hours; the first has number 1."""
    return {number - 1 for number in _owners(Storage.at(output)) if number > 1}


def dispatcher(output: str) -> int:
    """The process that asks."""
    storage = Storage.at(output)
    owners = _owners(storage)
    assert set(owners) == {1, 2}
    return int(json.loads(storage.get(owners[2]))["pid"])


def _owners(storage: Storage) -> dict[int, str]:
    """Of the first load into an output: number 1 asked for the server's lists, before the job was sent."""
    keys = [entry.key for entry in storage.list("raw/run/dispatcher") if entry.key.endswith(".owner")]
    return {int(Path(key).stem): key for key in keys}


def taskmanager_of(worker: int, folder: Path) -> int:
    """The number of the TaskManager whose pool is above a worker: pool → boot → worker."""
    pool = _parent(_parent(worker))
    (name,) = (process.name for process in cluster.load(folder).processes if process.pid == pool)
    return int(name.removeprefix("pool-"))


def running(folder: Path) -> list[int]:
    """The numbers of the TaskManagers that run."""
    alive = [process.name for process in cluster.task_managers(cluster.load(folder)) if processes.alive(process)]
    return [int(name.removeprefix("taskmanager-")) for name in alive]


def _parent(pid: int) -> int:
    return psutil.Process(pid).ppid()
