# SPDX-License-Identifier: Apache-2.0
"""Blocks whose unobserved tokens hold estimates: nothing but `value` differs, and no label, mark or sum."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from ringdata import RingBlocks, card_file, config_files, describe, latest, manifest_files, shard_files
from ringdata.blocks import shard_tables
from ringdata.errors import LayoutError, MixedVersions, SeriesError
from ringdata.layout import Layout
from ringdata.plan import plan_panel, plan_series
from tests.ringdata.conftest import CUTS, put

Record = Any
KINDS = ("D", "DF", "D", "DF", "D")
FORMS = ("blocks/panel", "blocks/series", "tfds/eia930/panel/1.0.0", "tfds/eia930/series/1.0.0")
REACH = 40
Told = tuple[NDArray[np.int64], NDArray[np.float64]]


def filler(record: Record) -> Callable[[str, int, int], Told]:
    """`fill` that says of every hour from a series' first to some after its last what it is; forecasts have none."""
    places = {member.series_id: place for place, member in enumerate(record.members)}

    def fill(series_id: str, first: int, hours: int) -> Told:
        member = record.members[places[series_id]]
        last = min(first + hours - 1, member.last_hour + REACH) if member.type != "DF" else first - 1
        hour = np.arange(first, last + 1)
        return hour, -1.0 - hour % 1000 - places[series_id] * 1000

    return fill


def write(folder: Path, record: Record, inputs: str) -> list[Layout]:
    fill = filler(record) if inputs == "estimate" else None
    plans = (plan_series, plan_panel)
    layouts = [plan(record.members, cuts=CUTS, shards=2, inputs=inputs) for plan in plans]
    files = [card_file(layouts)]
    for layout in layouts:
        beside = config_files(layout, record.members, record.load, formats=("parquet",))
        files += beside
        where = f"tfds/eia930/{layout.grid.config.name}/1.0.0"
        files += [replace(file, path=f"{where}/{file.path.rsplit('/', 1)[-1]}") for file in beside]
        for shard in layout.shards:
            files += shard_files(layout, record.members, shard, record.load, fill=fill)
    put(folder, [*files, *manifest_files({file.path: file.entry for file in files})])
    return layouts


@pytest.fixture(scope="module")
def mixed(record: Record) -> Record:
    return replace(record, members=tuple(replace(m, type=k) for m, k in zip(record.members, KINDS, strict=True)))


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, mixed: Record) -> tuple[Path, Path]:
    folders = tmp_path_factory.mktemp("reported"), tmp_path_factory.mktemp("estimate")
    for folder, inputs in zip(folders, ("reported", "estimate"), strict=True):
        write(folder, mixed, inputs)
    return folders


@pytest.mark.parametrize("split", ["train", "validation", "test"])
@pytest.mark.parametrize("form", FORMS)
def test_value_alone_differs_and_only_where_nothing_was_observed(
    both: tuple[Path, Path], mixed: Record, form: str, split: str
) -> None:
    options: dict[str, Any] = {"split": split, "context": 4096, "horizon": 24, "ahead": 24, "seed": None}
    plain, filled = (RingBlocks(folder / form, **options) for folder in both)
    assert len(plain) == len(filled)
    seen = 0
    for index in range(len(plain)):
        one, two = plain[index], filled[index]
        for name in set(one) - {"value"}:
            assert one[name].tobytes() == two[name].tobytes(), name
        assert not two["target"][~two["loss_mask"]].any()
        assert not two["ahead_value"][~two["ahead_observed"]].any()
        observed = one["observed"]
        assert one["value"][observed].tobytes() == two["value"][observed].tobytes()
        assert not one["value"][~observed].any()
        series = two["slot"] + filled.window(index).sequence_id
        told = -1.0 - two["position"] % 1000 - series * 1000
        lives = [(m.first_hour, m.last_hour + REACH) if m.type == "D" else (1, 0) for m in mixed.members]
        first, last = np.array([*lives, (1, 0), (1, 0), (1, 0)]).T[:, series]
        given = ~observed & (two["position"] >= first) & (two["position"] <= last)
        np.testing.assert_array_equal(two["value"][~observed], np.where(given, told, 0)[~observed])
        seen += int(given.sum())
    assert seen


@pytest.mark.parametrize("form", FORMS[::2])
def test_every_rank_and_the_newest_window_have_no_label_where_nothing_was_observed(
    both: tuple[Path, Path], form: str
) -> None:
    for rank in range(4):
        options: dict[str, Any] = {"context": 16384, "ring_size": 4, "ring_rank": rank, "ahead": 24, "horizon": 24}
        for slots in (None, [4, 1, 0]):
            options |= {"slots": slots, "context": 16384 if slots is None else 12288}
            items = [RingBlocks(folder / form, split="test", **options)[0] for folder in both]
            items += [latest(folder / form, **options) for folder in both]
            for one, two in (items[:2], items[2:]):
                assert {name for name in one if one[name].tobytes() != two[name].tobytes()} == {"value"}


def test_statistics_sums_and_halos_are_of_what_was_observed(both: tuple[Path, Path]) -> None:
    for config in ("series", "panel"):
        differ = set()
        for name in sorted(path.name for path in (both[0] / "blocks" / config).glob("*.parquet")):
            one, two = (pq.read_table(folder / "blocks" / config / name) for folder in both)
            columns = set(one.column_names) - {"value"}
            assert all(one.column(column).equals(two.column(column)) for column in columns)
            differ |= {name} if "value" in one.column_names and one["value"] != two["value"] else set()
        assert {name.split("-")[0] for name in differ} == {"train", "validation", "test"}


def test_folder_card_and_fingerprint_say_so(both: tuple[Path, Path]) -> None:
    plain, filled = (RingBlocks(folder / "blocks/panel", split="train", context=4096) for folder in both)
    assert filled.fingerprint == f"{plain.fingerprint}-estimate"
    assert (plain.layout.inputs, filled.layout.inputs) == ("reported", "estimate")
    assert b'"inputs"' not in (both[0] / "blocks/panel/layout.json").read_bytes()
    told = [describe(folder / "blocks/panel", observed=False) for folder in both]
    assert ["inputs     estimate" in one for one in told] == [False, True]
    assert ["inputs=estimate" in (folder / "blocks/README.md").read_text() for folder in both] == [False, True]
    for one, other in ((0, 1), (1, 0)):
        with pytest.raises(MixedVersions, match=r"^other inputs than expected"):
            RingBlocks(
                both[one] / "blocks/panel",
                split="train",
                context=4096,
                fingerprint=(plain, filled)[other].fingerprint,
            )
    with pytest.raises(MixedVersions, match=r"^other inputs and hours ahead than expected"):
        RingBlocks(both[1] / "blocks/panel", split="train", context=4096, ahead=24, fingerprint=plain.fingerprint)
    known = RingBlocks(both[1] / "blocks/panel", split="train", context=4096, ahead=24)
    assert known.fingerprint == f"{filled.fingerprint}-ahead24"
    with pytest.raises(MixedVersions, match=r"^other hours ahead than expected"):
        RingBlocks(both[1] / "blocks/panel", split="train", context=4096, fingerprint=known.fingerprint)


def test_a_layout_says_what_its_shards_hold(both: tuple[Path, Path]) -> None:
    plain, filled = (RingBlocks(folder / "blocks/panel", split="train", context=4096).layout for folder in both)
    assert Layout.from_json(filled.to_json()) == filled
    assert Layout.from_json(plain.to_json()) == plain
    assert plain.stamp() != filled.stamp()
    with pytest.raises(LayoutError, match="no inputs 'guess'; there are reported, estimate"):
        replace(plain, inputs="guess")


def test_fill_goes_with_its_layout_and_stays_within_what_was_asked_for(mixed: Record) -> None:
    plain, filled = (plan_panel(mixed.members, cuts=CUTS, inputs=inputs) for inputs in ("reported", "estimate"))

    def table(layout: Layout, fill: Any) -> None:
        next(shard_tables(layout, mixed.members, layout.shards[0], mixed.load, fill))

    with pytest.raises(LayoutError, match="inputs reported: fill= goes with estimate"):
        table(plain, filler(mixed))
    with pytest.raises(LayoutError, match="inputs estimate: fill="):
        table(filled, None)
    with pytest.raises(SeriesError, match="fills outside the"):
        table(filled, lambda name, first, hours: (np.array([first + hours]), np.array([1.0])))
    with pytest.raises(SeriesError, match="is not finite"):
        table(filled, lambda name, first, hours: (np.array([first]), np.array([np.nan])))
