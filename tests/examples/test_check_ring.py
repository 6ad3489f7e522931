# SPDX-License-Identifier: Apache-2.0
"""Ring attention on the reader's slices is full attention on the window, on eight devices."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ringdata.orders import ORDERS

CHECKED = [order for order in ORDERS if order != "stripe"]


@pytest.fixture(scope="module")
def rows(run: Callable[..., Any], panel: Path) -> list[dict[str, Any]]:
    done = run("check_ring.py", str(panel), "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("order", CHECKED)
@pytest.mark.parametrize("case", [0, 1], ids=["as observed", "more missing"])
@pytest.mark.parametrize("what", ["forward", "gradient_q", "gradient_k", "gradient_v"])
def test_ring_is_full_attention(rows: list[dict[str, Any]], order: str, case: int, what: str) -> None:
    row = [row for row in rows if row["order"] == order][case]
    assert row["ring"] == 8
    assert row["tokens"] == 1024
    assert 0 <= row[what] <= 1e-5
    assert row["missing"] >= (0.25, 0.5)[case]  # two of eight slots hold no series
