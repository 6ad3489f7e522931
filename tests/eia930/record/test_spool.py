# SPDX-License-Identifier: Apache-2.0
"""What is kept comes back to the bit, in any order; nothing can write through it; no descriptor stays open."""

import gc
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eia930.errors import StorageError
from eia930.record.spool import Spool

ROWS, HOURS = 7, 700


@given(order=st.permutations(range(ROWS)), seed=st.integers(0, 9))
def test_what_is_kept_comes_back_to_the_bit(order: list[int], seed: int) -> None:
    made = np.random.default_rng(seed).normal(size=(ROWS, HOURS))
    made[:, 3] = np.nan
    spool = Spool(ROWS, HOURS)
    for row in order:
        spool.put(row, made[row])
    for row in order:
        for values in (spool.get(row), spool.rows[row]):
            assert values.tobytes() == made[row].tobytes()
            assert not values.flags.writeable


def test_no_file_stays_open() -> None:
    before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0
    for _ in range(5):
        Spool(1, 10).put(0, np.zeros(10))
    gc.collect()
    assert before == (len(os.listdir("/proc/self/fd")) if before else 0)


def test_no_room_is_one_line_that_names_the_folder() -> None:
    """A limit on the size of files stands for a full disk."""
    resource = pytest.importorskip("resource", reason="limits are a matter of Unix")

    limits, heeded = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8_192, limits[1]))
    try:
        with pytest.raises(StorageError, match=r"cannot keep series in .*TMPDIR"):
            Spool(1, 10_000).put(0, np.zeros(10_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, heeded)
