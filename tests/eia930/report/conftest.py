# SPDX-License-Identifier: Apache-2.0
"""A folder with its page, written once for the tests that only read."""

from pathlib import Path

import pytest

from eia930.report.build import write_page
from eia930.store.storage import Storage
from tests.eia930.report.folder import write_folder


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two regions, with its page."""
    path = write_folder(tmp_path_factory.mktemp("report") / "output")
    write_page(Storage.at(str(path)))
    return path
