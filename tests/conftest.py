# SPDX-License-Identifier: Apache-2.0
"""What every test may ask for."""

from pathlib import Path

import pytest

RECORDED = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "recorded"


@pytest.fixture(scope="session")
def recorded() -> Path:
    """The folder of recorded real rows and responses; tests that need it skip where it is absent."""
    if not RECORDED.is_dir():
        pytest.skip(f"no recorded EIA rows beside this checkout ({RECORDED.name} folder is absent)")
    return RECORDED
