# SPDX-License-Identifier: Apache-2.0
"""The same load in one process and on the running cluster, and the checksums of every file side by side.

    python -m deploy.flink.compare [--rows ROWS.parquet] [flags of the load, as --regions=all]

Asks the emulator, which makes its rows or replays those of a file. Prints a line for every file of tidy/, blocks/ and
tfds/: the verdict, the file, its SHA-256 in process and its SHA-256 from the cluster. Exit code: 0 all are equal,
1 one differs or is not there, 2 there is no cluster, 3 a load failed.
"""

import argparse
import hashlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from deploy.flink import cluster, parts

COMPARED = ("tidy", "blocks", "tfds")
# The server's clock stands still, so that both loads are told the same time of retrieval.
CLOCK = "2024-03-01T00"
MADE_UP = ("--start=2022-01-01", "--end=2024-01-01", "--validation_start=2023-01-01", "--test_start=2023-07-01")
UNHURRIED = ("--requests_per_hour=10000000", "--burst_per_second=1000")


class LoadError(RuntimeError):
    """A load did not end well; the message is what it said last."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A file by both SHA-256; "-" where it is not there."""

    path: str
    here: str
    there: str

    def __str__(self) -> str:
        return f"{'equal    ' if self.here == self.there else 'DIFFERENT'} {self.path} {self.here} {self.there}"


def pairs(here: Path, there: Path) -> list[Pair]:
    """Every file below the compared folders of either output, sorted by path."""
    first, second = _digests(here), _digests(there)
    return [Pair(path, first.get(path, "-"), second.get(path, "-")) for path in sorted({*first, *second})]


def question(rows: Path | None) -> tuple[str, ...]:
    """The flags that ask for all hours and types of recorded rows; for two years where there are none."""
    if rows is None:
        return MADE_UP
    table = pq.read_table(rows, columns=["period", "type"])
    ends = pc.min_max(table["period"]).as_py()
    types = sorted(pc.unique(table["type"]).to_pylist())
    start, end = ends["min"], ends["max"] + timedelta(hours=1)
    return (f"--types={','.join(types)}", f"--start={start:%Y-%m-%dT%H}", f"--end={end:%Y-%m-%dT%H}")


@contextmanager
def serving(rows: Path | None) -> Iterator[str]:
    """The URL of an emulator in a process of its own."""
    replay = [f"--replay={rows}"] if rows else []
    command = [sys.executable, "-m", "eia930.emulator", f"--now={CLOCK}", *replay]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=parts.CHECKOUT) as server:  # noqa: S603
        try:
            said = server.stdout.readline() if server.stdout else ""
            if not said.startswith("listening on "):
                raise LoadError(f"the emulator does not start: {said.strip()}")
            yield said.split()[-1]
        finally:
            server.terminate()


def load(url: str, output: Path, *flags: str) -> float:
    """Run the load as a user does; seconds. Raises LoadError."""
    key = output.with_suffix(".key")
    key.write_text("any key will do\n", "utf-8")
    ours = ["--source=api", f"--api_url={url}", f"--api_key=file:{key}", f"--output={output}", *UNHURRIED]
    command = [sys.executable, "-m", "pipelines.historical", *ours, *flags]
    began = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=parts.CHECKOUT, check=False)  # noqa: S603
    # 1: hours that the rows do not have, which both loads say alike.
    if done.returncode > 1:
        raise LoadError(f"the load ended with exit code {done.returncode}: {' '.join(command)}")
    return time.monotonic() - began


def _digests(output: Path) -> dict[str, str]:
    files = [path for name in COMPARED for path in (output / name).rglob("*") if path.is_file()]
    return {str(path.relative_to(output)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _compare(place: Path, rows: Path | None, on_cluster: Sequence[str], flags: Sequence[str]) -> int:
    """Print what was found; the exit code."""
    asked = (*question(rows), *flags)
    with serving(rows) as url:
        seconds = load(url, place / "here", *asked), load(url, place / "there", *asked, *on_cluster)
    found = pairs(place / "here", place / "there")
    print(*found, sep="\n")
    different = sum(pair.here != pair.there for pair in found)
    verdict = f"{different} of {len(found)} files differ" if different else f"all {len(found)} files are equal"
    print(f"{verdict}; {seconds[0]:.0f} s in one process, {seconds[1]:.0f} s on the cluster")
    return 1 if different or not found else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m deploy.flink.compare", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=Path, help="recorded rows to replay, for all of their hours")
    parser.add_argument("--folder", type=Path, default=cluster.MADE, help="where the cluster's cluster.json is kept")
    given, flags = parser.parse_known_args(arguments)
    if given.rows and not given.rows.is_file():
        print(f"flink: --rows {given.rows} is no file: give recorded rows", file=sys.stderr)
        return 2
    try:
        on_cluster = cluster.load(given.folder.resolve()).flags
        # Below the checkout, where the cluster's workers see it too.
        with tempfile.TemporaryDirectory(prefix="compare-", dir=given.folder) as place:
            return _compare(Path(place), given.rows and given.rows.resolve(), on_cluster, flags)
    except (cluster.ClusterError, LoadError) as error:
        print(f"flink: {error}", file=sys.stderr)
        return 3 if isinstance(error, LoadError) else 2


if __name__ == "__main__":
    sys.exit(main())
