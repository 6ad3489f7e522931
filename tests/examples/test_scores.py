# SPDX-License-Identifier: Apache-2.0
"""Every day of a split that a window can score is scored once, up to its last."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples.conftest import LAST

pytest.importorskip("jax", reason="jax is not installed; pip install '.[jax]'")

from ringtrain.scores import Days, windows_of


@given(st.integers(1, 400), st.integers(1, 150))
def test_windows_have_each_day_once(starts: int, scored: int) -> None:
    """A window that begins on day n scores those from n on, so many."""
    found = [day for place, new in windows_of(starts, scored) for day in range(place + scored - new, place + scored)]
    assert found == list(range(starts - 1 + scored))


def test_the_last_days_of_a_window() -> None:
    shape = (5, 2, 24)
    numbers = np.arange(5 * 2 * 24, dtype=np.float32).reshape(shape)
    days = Days(1_000, numbers, np.stack([numbers] * 4), np.stack([numbers] * 9), numbers > 0)
    part = days.last(2)
    assert part.first_hour == 1_000 + 3 * 24
    assert np.array_equal(part.demand, numbers[3:])
    assert part.methods.shape == (4, 2, 2, 24)
    assert part.quantiles.shape == (9, 2, 2, 24)
    assert part.scored.all()


def test_the_figures_reach_to_the_end_of_the_split(run: Callable[..., Any], panel: Path, tmp_path: Path) -> None:
    """To its last day, or the one before: a day begins at 05:00 UTC."""
    done = run("train_ring.py", str(panel), "--days=48", "--steps=1", "--devices=2", f"--images={tmp_path}")
    assert done.returncode in (0, 1), done.stderr
    last = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(hours=LAST)
    (ended,) = re.findall(r"\d{4}-\d\d-\d\d to (\d{4}-\d\d-\d\d),", done.stdout)
    assert last - timedelta(days=2) < datetime.fromisoformat(ended).replace(tzinfo=UTC) <= last
