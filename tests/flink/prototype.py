# SPDX-License-Identifier: Apache-2.0
"""A small job of our shape: ids on one key, fetched at an exact pace, stored, grouped, assembled by reference."""

import argparse
import http.client
import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

GROUPS = 7
THREADS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    port: int
    requests: int
    per_second: float
    output: str

    def stored(self, request: int) -> Path:
        return Path(self.output) / "raw" / f"{request:06d}.json"


class Fetch(beam.DoFn):
    """The one dispatcher: starts requests at an exact pace, several in flight, and skips what is stored."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def process(self, keyed: tuple[int, Iterable[int]]) -> Iterator[tuple[int, int]]:
        requests = sorted(keyed[1])
        wanted = [request for request in requests if not self._job.stored(request).exists()]
        wait = pacer(self._job.per_second)
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(lambda request: fetch(self._job, request, wait), wanted))
        yield from ((request % GROUPS, request) for request in requests)


class Assemble(beam.DoFn):
    """Reads a group's stored answers by reference and sums them."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def process(self, keyed: tuple[int, Iterable[int]]) -> Iterator[dict[str, int]]:
        group, requests = keyed
        values = [json.loads(self._job.stored(request).read_bytes())["value"] for request in sorted(requests)]
        yield {"group": group, "answers": len(values), "sum": sum(values)}


def pacer(per_second: float) -> Callable[[], None]:
    """A wait that lets calls through 1 / per_second seconds apart, whichever thread calls."""
    lock = threading.Lock()
    due = time.monotonic()

    def wait() -> None:
        nonlocal due
        with lock:
            due = max(due + 1 / per_second, time.monotonic())
            time.sleep(max(0.0, due - time.monotonic()))

    return wait


def fetch(job: Job, request: int, wait: Callable[[], None]) -> None:
    wait()
    connection = http.client.HTTPConnection("127.0.0.1", job.port, timeout=10)
    connection.request("GET", f"/{request}", headers={"X-Pid": str(os.getpid())})
    body = connection.getresponse().read()
    connection.close()
    unfinished = job.stored(request).with_suffix(f".{os.getpid()}.tmp")
    unfinished.write_bytes(body)
    os.replace(unfinished, job.stored(request))


def publish(job: Job, groups: list[dict[str, int]]) -> None:
    ordered = sorted(groups, key=lambda group: group["group"])
    (Path(job.output) / "manifest.json").write_text(json.dumps(ordered), "utf-8")


def build(pipeline: beam.Pipeline, job: Job) -> None:
    (
        pipeline
        | "Plan" >> beam.Create(range(job.requests))
        | "OnOneKey" >> beam.Map(lambda request: (0, request))
        | "Together" >> beam.GroupByKey()
        | "Fetch" >> beam.ParDo(Fetch(job))
        | "Group" >> beam.GroupByKey()
        | "Assemble" >> beam.ParDo(Assemble(job))
        | "Collect" >> beam.CombineGlobally(beam.combiners.ToListCombineFn())
        | "Publish" >> beam.Map(lambda groups: publish(job, groups))
    )


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--requests", type=int, required=True)
    parser.add_argument("--per_second", type=float, required=True)
    parser.add_argument("--output", required=True)
    ours, beams = parser.parse_known_args(arguments)
    job = Job(**vars(ours))
    (Path(job.output) / "raw").mkdir(parents=True, exist_ok=True)
    with beam.Pipeline(options=PipelineOptions(beams)) as pipeline:
        build(pipeline, job)
