# SPDX-License-Identifier: Apache-2.0
"""Whose hours an output may hold: one publisher's, under whichever of its names."""

from itertools import permutations
from pathlib import Path

import pytest

from eia930.errors import UsageError
from eia930.store.keys import ORIGIN
from eia930.store.manifest import MANIFEST
from eia930.store.origin import EMULATED, claim, is_synthetic, origin_of
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


@pytest.mark.parametrize("held", ["raw/eia/a", "raw/files/a", "raw/of-another-source/a", "tidy/a"])
@pytest.mark.parametrize("said", [None, b"", b"\n"])
def test_hours_of_nobody_knows_whom_are_nobodys(storage: Storage, held: str, said: bytes | None) -> None:
    storage.put(held, b"hours")
    if said is not None:
        storage.put(ORIGIN, said)
    for mine in (API, EMULATED):
        with pytest.raises(UsageError, match="no raw/origin says whose"):
            claim(storage, mine)


@pytest.mark.parametrize(
    "key", ["eia/region-data/facets/type.20240101T000000Z.json.zst", "asked/a", "run/a", "cut/a/0", "checked/a"]
)
def test_lists_of_codes_and_what_a_load_remembers_are_no_hours(storage: Storage, key: str) -> None:
    storage.put(f"raw/{key}", b"lists")
    claim(storage, API)
    assert origin_of(storage) == API


@pytest.mark.parametrize("there", [ORIGIN, "raw/run/origin"])
def test_it_goes_where_the_answers_go(storage: Storage, there: str) -> None:
    storage.put("raw/eia/a", b"hours")
    storage.put(there, EMULATED.encode())
    with pytest.raises(UsageError, match="holds hours of the emulator, not of"):
        claim(storage, API)
    claim(storage, EMULATED)
    assert storage.get(ORIGIN).decode() == EMULATED


def test_files_say_whose_they_are_without_their_answers(storage: Storage) -> None:
    storage.put(MANIFEST, b'{"files": [], "origin": "the emulator"}')
    assert is_synthetic(storage)
    with pytest.raises(UsageError, match="holds hours of the emulator, not of"):
        claim(storage, API)
    storage.put(ORIGIN, API.encode())
    for mine in (API, EMULATED):
        with pytest.raises(UsageError, match="holds hours of"):
            claim(storage, mine)
    assert origin_of(storage) == API
