# SPDX-License-Identifier: Apache-2.0
"""Estimates in tidy files: beside the record, never in it, and the same bytes whoever goes first."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from eia930.estimating.gathering import Frame, gathered
from eia930.estimating.output import estimated
from eia930.record.assembly import GroupReport
from eia930.record.tidy import ESTIMATE, ESTIMATE_BY
from eia930.record.tidy_file import read_tidy
from eia930.reference.routes import ROUTES
from eia930.reference.series import SeriesKey
from eia930.store.storage import Storage
from tests.eia930.estimating.outputs import (
    BEFORE,
    EMPTY,
    FILLED,
    FIRST,
    GONE,
    HOURS,
    OUT,
    SCREENING,
    SPIKE,
    Given,
    erco,
    load,
    write,
)

ERCO = "EBA.ERCO-ALL.D.H"


@pytest.fixture
def before(tmp_path: Path) -> tuple[Storage, list[GroupReport]]:
    return write(tmp_path, erco())


@pytest.fixture
def after(before: tuple[Storage, list[GroupReport]]) -> list[GroupReport]:
    storage, groups = before
    old = {group.files[0].path: storage.get(group.files[0].path) for group in groups}
    done = list(estimated(storage, groups, screening=SCREENING))
    for path, data in old.items():
        # What the pass read stays beside it, for the tests that compare.
        storage.put(f"before/{path}", data)
    return done


def read(storage: Storage, path: str) -> pa.Table:
    return pq.read_table(pa.BufferReader(storage.get(path)))


def test_the_record_is_as_it_was_and_coalesce_makes_it_complete(
    before: tuple[Storage, list[GroupReport]], after: list[GroupReport]
) -> None:
    storage, groups = before
    for group in groups:
        path = group.files[0].path
        was, now = read(storage, f"before/{path}"), read(storage, path)
        assert now.schema == was.schema
        kept = now.filter(pc.or_(now["source"].is_valid(), now["adjusted"].is_valid())).drop_columns(
            [ESTIMATE, ESTIMATE_BY]
        )
        assert kept.to_pylist() == was.drop_columns([ESTIMATE, ESTIMATE_BY]).to_pylist()
    table = read(storage, groups[0].files[0].path)
    mine = table.filter(pc.equal(table["series_id"], ERCO))
    stands = pc.and_(mine["value"].is_valid(), mine["flag"].is_null())
    assert pc.xor(stands, mine["estimate"].is_valid()).to_pylist() == [True] * len(mine)
    assert mine["estimate"].is_valid().to_pylist() == mine["estimate_by"].is_valid().to_pylist()
    hours = mine["period"].cast(pa.timestamp("s", "UTC")).cast(pa.int64()).to_numpy() // 3600
    assert hours.tolist() == list(range(FIRST + BEFORE, FIRST + OUT.start))
    assert pc.coalesce(mine["estimate"], mine["value"]).null_count == 0


def test_eia_s_own_figure_stands_where_there_is_one_that_is_not_doubtful(
    before: tuple[Storage, list[GroupReport]], after: list[GroupReport]
) -> None:
    table = read(before[0], after[0].files[0].path)
    mine = table.filter(pc.equal(table["series_id"], ERCO))
    by = mine["estimate_by"].cast(pa.string()).to_pylist()
    assert by[SPIKE - BEFORE] == "eia"
    assert mine["estimate"][SPIKE - BEFORE].as_py() == load(40_000, 1)[SPIKE]
    some = slice(GONE.start - BEFORE, GONE.start - BEFORE + FILLED)
    assert by[some] == ["eia"] * FILLED
    assert mine["source"].to_pylist()[some] == [None] * FILLED
    assert by[EMPTY - BEFORE] == "regression_kriging"
    truth = load(40_000, 1)[BEFORE : OUT.start]
    filled = pc.coalesce(mine["estimate"], mine["value"]).to_numpy()
    assert (np.abs(filled - truth) / truth).max() < 0.1


def test_a_doubtful_figure_of_eia_s_is_not_taken(tmp_path: Path) -> None:
    some = {key: dict(kinds) for key, kinds in erco().items()}
    values, _, eia = some["region-data", "ERCO"]["D"]
    assert eia is not None
    eia[SPIKE] = values[SPIKE]
    storage, groups = write(tmp_path, some)
    done = list(estimated(storage, groups, screening=SCREENING))
    (account,) = (one for one in done[0].series if one.kind == "D")
    assert account.estimates == {"eia": FILLED, "regression_kriging": GONE.stop - GONE.start - FILLED + 4}


def test_only_files_that_need_it_are_written_again_and_the_account_says_how_many(
    before: tuple[Storage, list[GroupReport]], after: list[GroupReport]
) -> None:
    changed = [
        new.files[0].path
        for old, new in zip(before[1], after, strict=True)
        if old.files[0].sha256 != new.files[0].sha256
    ]
    assert changed == [
        f"tidy/{route}/respondent=ERCO/part-00000.parquet" for route in ("region-data", "region-sub-ba-data")
    ]
    counts = {one.series_id: one.estimates for group in after for one in group.series if one.estimated}
    assert counts == {
        ERCO: {"eia": 3 + FILLED, "regression_kriging": GONE.stop - GONE.start - FILLED + 1},
        "EBA.ERCO-COAS.D.H": {"regression_kriging": 1},
    }
    for old, new in zip(before[1], after, strict=True):
        assert (old.kept, old.received) == (new.kept, new.received)
        assert new.files[0].rows - old.files[0].rows in (0, 1, GONE.stop - GONE.start - FILLED)


def test_the_same_bytes_in_any_order_and_over_what_was_estimated_before(
    before: tuple[Storage, list[GroupReport]], after: list[GroupReport], tmp_path: Path
) -> None:
    storage, _ = before
    want = {group.files[0].path: group.files[0].sha256 for group in after}
    again = list(estimated(storage, after[::-1], screening=SCREENING))
    assert {group.files[0].path: group.files[0].sha256 for group in again} == want
    other, groups = write(tmp_path / "other", dict(list(erco().items())[::-1]))
    fresh = list(estimated(other, groups, screening=SCREENING))
    assert {group.files[0].path: group.files[0].sha256 for group in fresh} == want


def test_whoever_reads_the_record_does_not_meet_the_added_rows(
    before: tuple[Storage, list[GroupReport]], after: list[GroupReport]
) -> None:
    file = after[0].files[0]
    (mine,) = (rows for rows in read_tidy(before[0], file, ("source",)) if rows.series_id == ERCO)
    assert len(mine.hour) == HOURS - BEFORE - (GONE.stop - GONE.start) - (OUT.stop - OUT.start)
    assert mine.more["source"].null_count == 0
    (whole,) = (rows for rows in read_tidy(before[0], file, ("estimate",), all_rows=True) if rows.series_id == ERCO)
    assert len(whole.hour) == HOURS - BEFORE - (OUT.stop - OUT.start)
    assert np.isnan(whole.value).sum() == GONE.stop - GONE.start + 1


@pytest.mark.parametrize("ends", [slice(None), slice(None, None, -1)], ids=["end", "begin"])
def test_whether_a_figure_of_eia_is_trusted_does_not_depend_on_how_far_other_series_go(
    tmp_path: Path, ends: slice
) -> None:
    """Figures that are doubtful themselves, near an end of their series, must not take the good ones with them."""
    at = np.arange(500)
    eia = np.round(1000 + 200 * np.sin(at * np.pi / 12))
    values, row, bad = eia.copy(), np.ones(500, bool), 499 - np.array([4, 9, 15, 22])
    values[470:499], row[470:499] = np.nan, False
    eia[bad] = 0
    given: Given = {("region-data", "ERCO"): {"D": (values[ends].copy(), row[ends].copy(), eia[ends].copy())}}
    storage, (group,) = write(tmp_path, given)
    told = []
    for more in (0, 1000):
        frame = Frame(FIRST - more, FIRST + 499 + more)
        keys = [SeriesKey(ROUTES["region-data"], "ERCO", "D")]
        told.append(gathered(storage, keys, [group.files[0]], frame, screening=SCREENING).eia[0])
    assert np.isnan(told[1]).sum() == len(bad)
    assert np.array_equal(told[0], told[1], equal_nan=True)
