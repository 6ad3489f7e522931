# SPDX-License-Identifier: Apache-2.0
"""Rows a second that the emulator serves: `python benchmarks/emulator_speed.py`. One client, one connection, no gzip.

The server is a process of its own; rows per second of its processor time say what one core can serve.
"""

import argparse
import http.client
import re
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

import psutil

ROOT = Path(__file__).resolve().parents[1]
PAGE = 5000


def main() -> None:
    """Print one line for each direction, with and without gzip."""
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--pages", type=int, default=100)
    flags.add_argument("--respondent", default="PJM")
    options = flags.parse_args()
    command = [sys.executable, "-m", "eia930.emulator", "--now", "2026-11-01T00"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        try:
            assert server.stdout is not None
            found = re.search(r"127\.0\.0\.1:\d+", server.stdout.readline())
            assert found is not None, "the server does not say where it listens"
            connection = http.client.HTTPConnection(found[0], timeout=60)
            first = time.perf_counter()
            get(connection, options.respondent, 0, "asc", "identity")
            print(f"first page of {options.respondent}: {time.perf_counter() - first:.3f} s")
            for direction in ("asc", "desc"):
                for encoding in ("identity", "gzip"):
                    measure(server.pid, connection, options, direction, encoding)
            connection.close()
        finally:
            server.terminate()


def measure(
    pid: int, connection: http.client.HTTPConnection, options: argparse.Namespace, direction: str, encoding: str
) -> None:
    """Ask for every page and print the rates."""
    begin, used = time.perf_counter(), processor_seconds(pid)
    for page in range(options.pages):
        get(connection, options.respondent, PAGE * (page % 50), direction, encoding)
    wall, used = time.perf_counter() - begin, processor_seconds(pid) - used
    rows = options.pages * PAGE
    print(f"{direction} {encoding}: {rows / wall:,.0f} rows/s, {rows / used:,.0f} rows per processor second")


def get(connection: http.client.HTTPConnection, code: str, offset: int, direction: str, encoding: str) -> None:
    """One page of region-data."""
    query = f"data[]=value&facets[respondent][]={code}&offset={offset}&length={PAGE}"
    query += f"&sort[0][column]=period&sort[0][direction]={direction}&sort[1][column]=type"
    path = f"/v2/electricity/rto/region-data/data/?{quote(query, safe='=&')}"
    connection.request("GET", path, headers={"X-Api-Key": "k", "Accept-Encoding": encoding})
    response = connection.getresponse()
    if response.status != 200:
        raise SystemExit(f"{response.status} {response.read()!r}")
    response.read()


def processor_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    main()
