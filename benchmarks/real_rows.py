# SPDX-License-Identifier: Apache-2.0
"""The main job on real rows: what a served record of millions of rows looks like after fault, kill and resume.

    python benchmarks/real_rows.py ROWS.parquet [--kills 20] [--regions all]

Serves the rows on a local socket, loads them through the API path (1) undisturbed, (2) with one call in three
answered 503 and other faults on, (3) the same, killed with -9 at random moments; compares tidy/ with the rows, and
audits the pace from the server's own record of request times. Exits 1 if anything differs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

FAULTS = [
    "--p_503=0.33",
    "--p_500=0.01",
    "--p_502=0.01",
    "--p_429=0.01",
    "--retry_after=1",
    "--p_reset=0.02",
    "--p_cut=0.02",
    "--p_html=0.02",
    "--p_error_200=0.01",
    "--p_bad_json=0.02",
    "--p_total_wrong=0.02",
    "--p_duplicates=0.02",
    "--p_case_duplicates=0.02",
]
PER_HOUR, PER_SECOND = 180_000, 50
_LISTENING = re.compile(r"listening on (\S+)")


@contextmanager
def serving(rows: Path, log: Path, flags: Sequence[str]) -> Iterator[str]:
    """The URL of an emulator that replays `rows` and writes every request to `log`."""
    command = [sys.executable, "-m", "eia930.emulator", "--replay", str(rows), "--port=0", f"--log={log}", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            found = _LISTENING.search(server.stdout.readline())
            assert found, "the emulator did not start"
            yield found[1]
        finally:
            server.terminate()


def command(url: str, output: Path, flags: Sequence[str]) -> list[str]:
    """The public command, at a pace that a test can wait for."""
    return [
        sys.executable,
        "-m",
        "pipelines.historical",
        "--runner=DirectRunner",
        "--source=api",
        f"--api_url={url}",
        "--api_key=env:EIA_API_KEY",
        "--types=D,DF",
        "--start=2015-07-01",
        "--end=2020-07-02",
        f"--output={output}",
        f"--requests_per_hour={PER_HOUR}",
        f"--burst_per_second={PER_SECOND}",
        "--tries=30",
        *flags,
    ]


def load(line: list[str], *, kill_after: float | None = None) -> int:
    """Run the load, perhaps killing it with -9; its exit code."""
    environment = {**os.environ, "EIA_API_KEY": "canary-0123456789"}
    with subprocess.Popen(line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as run:
        try:
            said, _ = run.communicate(timeout=kill_after)
        except subprocess.TimeoutExpired:
            run.send_signal(signal.SIGKILL)
            run.communicate()
            return -9
    print("   " + "\n   ".join(said.strip().splitlines()[-5:]))
    return run.returncode


def differences(rows: Path, output: Path, regions: str) -> int:
    """Rows that are in one of the two and not, with the same value, in the other."""
    want = pq.read_table(rows, columns=["period", "respondent", "type", "value"])
    if regions != "all":
        want = want.filter(pc.is_in(want["respondent"].cast(pa.string()), pa.array(regions.split(","))))
    tidy = ds.dataset(output / "tidy" / "region-data", format="parquet")
    # Rows that nobody reported hold an estimate alone.
    got = tidy.to_table(want.column_names, filter=pc.field("source").is_valid())
    keys = [("respondent", "ascending"), ("type", "ascending"), ("period", "ascending")]
    schema = pa.schema(
        [("period", pa.int64()), ("respondent", pa.string()), ("type", pa.string()), ("value", pa.float64())]
    )
    tables = [_plain(table, schema).sort_by(keys) for table in (want, got)]
    more: int = abs(tables[0].num_rows - tables[1].num_rows)
    if more:
        return more
    return 0 if tables[0].equals(tables[1]) else 1


def _plain(table: pa.Table, schema: pa.Schema) -> pa.Table:
    seconds = table["period"].cast(pa.timestamp("s", "UTC")).cast(pa.int64())
    return table.set_column(0, "period", seconds).cast(schema)


def audit(log: Path) -> tuple[int, int, int]:
    """(requests, most in any rolling second, most in any rolling hour) by the server's clock."""
    at = np.sort([json.loads(line)["at"] for line in log.read_text().splitlines()])
    inside = [np.searchsorted(at, at + width, "left") - np.arange(len(at)) for width in (1.0, 3600.0)]
    return len(at), int(inside[0].max(initial=0)), int(inside[1].max(initial=0))


def asked_again(log: Path) -> tuple[int, int]:
    """(windows that were answered whole more than once, windows answered whole)."""
    seen = [json.loads(line) for line in log.read_text().splitlines()]
    good = Counter(
        json.dumps(one["query"], sort_keys=True) for one in seen if one["status"] == 200 and not one["fault"]
    )
    return sum(count - 1 for count in good.values()), sum(good.values())


def digest(output: Path) -> str:
    """One sha256 over all of tidy/."""
    total = hashlib.sha256()
    for path in sorted((output / "tidy").rglob("*.parquet")):
        total.update(f"{path.relative_to(output)} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


def main() -> int:
    """Print what was found; 1 if anything is not as it should be, 2 if the rows cannot be served."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", type=Path)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--regions", default="all")
    parser.add_argument("--seed", type=int, default=1)
    flags = parser.parse_args()
    if why := _unfit(flags.rows):
        print(f"error: {flags.rows} {why}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        return _all(flags, Path(folder))


def _unfit(rows: Path) -> str:
    """Why a file cannot be served; empty where it can."""
    try:
        found = pq.read_schema(rows).names
    except (OSError, pa.ArrowException) as error:
        return f"is no Parquet file of rows: {str(error).splitlines()[0]}"
    lacking = [name for name in ("period", "respondent", "type", "value") if name not in found]
    return f"has no column {', '.join(lacking)}" if lacking else ""


def _all(flags: argparse.Namespace, folder: Path) -> int:
    bad = 0
    digests = []
    for name, faults, kills in (
        ("undisturbed", [], 0),
        ("faults", FAULTS, 0),
        ("faults and kills", FAULTS, flags.kills),
    ):
        print(f"{name}:")
        output, log = folder / name.replace(" ", "-"), folder / f"{name}.jsonl"
        began = time.monotonic()
        with serving(flags.rows, log, faults) as url:
            code = _with_kills(command(url, output, [f"--regions={flags.regions}"]), kills, random.Random(flags.seed))
        differ, (requests, second, hour) = differences(flags.rows, output, flags.regions), audit(log)
        again, answered = asked_again(log)
        digests.append(digest(output))
        print(
            f"   exit {code}, {differ} rows differ, {requests} requests, at most {second} in a second"
            f" (limit {PER_SECOND}) and {hour} in an hour (limit {PER_HOUR}),"
            f" {again} of {answered} whole answers were asked again,"
            f" {time.monotonic() - began:.0f} s"
        )
        bad += code != 0 or differ != 0 or second > PER_SECOND or hour > PER_HOUR
    print(f"tidy/ is the same to the byte in all three: {len(set(digests)) == 1}")
    return 1 if bad or len(set(digests)) > 1 else 0


def _with_kills(line: list[str], kills: int, chance: random.Random) -> int:
    for number in range(kills):
        moment = chance.uniform(2.0, 9.0)
        code = load(line, kill_after=moment)
        print(f"   kill {number + 1} after {moment:.1f} s: {'killed' if code == -9 else f'had ended with {code}'}")
        if code == 0:
            return code
    return load(line)


if __name__ == "__main__":
    sys.exit(main())
