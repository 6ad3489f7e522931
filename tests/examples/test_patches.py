# SPDX-License-Identifier: Apache-2.0
"""Patches of a slice are patches of the window, whole labels and all; the calendar is the local one."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from ringtrain import calendar
from ringtrain.patches import Patches

from ringdata import RingBlocks, hour

CUT = Patches(24, 8, (0, 2, 4))
DAYS = 32


def blocks(panel: Path, **options: object) -> RingBlocks:
    return RingBlocks(panel, split="train", context=DAYS * 24 * 8, stride=8, horizon=24, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("order", ["zigzag", "contiguous"])
@pytest.mark.parametrize("ring", [1, 2, 8])
def test_a_label_is_the_day_after_whichever_rank_holds_it(panel: Path, order: str, ring: int) -> None:
    whole = CUT.cut(blocks(panel)[5])
    parts = [CUT.cut(blocks(panel, order=order, ring_size=ring, ring_rank=rank)[5]) for rank in range(ring)]
    together = {name: np.concatenate([part[name] for part in parts]) for name in whole}
    back = np.lexsort((together["slot"], together["position"]))
    assert all(np.array_equal(together[name][back], whole[name]) for name in whole)
    value, target = (whole[name].reshape(DAYS, 3, 24) for name in ("value", "target"))
    assert np.array_equal(target[:-1], value[1:])
    assert (np.diff(whole["position"].reshape(DAYS, 3)[:, 0]) == 24).all()
    assert whole["loss_mask"][-3:].any(axis=1).all()  # the window's last day has its labels too


@pytest.mark.parametrize("order", ["zigzag", "contiguous"])
def test_what_is_published_ahead_of_a_day_is_the_forecast_of_the_day_after(panel: Path, order: str) -> None:
    demand, published = Patches(24, 8, (0, 2, 4)), Patches(24, 8, (1, 3, 5))
    truth = published.cut(blocks(panel)[5])
    ranks = [blocks(panel, order=order, ring_size=4, ring_rank=rank, ahead=24)[5] for rank in range(4)]
    tokens = [demand.cut(item) for item in ranks]
    together = {name: np.concatenate([part[name] for part in tokens]) for name in ("position", "slot")}
    back = np.lexsort((together["slot"], together["position"]))
    for name, wanted in (("ahead_value", "target"), ("ahead_observed", "loss_mask")):
        held = np.concatenate([published.tokens(item[name]) for item in ranks])
        assert np.array_equal(held[back], truth[wanted])
        assert not any(demand.tokens(item[name]).any() for item in ranks)


def test_the_page_reads_a_slice_as_it_says(panel: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parent.parent.parent / "docs" / "training.md").read_text("utf-8")
    code = page.partition("```python\n")[2].partition("```")[0]
    assert "data/blocks/panel" in code
    exec(code.replace("data/blocks/panel", str(panel)), {})
    assert "(4, 24, 8) (4, 24, 8)" in capsys.readouterr().out


def test_a_patch_holds_the_hours_of_one_series(panel: Path) -> None:
    item = blocks(panel)[0]
    tokens = CUT.cut(item)
    one = (item["slot"] == 2) & (item["position"] // 24 == item["position"][0] // 24 + 3)
    first = item["position"][one][0]
    row = (tokens["slot"] == 1) & (tokens["position"] <= first) & (first < tokens["position"] + 24)
    start = first - tokens["position"][row][0]
    assert np.array_equal(tokens["value"][row][0][start:], item["value"][one][: 24 - start])


@pytest.mark.parametrize(
    ("day", "off"),
    [
        (date(2019, 1, 1), True),
        (date(2019, 1, 2), False),
        (date(2019, 1, 21), True),
        (date(2019, 5, 27), True),
        (date(2019, 5, 20), False),
        (date(2019, 9, 2), True),
        (date(2019, 11, 28), True),
        (date(2019, 11, 29), True),
        (date(2019, 11, 21), False),
        (date(2018, 11, 22), True),
        (date(2019, 12, 25), True),
    ],
)
def test_holidays(day: date, off: bool) -> None:  # noqa: FBT001
    assert calendar.holiday(day) is off


def test_the_clock_is_the_local_one_on_both_sides_of_a_change() -> None:
    # Hour ending 05 UTC begins at 04 UTC: 23 h in New York in winter, and 04 + 1 begins its day.
    winter, summer = (calendar.features(hour(text), "America/New_York") for text in ("2019-01-02T06", "2019-07-03T05"))
    assert winter[11:13] == summer[11:13] == (0.0, 1.0)  # midnight
    assert winter[:7] == summer[:7] == (0, 0, 1, 0, 0, 0, 0)  # Wednesdays
    assert len(winter) == calendar.FEATURES
    assert summer[13:] == (0, 0, 1)  # the day before the Fourth of July
