# SPDX-License-Identifier: Apache-2.0
"""The load of five regions into a folder and into a bucket, side by side.

    python benchmarks/bucket.py s3://BUCKET/PREFIX

Credentials and endpoint as for a load. Each is loaded first and then once more, when nothing is left to ask. The
API is the emulator in this process, so what differs is the storage.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time

import msgspec
from given import ended

from eia930.emulator import Emulator, synthetic
from eia930.errors import UsageError
from eia930.reference.hours import parse_hour
from eia930.store.manifest import read_manifest
from eia930.store.storage import Storage

NOW = parse_hour("2026-01-01")
QUESTION = ("--regions=PACW,ERCO,CAL,TEX,MISO", "--start=2019-01-01", "--end=2026-01-01")
PACE = ("--requests_per_hour=10000000", "--burst_per_second=10000")


def load(url: str, output: str) -> float:
    """Seconds of a load, the program's start included."""
    command = [sys.executable, "-m", "pipelines.historical", *QUESTION, *PACE, "--source=api", f"--api_url={url}"]
    began = time.perf_counter()
    done = subprocess.run(
        [*command, "--api_key=env:BENCH_KEY", f"--output={output}"],
        env={**os.environ, "BENCH_KEY": "any"},
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        said = done.stderr.strip().rpartition("\n")[2].removeprefix("error: ")
        raise UsageError(f"a load into {output} ended with {done.returncode}: {said}")
    return time.perf_counter() - began


def main() -> int:
    """Print seconds, and the ratio bucket / folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bucket", help="an empty place: s3://BUCKET/PREFIX")
    bucket = parser.parse_args().bucket
    Storage.at(bucket, flag="BUCKET")
    with tempfile.TemporaryDirectory() as folder, Emulator(synthetic(now=NOW), now=NOW) as api:
        places = {"folder": folder, "bucket": bucket}
        seconds = {name: (load(api.url, place), load(api.url, place)) for name, place in places.items()}
        report = msgspec.json.decode(Storage.at(bucket).get("report.json"))
        same = read_manifest(Storage.at(folder)) == read_manifest(Storage.at(bucket))
    print(f"{report['rows']['received']:,} rows; the same files: {'yes' if same else 'NO'}")
    for name, (first, again) in seconds.items():
        print(f"{name}   first {first:6.1f} s   again {again:6.1f} s")
    (folder_first, folder_again), (bucket_first, bucket_again) = seconds["folder"], seconds["bucket"]
    print(f"ratio    first {bucket_first / folder_first:6.2f}     again {bucket_again / folder_again:6.2f}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(ended(main))
