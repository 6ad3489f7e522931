# SPDX-License-Identifier: Apache-2.0
"""A made record and the real one of 2015 to 2020, with cuts inside: every hour is read back where it belongs."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from ringdata import Cuts, Layout, Member, RingBlocks, hour

CUTS = Cuts(hour("2019-01-01"), hour("2019-09-01"))
Record = Any


@pytest.fixture(scope="module", params=["made", pytest.param("recorded", marks=pytest.mark.recorded)])
def real(request: pytest.FixtureRequest, record_of: Callable[..., Record]) -> Record:
    """Sixteen series from July 2015 on: noise with holes, or a dozen areas' demand and forecast."""
    if request.param == "made":
        return record_of(series=16, hours=hour("2020-07-01") - hour("2015-07-01"), first=hour("2015-07-01"))
    return from_rows(request.getfixturevalue("recorded"), record_of)


def from_rows(recorded: Path, record_of: Callable[..., Record]) -> Record:
    """A dozen areas' demand and forecast; an hour is trusted here if it is a number of at most 300 GW."""
    table = pq.read_table(recorded / "region-data_2015-07_2020-07.parquet")
    areas = sorted(pc.unique(table["respondent"].cast("string")).to_pylist())[::6]
    table = table.filter(pc.is_in(table["respondent"].cast("string"), pa.array(areas)))
    hours = table["period"].cast("int64").to_numpy() // 3_600_000
    values = pc.fill_null(table["value"].cast("float64"), float("nan")).to_numpy()
    names = pc.binary_join_element_wise(
        table["respondent"].cast("string"), table["type"].cast("string"), "."
    ).to_numpy()
    first, length = int(hours.min()), int(hours.max() - hours.min()) + 1
    members, value = [], []
    for name in sorted(set(names)):
        row, own = np.full(length, np.nan), names == name
        row[hours[own] - first] = values[own]
        value.append(row)
        members.append(Member(f"EBA.{name.replace('.', '-ALL.')}.H", int(hours[own].min()), int(hours[own].max())))
    matrix = np.array(value)
    shape = type(record_of(series=1, hours=10))
    return shape(tuple(members), first, matrix, np.abs(matrix) <= 300_000)


@pytest.fixture(scope="module")
def folder(real: Record, writer: Callable[..., list[Layout]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("real")
    writer(output, real, cuts=CUTS, shards=2)
    return output


@pytest.mark.parametrize("place", ["blocks/panel", "tfds/eia930/panel/1.0.0", "blocks/series"])
@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_what_is_read_is_what_was_recorded(real: Record, folder: Path, place: str, split: str) -> None:
    blocks = RingBlocks(folder / place, split=split, context=4096, stride=4096)
    begin, end = CUTS.hours(split)
    read = 0
    for index in range(len(blocks)):
        item = blocks[index]
        series = item["slot"] if blocks.layout.grid.slots > 1 else blocks.window(index).sequence_id
        at, seen = item["position"] - real.first, item["observed"]
        assert begin <= item["position"].min()
        assert item["position"].max() < end
        rows = np.broadcast_to(series, seen.shape)[seen]
        assert np.array_equal(item["value"][seen], real.value[rows, at[seen]].astype(np.float32))
        assert np.isfinite(item["target"]).all()
        assert np.abs(item["target"]).max() <= 300_000
        read += int(seen.sum())
    assert read > 0.9 * sum(shard.rows for shard in blocks.layout.split(split)) * 1024 * 0.5


def test_no_hour_is_read_in_two_splits(folder: Path) -> None:
    for config in ("series", "panel"):
        seen: set[tuple[int, int]] = set()
        for split in ("train", "validation", "test"):
            for shard in sorted((folder / "blocks" / config).glob(f"{split}-*.parquet")):
                table = pq.read_table(shard, columns=["sequence_id", "start_hour"])
                held = set(zip(table["sequence_id"].to_pylist(), table["start_hour"].to_pylist(), strict=True))
                assert not held & seen
                seen |= held


def test_ranks_put_together_are_the_window(folder: Path) -> None:
    blocks = partial(RingBlocks, folder / "blocks/panel", split="train", context=131_072)
    whole = blocks()[1]
    parts = [blocks(ring_size=8, ring_rank=rank)[1] for rank in range(8)]
    slots = int(whole["slot"].max()) + 1
    for name in whole:
        joined = np.concatenate([part[name] for part in parts])
        at = np.concatenate([(part["position"] - whole["position"][0]) * slots + part["slot"] for part in parts])
        assert np.array_equal(joined[np.argsort(at)], whole[name])
