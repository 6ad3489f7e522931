# SPDX-License-Identifier: Apache-2.0
"""Small loads of two regions from an emulator whose clock stands still: the same files, wherever they are written."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec

from eia930.emulator import Emulator, synthetic
from eia930.reference.hours import parse_hour
from eia930.store.manifest import read_manifest
from eia930.store.storage import Storage
from ringdata import RingBlocks
from tests.storage.proxy import Proxy

NOW = parse_hour("2024-03-01T00")
KEY = "0123456789abcdef"
QUESTION = ("--regions=PACW,TEX", "--start=2022-01-01", "--end=2022-07-01")
PARQUET = "--formats=parquet"


@contextmanager
def emulator(*, latency: float = 0.0) -> Iterator[Emulator]:
    """An API whose clock shows one moment for ever: what is retrieved is the same, byte for byte."""
    with Emulator(synthetic(now=NOW), now=NOW, latency=(latency, 0.0)) as server:
        yield server


def flags(url: str, output: str, *more: str) -> list[str]:
    """The flags of a load as fast as the machine can; Parquet alone, unless `more` says otherwise."""
    return [PARQUET, *question(url, output, *more)]


def question(url: str, output: str, *more: str) -> list[str]:
    """The flags that every program has which asks the API."""
    pace = ("--requests_per_hour=10000000", "--burst_per_second=1000")
    return [
        *QUESTION,
        "--source=api",
        f"--api_url={url}",
        "--api_key=env:SMALL_LOAD_KEY",
        *pace,
        f"--output={output}",
        *more,
    ]


def starting(program: str, arguments: list[str], environment: Mapping[str, str]) -> subprocess.Popen[str]:
    """A program of ours as a user starts it, in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", f"pipelines.{program}", *arguments],
        env={**os.environ, "SMALL_LOAD_KEY": KEY, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def manifest(output: str) -> dict[str, str]:
    """What the manifest says: path → sha256."""
    return {file.path: file.sha256 for file in read_manifest(Storage.at(output))}


def checksums(output: str) -> dict[str, str]:
    """The same, of the objects themselves."""
    storage = Storage.at(output)
    return {path: hashlib.sha256(storage.get(path)).hexdigest() for path in manifest(output)}


def report(output: str) -> dict[str, Any]:
    """The account of the last run."""
    return dict(msgspec.json.decode(Storage.at(output).get("report.json")))


def cost(place: str, proxy: Proxy, *, ring_rank: int | None) -> int:
    """Bytes that one window of four ranks takes from a bucket, by range alone; opening the folder is not counted."""
    data = RingBlocks(place, split="train", context=16384, ring_size=4, ring_rank=ring_rank, order="contiguous")
    opened = len(proxy.passed)
    data[0]
    asked = [passed for passed in proxy.passed[opened:] if passed.method == "GET"]
    assert asked
    assert all(passed.range for passed in asked)
    return sum(passed.size for passed in asked)
