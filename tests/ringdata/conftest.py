# SPDX-License-Identifier: Apache-2.0
"""A small record with gaps, jumps and series that begin late or end early, written out as a whole data set."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ringdata import (
    BlockFile,
    Cuts,
    Layout,
    Member,
    card_file,
    config_files,
    manifest_files,
    plan_panel,
    plan_series,
    shard_files,
)
from ringdata.formats import folder_of
from ringdata.manifest import Entry

FIRST = 380_017  # not on the grid
HOURS = 90_000
CUTS = Cuts(validation=FIRST + 70_500, test=FIRST + 80_300, embargo=168)
BOTH = ("parquet", "tfrecord")


@dataclass(frozen=True)
class Record:
    """The truth: hours of some series, each row of the matrices one."""

    members: tuple[Member, ...]
    first: int
    value: NDArray[np.float64]
    observed: NDArray[np.bool_]

    def load(self, series_id: str, first: int, hours: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        row = [member.series_id for member in self.members].index(series_id)
        part = slice(first - self.first, first - self.first + hours)
        return self.value[row, part], self.observed[row, part]


def make_record(*, series: int = 5, hours: int = HOURS, first: int = FIRST, seed: int = 7) -> Record:
    rng = np.random.default_rng(seed)
    value = rng.integers(-50, 40_000, (series, hours)).astype(np.float64)
    observed = rng.random((series, hours)) > 0.05
    observed[:, hours // 3 : hours // 3 + 300] = False
    value[~observed] = np.where(rng.random((~observed).sum()) < 0.5, np.nan, 1e300)
    members = [
        Member(f"EBA.S{number:02d}-ALL.D.H", first + 997 * number, first + hours - 1 - 31 * number)
        for number in range(series)
    ]
    for row, member in enumerate(members):
        observed[row, : member.first_hour - first] = observed[row, member.last_hour + 1 - first :] = False
    return Record(tuple(members), first, value, observed)


def put(output: Path, files: Sequence[BlockFile]) -> dict[str, Entry]:
    for file in files:
        path = output / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(file.data))
    return {file.path: file.entry for file in files}


def beside(layout: Layout, record: Record, *, described: bool) -> list[BlockFile]:
    """What stands beside the shards; without tensorflow-datasets, a second's start, its two files are left out."""
    if described and find_spec("tensorflow_datasets"):
        return config_files(layout, record.members, record.load, formats=BOTH)
    files = config_files(layout, record.members, record.load, formats=("parquet",))
    return files + [
        BlockFile(f"{folder_of(layout.grid.config.name, 'tfrecord')}/{Path(file.path).name}", file.data)
        for file in files
    ]


def write_data_set(
    output: Path, record: Record, *, cuts: Cuts = CUTS, shards: int | None = 4, described: bool = False
) -> list[Layout]:
    """Only where it is `described` TFDS can open it; nothing of ours reads that description."""
    layouts = [plan(record.members, cuts=cuts, shards=shards) for plan in (plan_series, plan_panel)]
    entries = put(output, [card_file(layouts)])
    for layout in layouts:
        entries |= put(output, beside(layout, record, described=described))
        for shard in layout.shards:
            entries |= put(output, shard_files(layout, record.members, shard, record.load, formats=BOTH))
    put(output, manifest_files(entries))
    return layouts


@pytest.fixture(scope="session")
def record() -> Record:
    return make_record()


@pytest.fixture(scope="session")
def data_set(tmp_path_factory: pytest.TempPathFactory, record: Record) -> Path:
    """A whole data set in a folder whose name needs care in a URL."""
    output = tmp_path_factory.mktemp("data set") / "a b%20c"
    write_data_set(output, record, described=True)
    return output


@pytest.fixture(scope="session")
def writer() -> Callable[..., list[Layout]]:
    return write_data_set


@pytest.fixture(scope="session")
def record_of() -> Callable[..., Record]:
    return make_record


@pytest.fixture(scope="session", params=BOTH)
def folders(request: pytest.FixtureRequest, data_set: Path) -> Callable[[str], Path]:
    """The folder of a config, in each format."""
    return lambda config: data_set / folder_of(config, request.param)
