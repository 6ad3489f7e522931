# SPDX-License-Identifier: Apache-2.0
"""The training blocks of a whole load against its tidy rows: every order, ring, config and format.

    python benchmarks/real_blocks.py OUTPUT
    python benchmarks/real_blocks.py --rows ROWS.parquet    # loads them first, through the emulator's replay

Slices of all ranks, put back by position, against the tidy rows read and screened apart from the pipeline; labels
across every cut; bytes that a rank reads, counted by the file system; replicas, and resuming with another number of
them; and blocks cut again from a copy whose hours after train are garbage. Exits 1 if anything differs.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import math
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from given import ended, rows_in
from numpy.typing import NDArray
from pyarrow.fs import FileSystemHandler, LocalFileSystem, PyFileSystem
from real_rows import command, load, serving

from eia930.account.published import published_series
from eia930.screening.flags import FLAGS
from eia930.screening.methods import screen_series
from eia930.store.storage import Storage
from ringdata import RingBlocks
from ringdata.config import CONFIGS
from ringdata.files import Files
from ringdata.folder import open_any
from ringdata.formats import folder_of
from ringdata.layout import SPLITS, Layout
from ringdata.orders import ORDERS
from ringdata.orders import unit as unit_of
from ringdata.windows import tracks_of

FORMATS, RINGS = ("parquet", "tfrecord"), (1, 2, 4, 8)
BLOCKS = {"series": 3, "panel": 32}
"""Blocks a window where they are compared, as far as a split has them and the order takes them."""
MARGIN = 2048
"""Hours beside the frame in which blocks may begin and end."""


@dataclass
class Found:
    """What was looked at, and what was wrong with it."""

    counts: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def count(self, name: str, number: int) -> None:
        """So many more were looked at."""
        self.counts[name] = self.counts.get(name, 0) + number

    def check(self, good: Any, what: str) -> None:
        """Keep what is not as it should be."""
        if not good:
            self.wrong.append(what)

    def tell(self, title: str, since: float) -> None:
        """Print it."""
        print(f"{title}: {', '.join(f'{number:,} {name}' for name, number in self.counts.items())}", end="")
        print(f"; {len(self.wrong)} differ; {time.monotonic() - since:.0f} s", flush=True)
        for line in self.wrong[:10]:
            print(f"   DIFFERS {line}")


class Truth:
    """The tidy rows as float32[hours, series], NaN where not to be trusted; read and screened without the pipeline."""

    def __init__(self, output: Path, against: frozenset[str]) -> None:
        self.layout = Layout.from_json((output / "blocks/panel/layout.json").read_bytes())
        refs, (first, last) = published_series(Storage.at(str(output)))
        self.first, self.names = first - MARGIN, [ref.series_id for ref in refs]
        slots = self.layout.grid.slots
        self.value = np.full((last + 1 - first + 2 * MARGIN, slots), np.nan, np.float32)
        self.reported = self.flagged = 0
        for column, (name, raw) in enumerate(self._raw(output, [ref.file.path for ref in refs], first, last)):
            self.value[MARGIN:-MARGIN, column] = self._trusted(name, raw, first, against)

    def _raw(self, output: Path, paths: list[str], first: int, last: int) -> Iterator[tuple[str, NDArray[np.float64]]]:
        for name, path in zip(self.names, paths, strict=True):
            table = pq.read_table(
                output / path, columns=["period", "value"], filters=[("series_id", "==", name)], partitioning=None
            )
            hours = table["period"].cast(pa.timestamp("s", "UTC")).cast(pa.int64()).to_numpy() // 3600
            inside, raw = (hours >= first) & (hours <= last), np.full(last - first + 1, np.nan)
            raw[hours[inside] - first] = table["value"].to_numpy()[inside]
            yield name, raw

    def _trusted(self, name: str, raw: NDArray[np.float64], first: int, against: frozenset[str]) -> NDArray[np.float64]:
        """Each split by itself; what lies in none is trusted by nobody."""
        kept = np.full(len(raw), np.nan)
        for split in SPLITS:
            begin, end = (min(max(hour - first, 0), len(raw)) for hour in self.layout.cuts.hours(split))
            if begin < end:
                part = raw[begin:end]
                doubt = np.isin(np.array(FLAGS)[screen_series(name, part).code], sorted(against))
                kept[begin:end] = np.where(doubt, np.nan, part)
                self.reported += int((~np.isnan(part)).sum())
                self.flagged += int((doubt & ~np.isnan(part)).sum())
        return kept

    def window(self, config: str, sequence: int, start: int, hours: int) -> NDArray[np.float32]:
        """`hours` from `start` on and the one after them, [hours + 1, slots]."""
        columns = slice(None) if config == "panel" else slice(sequence, sequence + 1)
        return self.value[start - self.first : start - self.first + hours + 1, columns]


@dataclass(frozen=True)
class Case:
    """One way to read the blocks."""

    output: Path
    format: str
    config: str
    split: str
    order: str
    ring: int

    def __str__(self) -> str:
        return f"{self.format} {self.config} {self.split} {self.order} ring {self.ring}"

    @cached_property
    def folder(self) -> Path:
        """Where its blocks lie."""
        return self.output / folder_of(self.config, self.format)

    @cached_property
    def layout(self) -> Layout:
        """How they lie."""
        return Layout.from_json((self.folder / "layout.json").read_bytes())

    @cached_property
    def lengths(self) -> list[int]:
        """Blocks of each sequence of the split."""
        tracks = tracks_of(self.layout.grid, self.layout.split(self.split))
        return [track.tokens // self.layout.grid.block_tokens for track in tracks]

    def blocks(self, most: int) -> int:
        """Blocks of a window: `most`, or what the longest sequence has; 0 where no window fits."""
        grid = self.layout.grid
        sizes = {"ring_size": self.ring, "slots": grid.slots, "block_tokens": grid.block_tokens}
        unit = math.lcm(unit_of(self.order, **sizes), grid.block_tokens) // grid.block_tokens
        longest = max(self.lengths, default=0)
        return max(unit, min(most, longest) // unit * unit) if longest >= unit else 0

    def whole(self, blocks: int, unit: int) -> bool:
        """Whether each rank's ranges of a window begin and end where `unit` blocks do."""
        edge = unit * self.layout.grid.block_tokens
        ranks = (self.read(blocks, rank=rank).spans for rank in range(self.ring))
        return all(token % edge == 0 for held in ranks for span in held for token in span)

    def short(self, blocks: int) -> int:
        """Tokens of sequences that have less than a window."""
        return sum(length for length in self.lengths if length < blocks) * self.layout.grid.block_tokens

    def read(self, blocks: int, *, rank: int | None, stride: int | None = None, **more: Any) -> RingBlocks:
        """A reader of windows of so many blocks."""
        tokens = self.layout.grid.block_tokens
        options = {"split": self.split, "order": self.order, "ring_size": self.ring, "ring_rank": rank, **more}
        return RingBlocks(self.folder.as_posix(), context=blocks * tokens, stride=stride, **options)


def cases(output: Path, splits: Sequence[str] = SPLITS) -> Iterator[Case]:
    """All of them."""
    for parts in product(FORMATS, [config.name for config in CONFIGS], splits, ORDERS, RINGS):
        yield Case(output, *parts)


def compare_all(output: Path, truth: Truth) -> Found:
    """Every token of every split, in all cases, and its label."""
    found = Found()
    for case in cases(output):
        if not (blocks := case.blocks(BLOCKS[case.config])):
            found.count("ways left out, for the split is too short", 1)
            continue
        ranks = [case.read(blocks, rank=rank, stride=case.layout.grid.block_tokens) for rank in range(case.ring)]
        found.count("tokens of sequences shorter than a window, left out", case.short(blocks))
        found.count("ways", 1)
        for index in covering(ranks[0]):
            compare(case, ranks, index, truth, found)
    return found


def covering(data: RingBlocks) -> Iterator[int]:
    """Windows that hold every token of every track, as few as can be: the last of a track overlaps."""
    track, end = None, 0
    for index in range(len(data)):
        window = data.window(index)
        last = window.token + data.context + data.stride > window.track.tokens
        if window.track is not track or window.token >= end or (last and end < window.track.tokens):
            track, end = window.track, window.token + data.context
            yield index


def compare(case: Case, ranks: list[RingBlocks], index: int, truth: Truth, found: Found) -> None:
    """One window, put back by position and slot."""
    slices, window, slots = [rank[index] for rank in ranks], ranks[0].window(index), case.layout.grid.slots
    ringed = {name: np.concatenate([part[name] for part in slices]) for name in slices[0]}
    back = np.argsort((ringed["position"] - window.start_hour) * slots + ringed["slot"], kind="stable")
    hours = ranks[0].context // slots
    whole = {name: part[back].reshape(hours, slots) for name, part in ringed.items()}
    want = truth.window(case.config, window.sequence_id, window.start_hour, hours)
    at = np.arange(window.start_hour, window.start_hour + hours)
    label = np.where((at + 1 < case.layout.cuts.hours(case.split)[1])[:, None], want[1:], np.nan)
    where = f"{case} window {index}"
    found.check(
        (whole["position"] == at[:, None]).all() and (whole["slot"] == np.arange(slots)).all(), f"{where}: order"
    )
    for value, mark, wanted in (("value", "observed", want[:-1]), ("target", "loss_mask", label)):
        found.check(np.array_equal(whole[mark], ~np.isnan(wanted)), f"{where}: {mark}")
        found.check(np.array_equal(whole[value], np.nan_to_num(wanted)), f"{where}: {value}")
    found.count("windows", 1)
    found.count("tokens", whole["value"].size)


class Counting(FileSystemHandler):  # type: ignore[misc]
    """The local file system, counting the bytes that are read."""

    def __init__(self) -> None:
        self.files, self.read = LocalFileSystem(), 0

    def get_file_info(self, paths: list[str]) -> Any:
        return self.files.get_file_info(paths)

    def get_file_info_selector(self, selector: Any) -> Any:
        return self.files.get_file_info(selector)

    def open_input_file(self, path: str) -> pa.PythonFile:
        return pa.PythonFile(_CountingFile(self, path), mode="r")

    def get_type_name(self) -> str:
        return "counting"

    def normalize_path(self, path: str) -> str:
        return path


# What else a file system does is not asked of it.
Counting.__abstractmethods__ = frozenset()


class _CountingFile(io.FileIO):
    def __init__(self, counts: Counting, path: str) -> None:
        super().__init__(path)
        self._counts = counts

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(-1 if size is None else size) or b""
        self._counts.read += len(data)
        return data


def count_bytes(output: Path, windows: int) -> Found:
    """Bytes of each rank against those of whole windows, where a slice is made of whole row groups or records."""
    found, worst = Found(), 0.0
    for case in cases(output, ("train",)):
        grid = case.layout.grid
        blocks = 16 if case.config == "series" else 2 * grid.group_blocks * RINGS[-1]
        unit = grid.group_blocks if case.format == "parquet" else 1
        if max(case.lengths, default=0) < blocks:
            found.count("ways left out, for train is too short", 1)
            continue
        whole = _bytes(case, blocks, None, windows)
        if case.ring > 1 and not case.whole(blocks, unit):
            found.count("ways whose slices cut row groups, left out", 1)
            continue
        for rank in range(case.ring):
            share = _bytes(case, blocks, rank, windows) / whole
            worst = max(worst, share - 1 / case.ring)
            found.check(share <= 1 / case.ring + 0.01, f"{case} rank {rank}: {share:.4f} of the bytes")
            found.count("ranks", 1)
        found.count("ways", 1)
    print(f"   the largest share of a rank is 1/R {worst * 100:+.2f} %")
    return found


def _bytes(case: Case, blocks: int, rank: int | None, windows: int) -> int:
    counting = Counting()
    data = case.read(blocks, rank=rank, filesystem=PyFileSystem(counting))
    counting.read = 0  # what opening took
    for index in data.windows()[:windows]:
        data[index]
    return counting.read


def count_windows(output: Path) -> Found:
    """An epoch over replicas, whole, and stopped after a third and gone on with by another number of them."""
    found = Found()
    for case in cases(output):
        if not (blocks := case.blocks(BLOCKS[case.config])):
            continue
        data = case.read(blocks, rank=case.ring - 1)
        once = np.arange(len(data))
        for before, after in product((1, 2, 3, 8), repeat=2):
            steps = len(data) // 3 // before
            taken = [data.windows(epoch=1, replica=k, replicas=before)[:steps] for k in range(before)]
            rest = [data.windows(epoch=1, replica=k, replicas=after, start=steps * before) for k in range(after)]
            found.check(np.array_equal(np.sort(np.concatenate(taken + rest)), once), f"{case}: {before} then {after}")
            found.count("epochs", 1)
        found.count("ways", 1)
    return found


def garble(output: Path, flags: str) -> Found:
    """Blocks cut again from a copy whose hours after train are garbage: train's files, to the byte."""
    found, layout = Found(), Layout.from_json((output / "blocks/panel/layout.json").read_bytes())
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        shutil.copytree(output / "tidy", copy / "tidy")
        for name in ("report.json", "manifest.json", "_SUCCESS"):
            shutil.copy(output / name, copy / name)
        for number, path in enumerate(sorted((copy / "tidy").rglob("*.parquet"))):
            found.count("values made garbage", _garble(path, layout.cuts.hours("train")[1], number))
        _sign(copy)
        cuts = [f"--{split}_start={stamp(getattr(layout.cuts, split))}" for split in ("validation", "test")]
        words = [*cuts, f"--embargo_hours={layout.cuts.embargo}", f"--trust_flags={flags}", f"--output={copy}"]
        subprocess.run([sys.executable, "-m", "pipelines.blocks", *words], check=True, stdout=subprocess.DEVNULL)
        clean, garbled = checksums(output), checksums(copy)
    train = {name for name in clean | garbled if "train" in name or name.endswith("sequences.parquet")}
    for name in sorted(train):
        found.check(clean.get(name) == garbled.get(name), name)
    later = {name for name in clean if Path(name).suffix in ("", ".parquet") or ".tfrecord-" in name} - train
    later = {name for name in later if not name.endswith((".idx", ".crc32"))}
    found.check(all(clean[name] != garbled.get(name) for name in later if "-of-" in name), "the garbage did not arrive")
    found.count("files of train", len(train))
    print(f"   sha256 over train's files: {digest(clean, train)} clean, {digest(garbled, train)} with garbage after")
    return found


def _garble(path: Path, since: int, seed: int) -> int:
    """Tiny, huge, negative and empty values from hour `since` on; how many."""
    table, chance = pq.ParquetFile(path).read(), np.random.default_rng(seed)
    later = table["period"].cast(pa.timestamp("s", "UTC")).cast(pa.int64()).to_numpy() // 3600 >= since
    noise = np.where(chance.random(len(later)) < 0.8, chance.integers(-3, 40, len(later)), 10**7).astype(np.float64)
    noise[chance.random(len(later)) < 0.1] = np.nan
    value = np.where(later, noise, table["value"].to_numpy())
    place = table.column_names.index("value")
    table = table.set_column(place, "value", pa.array(value, mask=np.isnan(value)))
    with pq.ParquetWriter(path, table.schema) as writer:
        for name in table["series_id"].unique():
            writer.write_table(table.filter(pc.equal(table["series_id"], name)))
    return int(later.sum())


def _sign(output: Path) -> None:
    """Say in the manifest what the tidy files hold now: none that differs from it is read."""
    manifest = json.loads((output / "manifest.json").read_text())
    for entry in filter(_tidy, manifest["files"]):
        entry["sha256"] = hashlib.sha256((output / entry["path"]).read_bytes()).hexdigest()
    (output / "manifest.json").write_text(json.dumps(manifest))


def stamp(hour: int) -> str:
    """As flags take it."""
    return f"{np.datetime64(hour, 'h')}"


def checksums(output: Path) -> dict[str, str]:
    """sha256 of every file of the training folders."""
    files = (path for name in ("blocks", "tfds") for path in (output / name).rglob("*") if path.is_file())
    return {str(path.relative_to(output)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def digest(sums: dict[str, str], names: set[str]) -> str:
    """One for several files."""
    return hashlib.sha256("".join(f"{name} {sums.get(name)}\n" for name in sorted(names)).encode()).hexdigest()[:16]


def replayed(rows: Path, folder: Path) -> Path:
    """The rows loaded, cut where their years allow it."""
    output, cuts = folder / "out", ["--validation_start=2019-01-01", "--test_start=2019-07-01"]
    with serving(rows, folder / "log.jsonl", []) as url:
        line = command(url, output, ["--regions=all", *cuts, "--requests_per_hour=1000000", "--burst_per_second=1000"])
        if load(line) != 0:
            raise SystemExit("the rows could not be loaded")
    return output


def check(output: Path, flags: argparse.Namespace) -> int:
    """All of it; 1 where anything differs."""
    against = {"all": frozenset(FLAGS[1:]), "none": frozenset[str]()}.get(flags.trust_flags)
    against = frozenset(flags.trust_flags.split(",")) if against is None else against
    for config, form in product(CONFIGS, FORMATS):
        open_any(Files(output / folder_of(config.name, form)))
    since = time.monotonic()
    truth = Truth(output, against)
    rows = sum(entry["rows"] for entry in json.loads((output / "manifest.json").read_text())["files"] if _tidy(entry))
    print(
        f"{rows:,} tidy rows, {len(truth.names)} series; {truth.reported:,} values in the splits, {truth.flagged:,} of "
        f"them flagged by a screening of their own split; read in {time.monotonic() - since:.0f} s",
        flush=True,
    )
    steps: dict[str, Callable[[], Found]] = {
        "slices put back are the rows, and labels the next hour's": lambda: compare_all(output, truth),
        f"bytes of a rank, {flags.windows} windows each": lambda: count_bytes(output, flags.windows),
        "every window once, over replicas and after resuming": lambda: count_windows(output),
        "garbage after train": lambda: garble(output, flags.trust_flags),
    }
    bad = 0
    for title, step in steps.items():
        since = time.monotonic()
        found = step()
        found.tell(title, since)
        bad += len(found.wrong) + (not found.counts)
    print("nothing differs" if not bad else f"{bad:,} differ")
    return int(bad > 0)


def _tidy(entry: dict[str, Any]) -> bool:
    return str(entry["path"]).startswith("tidy/")


def main() -> int:
    """Print what was found; 1 if anything is not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", nargs="?", type=Path, help="a finished load, both formats")
    parser.add_argument("--rows", type=Path, help="rows to load first, into a temporary folder")
    parser.add_argument("--trust_flags", default="all", help="as the blocks were cut with")
    parser.add_argument("--windows", type=int, default=20, help="windows whose bytes are counted, in each way")
    flags = parser.parse_args()
    if (flags.output is None) == (flags.rows is None):
        parser.error("give a finished OUTPUT, or --rows FILE")
    if flags.output is not None:
        return check(flags.output.absolute(), flags)
    with tempfile.TemporaryDirectory() as folder:
        return check(
            replayed(rows_in(flags.rows.absolute(), ("period", "respondent", "type", "value")), Path(folder)), flags
        )


if __name__ == "__main__":
    sys.exit(ended(main))
