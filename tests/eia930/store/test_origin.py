# SPDX-License-Identifier: Apache-2.0
"""Whose hours an output may hold: one publisher's, under whichever of its names."""

from itertools import permutations
from pathlib import Path

import pytest

from eia930.errors import UsageError
from eia930.store.origin import EMULATED, claim, is_synthetic
from eia930.store.storage import Storage

API, FILES, OTHER = "api.eia.gov", "www.eia.gov", "127.0.0.1"


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage.at(str(tmp_path))


@pytest.mark.parametrize(("first", "then"), [*permutations([API, FILES]), (API, API), (EMULATED, EMULATED)])
def test_one_publisher_under_two_names_stands_in_one_output(storage: Storage, first: str, then: str) -> None:
    claim(storage, first)
    claim(storage, then)
    claim(storage, first, then)
    assert is_synthetic(storage) == (first == EMULATED)


@pytest.mark.parametrize(("first", "then"), list(permutations([API, EMULATED, OTHER], 2)))
def test_two_publishers_do_not(storage: Storage, first: str, then: str) -> None:
    claim(storage, first)
    with pytest.raises(UsageError, match=f"holds hours of {first}, not of {then}"):
        claim(storage, then)
    with pytest.raises(UsageError, match="choose another --output"):
        claim(storage, first, then)
