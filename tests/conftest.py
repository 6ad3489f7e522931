# SPDX-License-Identifier: Apache-2.0
"""What every test may ask for."""

import os
from pathlib import Path
from typing import NoReturn

import pytest


def lacking(reason: str) -> NoReturn:
    """Skip a test for want of a program that its machine may lack; but CI installs them all, so there it fails."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason}: CI should have installed it")
    pytest.skip(reason)


RECORDED = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "recorded"


@pytest.fixture(scope="session")
def recorded() -> Path:
    """The folder of recorded real rows and responses; tests that need it skip where it is absent."""
    if not RECORDED.is_dir():
        pytest.skip(f"no recorded EIA rows beside this checkout ({RECORDED.name} folder is absent)")
    return RECORDED
