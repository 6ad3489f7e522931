# SPDX-License-Identifier: Apache-2.0
"""What the model is held against knows what the model knows: nothing of the day, and its published forecast alone."""

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from ringtrain.boosting import Boosted
from ringtrain.record import DailyRecord, read_record
from ringtrain.rivals import METHODS, Ridge, quantiles_of

from ringdata import hour

AREAS = ("NYIS", "ERCO")


@pytest.fixture(scope="module")
def record(panel: Path) -> DailyRecord:
    return read_record(str(panel), AREAS, begins=hour("2019-03-01T06"))


def test_days_are_those_of_the_splits(record: DailyRecord) -> None:
    for split in ("train", "validation", "test"):
        begin, end = record.layout.cuts.hours(split)
        days = record.within(split)
        assert (record.first[days] >= begin).all()
        assert (record.first[days] + 24 <= end).all()
        assert record.seen[days].mean() > 0.9
    assert (record.first % 24 == hour("2019-03-01T06") % 24).all()


@pytest.mark.parametrize("name", METHODS)
def test_nothing_of_the_day_itself_is_used(record: DailyRecord, name: str) -> None:
    if "LightGBM" in name and find_spec("lightgbm") is None:
        pytest.skip("lightgbm is not installed; make test-ml")
    day = int(record.within("test")[40])
    rng = np.random.default_rng(0)
    demand, seen, published = record.demand.copy(), record.seen.copy(), record.published.copy()
    demand[day:] = rng.normal(0, 9, demand[day:].shape)
    seen[day:] = rng.random(seen[day:].shape) > 0.5
    published[day + 1 :] = rng.normal(0, 9, published[day + 1 :].shape)
    other = replace(record, demand=demand, seen=seen, published=published)
    for place in range(len(AREAS)):
        here, there = (METHODS[name](one, place) for one in (record, other))
        np.testing.assert_array_equal(here[: day + 1], there[: day + 1])
        one, two = (quantiles_of(here, each, place) for each in (record, other))
        np.testing.assert_array_equal(one[:, : day + 1], two[:, : day + 1])
        assert (np.diff(one, axis=0) >= 0).all()
    assert not np.array_equal(METHODS["day before"](record, 0)[day + 1], METHODS["day before"](other, 0)[day + 1])


@pytest.mark.parametrize("kind", [Ridge, Boosted])
def test_a_line_is_found_again(record: DailyRecord, kind: type[Ridge] | type[Boosted]) -> None:
    """Where demand is what is published, the method that has it finds it."""
    if kind is Boosted and find_spec("lightgbm") is None:
        pytest.skip("lightgbm is not installed; make test-ml")
    same = replace(record, published=record.demand, known=record.seen)
    days = record.within("test")
    error = np.abs(kind(1, published=True)(same, 0) - record.demand[:, 0])[days][record.seen[days, 0]]
    plain = np.abs(kind(1)(same, 0) - record.demand[:, 0])[days][record.seen[days, 0]]
    assert error.mean() < 0.5 * plain.mean()
