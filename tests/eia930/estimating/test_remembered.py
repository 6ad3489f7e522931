# SPDX-License-Identifier: Apache-2.0
"""What is remembered of a window is what would be made: the same bytes as from nothing, whatever changed since."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from eia930.estimating.causal.filling import Standing
from eia930.estimating.causal.filling import filled as filled_before
from eia930.estimating.filling import Gathered, filled
from eia930.estimating.output import estimated
from eia930.estimating.remembered import QUARTERS, YEARS, Remembered
from eia930.store.storage import Storage
from tests.eia930.estimating.outputs import SCREENING, Given, write
from tests.eia930.estimating.outputs import load as loaded
from tests.eia930.estimating.test_demand import DEMAND, FIRST, FORECAST, HOURS

Real = NDArray[np.float64]
SOME = HOURS - 2000
"""Into the last of four years."""


def of_both(demand: Real, forecast: Real) -> tuple[Gathered, Standing]:
    barred, wanted = np.zeros((len(demand),) * 2, bool), [np.flatnonzero(np.isnan(row)) for row in demand]
    eia = [np.full(one.size, np.nan) for one in wanted]
    return (
        Gathered(first=FIRST, demand=demand, forecast=forecast, wanted=wanted, eia=eia, barred=barred),
        Standing(first=FIRST, demand=demand, forecast=forecast, barred=barred),
    )


def told(demand: Real, forecast: Real, storage: Storage | None) -> list[bytes]:
    """All estimates and fills, by whoever remembers in `storage`, or by nobody."""
    every, before = of_both(demand, forecast)
    ours = filled(every) if storage is None else filled(every, Remembered(storage, YEARS, every))
    fills = filled_before(before) if storage is None else filled_before(before, Remembered(storage, QUARTERS, before))
    return [
        *(part.tobytes() for one in ours for part in (one.hour, one.value, one.by)),
        *(part.tobytes() for one in fills for part in (one.hour, one.value)),
    ]


def held(storage: Storage) -> dict[str, bytes]:
    return {entry.key: storage.get(entry.key) for entry in storage.list("raw")}


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Storage:
    storage = Storage.at(str(tmp_path_factory.mktemp("known")))
    told(DEMAND[:, :SOME], FORECAST[:, :SOME], storage)
    return storage


@settings(max_examples=6, deadline=None)
@given(
    whose=st.sampled_from(["demand", "forecast"]),
    more=st.integers(0, 30),
    changed=st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, SOME - 1), st.sampled_from([np.nan, 900.0, 4321.0])), max_size=3
    ),
)
def test_the_same_bytes_as_from_nothing_whatever_changed(
    before: Storage, whose: str, more: int, changed: list[tuple[int, int, float]]
) -> None:
    demand, forecast = DEMAND[:, : SOME + more].copy(), FORECAST[:, : SOME + more].copy()
    for row, hour, value in changed:
        {"demand": demand, "forecast": forecast}[whose][row, hour] = value
    assert told(demand, forecast, before) == told(demand, forecast, None)


def test_an_hour_more_makes_two_years_and_one_quarter_anew(tmp_path: Path) -> None:
    storage, demand = Storage.at(str(tmp_path)), DEMAND.copy()
    demand[0, SOME - 5] = np.nan
    told(demand[:, :SOME], FORECAST[:, :SOME], storage)
    was = held(storage)
    assert sum(key.startswith(YEARS) for key in was) == 4
    told(demand[:, : SOME + 1], FORECAST[:, : SOME + 1], storage)
    now = held(storage)
    anew = {f"{YEARS}/2020-01", f"{YEARS}/2021-01", f"{QUARTERS}/2021-10"}
    assert {key for key in now if now[key] != was[key]} == anew


def test_what_is_damaged_or_gone_is_made_anew(tmp_path: Path) -> None:
    storage, demand, forecast = Storage.at(str(tmp_path)), DEMAND[:, :9000], FORECAST[:, :9000]
    first = told(demand, forecast, storage)
    was = held(storage)
    for number, (key, data) in enumerate(was.items()):
        storage.put(key, (data[:-1], data[:-9] + b"x" + data[-8:], b"")[number % 3])
    assert told(demand, forecast, storage) == first
    assert held(storage) == was


def test_files_of_an_output_are_those_of_a_load_from_nothing(tmp_path: Path) -> None:
    def area(code: str, level: float, seed: int, hours: int) -> Given:
        values, rows = loaded(level, seed, 26_000)[:hours], np.ones(hours, bool)
        values[[500, 501, 9000, 20_000 + seed, 25_500]] = np.nan
        ahead = loaded(level, seed + 50, 26_000)[:hours]
        return {("region-data", code): {"D": (values, rows, None), "DF": (ahead, rows, None)}}

    def areas(hours: int) -> Given:
        return {**area("ERCO", 40_000, 1, hours), **area("PACW", 3000, 2, hours)}

    def load(folder: Path, hours: int) -> dict[str, str]:
        storage, groups = write(folder, areas(hours))
        return {group.files[0].path: group.files[0].sha256 for group in estimated(storage, groups, screening=SCREENING)}

    first = load(tmp_path / "one", 25_800)
    was = held(Storage.at(str(tmp_path / "one")))
    more = load(tmp_path / "one", 25_801)
    assert first != more == load(tmp_path / "other", 25_801)
    now = held(Storage.at(str(tmp_path / "one")))
    kept = [key for key in was if key.startswith(YEARS) and was[key] == now[key]]
    assert kept == [f"{YEARS}/2023-03", f"{YEARS}/2024-01"]
