# SPDX-License-Identifier: Apache-2.0
"""An empty folder, and rows of four months without defects, for tests of what is asked and stored."""

from pathlib import Path

import pytest

from eia930.emulator import RowSource, synthetic
from eia930.reference.hours import parse_hour
from eia930.store.storage import Storage


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage.at(str(tmp_path / "out"))


@pytest.fixture(scope="module")
def rows() -> RowSource:
    return synthetic(now=parse_hour("2019-06-01T00"), defects=False)
