# SPDX-License-Identifier: Apache-2.0
"""A page of 5,000 rows from JSON into columns: ours, and other libraries on the same bytes in one run.

    python benchmarks/parsing.py

Ours also checks every row (hour, keys, unit, value) and says of each refused one why; the others only decode.
"""

import io
import json
import time
from collections.abc import Callable
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.json
import requests

from eia930.emulator import Emulator, synthetic
from eia930.question.window import Window
from eia930.reference.hours import parse_hour, stamp
from eia930.reference.routes import PAGE
from eia930.sources.api.rows import parse_rows

REPEATS = 50
FIRST = parse_hour("2022-01-01T00")
WINDOW = Window("region-data", "PACW", FIRST, FIRST + PAGE // 4 - 1)


def page() -> bytes:
    """The rows of a full page, as the emulator serves them: a JSON array."""
    asked = {
        "frequency": "hourly",
        "data[0]": "value",
        "facets[respondent][]": WINDOW.respondent,
        "start": stamp(WINDOW.first),
        "end": stamp(WINDOW.last),
        "length": str(PAGE),
    }
    with Emulator(synthetic(now=parse_hour("2024-01-01T00"))) as server:
        url = f"{server.url}/electricity/rto/{WINDOW.route}/data/"
        answer = requests.get(url, params=asked, headers={"X-Api-Key": "none"}, timeout=30)
    answer.raise_for_status()
    return msgspec.json.encode(answer.json()["response"]["data"])


def best(work: Callable[[], Any]) -> float:
    """Least milliseconds of processor time over some runs."""
    spent = []
    for _ in range(REPEATS):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return 1e3 * min(spent)


def main() -> None:
    rows = page()
    lines = rows[1:-1].replace(b"},{", b"}\n{")
    whole = pyarrow.json.ReadOptions(use_threads=False, block_size=len(lines) + 1)
    ways: dict[str, Callable[[], Any]] = {
        "eia930.sources.api.rows: slots, checks, columns": lambda: parse_rows(rows, WINDOW),
        "msgspec: dicts": lambda: msgspec.json.decode(rows),
        "msgspec: dicts, then pyarrow columns": lambda: pa.Table.from_pylist(msgspec.json.decode(rows)),
        "json: dicts": lambda: json.loads(rows),
        "json: dicts, then pyarrow columns": lambda: pa.Table.from_pylist(json.loads(rows)),
        "pyarrow.json: columns (of lines)": lambda: pyarrow.json.read_json(io.BytesIO(lines), read_options=whole),
    }
    assert len(json.loads(rows)) == parse_rows(rows, WINDOW).received > 0.9 * PAGE
    print(f"{parse_rows(rows, WINDOW).received:,} rows, {len(rows) / 1e6:.1f} MB; least of {REPEATS} runs, one thread")
    base = best(ways["eia930.sources.api.rows: slots, checks, columns"])
    for name, work in ways.items():
        spent = best(work)
        print(f"{name:40} {spent:6.1f} ms   {spent / base:5.2f} of ours")


if __name__ == "__main__":
    main()
