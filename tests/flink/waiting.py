# SPDX-License-Identifier: Apache-2.0
"""Waiting for something to come true, no longer than needed."""

import time
from collections.abc import Callable


def soon(true: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Whether `true()` came within `seconds`. Once it came, nobody looks again."""
    deadline = time.monotonic() + seconds
    while not (came := true()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return came
