# SPDX-License-Identifier: Apache-2.0
"""Training blocks: how fast they are written and read, each way over the same floats in one run.

    python benchmarks/reader.py [--series 200] [--hours 65536] [--folder DIR]

Prints values per second of processor time (one value = one series' hour with its mark) and the ratio to copying the
same tokens out of a memory map; the seconds to the newest window (`latest`); then, in a process of its own, the time
to a first batch and its peak memory.
Loaders that are not installed are named and left out.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from memory import peak_kib

from ringdata import (
    Cuts,
    Layout,
    Member,
    RingBlocks,
    card_file,
    config_files,
    latest,
    manifest_files,
    plan_panel,
    plan_series,
    shard_files,
)
from ringdata.blocks import shard_tables
from ringdata.formats import folder_of
from ringdata.output import BlockFile
from ringdata.parquet import parquet_bytes
from ringdata.tfrecord import tfrecord_bytes

REPEATS, CONTEXT, RING, RANK = 5, 131_072, 8, 3
PLANS = {"series": plan_series, "panel": plan_panel}


class Record:
    """Loads with a day, a week and noise, whole MW, a few hours missing."""

    def __init__(self, series: int, hours: int) -> None:
        rng, time_ = np.random.default_rng(0), np.arange(hours)
        size = 10 ** rng.uniform(2, 4.7, (series, 1))
        shape = 1 + 0.2 * np.sin(time_ / 24 * 2 * np.pi) + 0.05 * np.sin(time_ / 168 * 2 * np.pi)
        self.value = np.round(size * (shape + rng.normal(0, 0.02, (series, hours))))
        self.observed = rng.random((series, hours)) > 0.01
        self.members = [Member(f"S{number:04d}", 0, hours - 1) for number in range(series)]
        self.cuts = Cuts(hours - 4_000, hours - 2_000)

    def load(self, series_id: str, first: int, hours: int) -> Any:
        row = int(series_id[1:])
        return self.value[row, first : first + hours], self.observed[row, first : first + hours]


def best(work: Callable[[], Any]) -> float:
    """Least seconds of processor time over some runs."""
    seconds = []
    for _ in range(REPEATS):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return min(seconds)


def write(output: Path, record: Record) -> dict[str, Layout]:
    """A whole data set, and the speed of each step of it."""
    layouts = {config: plan(record.members, cuts=record.cuts) for config, plan in PLANS.items()}
    entries = {}
    formats = ("parquet", "tfrecord") if find_spec("tensorflow_datasets") else ("parquet",)
    for config, layout in layouts.items():
        files = config_files(layout, record.members, record.load, formats=formats)
        if "tfrecord" not in formats:
            files += [BlockFile(f"{folder_of(config, 'tfrecord')}/{Path(f.path).name}", f.data) for f in files]
        for shard in layout.shards:
            files += shard_files(layout, record.members, shard, record.load)
        for file in [*files, card_file(list(layouts.values()))]:
            put(output, file)
            entries[file.path] = file.entry
    for file in manifest_files(entries):
        put(output, file)
    return layouts


def put(output: Path, file: BlockFile) -> None:
    path = output / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(file.data))


def measure_writing(record: Record, layout: Layout) -> None:
    shard = layout.split("train")[0]
    values = shard.rows * layout.grid.block_tokens
    tables = list(shard_tables(layout, record.members, shard, record.load))
    steps: dict[str, Callable[[], Any]] = {
        "blocks from arrays": lambda: list(shard_tables(layout, record.members, shard, record.load)),
        "Parquet bytes": lambda: parquet_bytes(layout, tables),
        "TFRecord bytes, checksums and index": lambda: tfrecord_bytes(layout, tables),
    }
    sizes = {"Parquet bytes": parquet_bytes(layout, tables).size, "TFRecord bytes, checksums and index": 0}
    sizes["TFRecord bytes, checksums and index"] = len(tfrecord_bytes(layout, tables).data)
    for name, work in steps.items():
        size = f"{sizes[name] / values:.2f}" if name in sizes else ""
        print(f"| {layout.grid.config.name} | {name} | {values / best(work) / 1e6:.0f} | {size} |")


def token_slices(data: RingBlocks) -> Iterator[tuple[int, int]]:
    """Every token range that the reader's rank holds, in an epoch's order."""
    for index in data.windows():
        token = data.window(index).token
        for start, stop in data.spans:
            yield token + start, token + stop


def reading(output: Path) -> dict[str, Callable[[], int]]:
    """Ways to read the panel's slices of one rank of a ring; each gives the values that it read."""
    rank = partial(RingBlocks, split="train", context=CONTEXT, ring_size=RING, ring_rank=RANK)
    parquet, tfrecord = (rank(output / folder_of("panel", name)) for name in ("parquet", "tfrecord"))
    whole = partial(RingBlocks, split="train", context=1 << 20)
    flat = output / "flat"
    flat.mkdir()
    whole_data = RingBlocks(output / folder_of("panel", "parquet"), split="train", context=CONTEXT, seed=None)
    for name in ("value", "observed"):
        np.concatenate([item[name] for item in whole_data]).tofile(flat / name)
    maps = [np.memmap(flat / "value", np.float32, mode="r"), np.memmap(flat / "observed", np.bool_, mode="r")]

    def from_map() -> int:
        copies = ([np.array(field[start:stop]) for field in maps] for start, stop in token_slices(parquet))
        return sum(len(value) for value, _ in copies)

    def items(data: RingBlocks) -> Callable[[], int]:
        return lambda: sum(len(data[index]["value"]) for index in data.windows())

    def from_arrow() -> int:
        return sum(arrow_values(path) for path in sorted((output / "blocks/panel").glob("train-*.parquet")))

    return {
        "memory map of the same floats, value and mark alone": from_map,
        "RingBlocks, Parquet: six fields, a slice of 16,384 tokens": items(parquet),
        "RingBlocks, TFRecord: six fields, a slice of 16,384 tokens": items(tfrecord),
        "RingBlocks, Parquet: six fields, windows of 1,048,576": items(whole(output / folder_of("panel", "parquet"))),
        "RingBlocks, TFRecord: six fields, windows of 1,048,576": items(whole(output / folder_of("panel", "tfrecord"))),
        "pyarrow, row groups one by one, value and mark alone": from_arrow,
        **other_loaders(output),
    }


def arrow_values(path: Path) -> int:
    with pq.ParquetFile(path) as file:
        groups = range(file.num_row_groups)
        read = [file.read_row_group(group, ["value", "observed"], use_threads=False) for group in groups]
        return sum(len(table["value"].combine_chunks().flatten().to_numpy()) for table in read)


def other_loaders(output: Path) -> dict[str, Callable[[], int]]:
    """Loaders that people have, over all columns of all rows."""
    ways: dict[str, Callable[[], int]] = {}
    if find_spec("tensorflow_datasets") and find_spec("tensorflow"):
        import tensorflow_datasets as tfds

        builder = tfds.builder_from_directory(output / folder_of("panel", "tfrecord"))
        ways["tfds, rows"] = lambda: sum(
            len(row["value"]) for row in builder.as_dataset(split="train").as_numpy_iterator()
        )
    if find_spec("datasets"):
        import datasets

        loaded = datasets.load_dataset(str(output / "blocks"), "panel", cache_dir=str(output / "cache"))["train"]
        ways["datasets, rows of the Arrow cache"] = lambda: sum(
            len(row["value"]) for row in loaded.with_format("numpy")
        )
    if find_spec("grain"):
        import grain

        paths = sorted(map(str, (output / "blocks/panel").glob("train-*.parquet")))
        ways["grain, ParquetIterDataset, rows"] = lambda: sum(
            len(row["value"]) for row in grain.experimental.ParquetIterDataset(paths)
        )
    return ways


def measure_reading(output: Path) -> None:
    base = 0.0
    for name, work in reading(output).items():
        speed = work() / best(work) / 1e6
        base = base or speed
        print(f"| {name} | {speed:.0f} | {speed / base:.3f} |")


def measure_latest(folder: str) -> None:
    """Seconds from nothing open to the newest window, all of it and one rank's slice, beside opening a split whole."""
    begun = perf(lambda: RingBlocks(folder, split="train", context=CONTEXT)[0])
    ways = {"all of it": partial(latest, folder, context=CONTEXT)}
    ways["one rank of eight"] = partial(latest, folder, context=CONTEXT, ring_size=RING, ring_rank=RANK)
    for name, work in ways.items():
        took = perf(work)
        print(f"| {Path(folder).parts[-2]}/{Path(folder).name}, {name} | {took:.3f} | {took / begun:.2f} |")


def perf(work: Callable[[], Any]) -> float:
    """Least seconds over some runs."""
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def probe(folder: str) -> None:
    """First batch and peak memory of a reader of 1 M tokens, in this process alone."""
    start = time.perf_counter()
    data = RingBlocks(folder, split="train", context=1 << 20)
    data[0]
    first = time.perf_counter() - start
    for index in data.windows():
        data[index]
    print(f"| {Path(folder).parts[-2]}/{Path(folder).name} | {first:.2f} | {peak_kib() / 1024:.0f} |")


def main() -> None:
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--series", type=int, default=200)
    flags.add_argument("--hours", type=int, default=65_536 + 4_096)
    flags.add_argument("--probe", help=argparse.SUPPRESS)
    options = flags.parse_args()
    if options.probe:
        probe(options.probe)
        return
    wanted = ("tensorflow_datasets", "tensorflow", "datasets", "grain")
    absent = [name for name in wanted if not find_spec(name)]
    print(f"not installed, left out: {', '.join(absent) or 'nothing'}\n")
    record = Record(options.series, options.hours)
    with tempfile.TemporaryDirectory() as folder:
        layouts = write(Path(folder), record)
        print("| config | writing | M values/s | bytes a value |\n|---|---|---|---|")
        for layout in layouts.values():
            measure_writing(record, layout)
        print("\n| reading the panel | M values/s | to the memory map |\n|---|---|---|", flush=True)
        measure_reading(Path(folder))
        print("\n| the newest window of 131,072 tokens | s | to RingBlocks(...)[0] |\n|---|---|---|", flush=True)
        for format_ in ("parquet", "tfrecord"):
            measure_latest(str(Path(folder) / folder_of("panel", format_)))
        print("\n| windows of 1,048,576 tokens | first batch, s | peak memory, MiB |\n|---|---|---|", flush=True)
        for format_ in ("parquet", "tfrecord"):
            command = [sys.executable, __file__, "--probe", str(Path(folder) / folder_of("panel", format_))]
            subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
