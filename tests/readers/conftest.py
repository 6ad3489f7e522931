# SPDX-License-Identifier: Apache-2.0
"""The load that everybody reads here; `tests.readers.making` makes it."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def beside() -> Path:
    """A folder with `data/`, as a load leaves it."""
    folder = ROOT / "build/readers"
    if not (folder / "data/_SUCCESS").exists():
        pytest.skip("no load for the readers")
    return folder
