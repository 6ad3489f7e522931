# SPDX-License-Identifier: Apache-2.0
"""Responses in archives: the same ones under the same names, whatever is cut off, flipped, or put back."""

import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eia930.question.span import Span
from eia930.reference.hours import moment_of
from eia930.sources.api.folds.archive import Packed, archive, contents, directory, salvaged
from eia930.sources.api.folds.folding import LEAST, fold, fold_all, without
from eia930.sources.api.folds.held import Held
from eia930.sources.api.folds.shelf import Shelf, packed_bytes
from eia930.sources.api.responses import ResponseStore, held_in, load, load_verbatim
from eia930.store.storage import Storage
from tests.eia930.making import FIRST, answer, row, triples, window

FOLDER = "raw/eia/region-data/PACW"
PACW = Span("region-data", "PACW", FIRST, FIRST + 4000)
AGES = LEAST + 8


STEPS = sorted({*range(5), *range(5, 2 * AGES, 9), *range(AGES - 1, AGES + 4), 3 * AGES})
"""Where it is killed: removals are alike."""


def then() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=5)


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return kept_up(Storage.at(str(tmp_path)))


def kept_up(storage: Storage, *, since: int = 0, updates: int = AGES) -> Storage:
    """Hour after hour the ten last ones; the first answer is a settled one, of a plain name."""
    store = ResponseStore(storage, settle_hours=240)
    if since == 0:
        store.put(answer(window(), [row(0, value="9")]))
    for hour in range(since, since + updates):
        at = moment_of(FIRST + hour) + timedelta(minutes=40)
        rows = [row(one, value=str(100 * one + hour)) for one in range(max(0, hour - 9), hour + 1)]
        store.put(answer(window(max(0, hour - 9), hour), rows, at=at))
    return storage


def told(storage: Storage) -> dict[str, tuple[bytes, datetime]]:
    """All that is stored, wherever it lies."""
    held = held_in(storage, "region-data", "PACW")
    return {one.key: (packed_bytes(storage, one), one.modified) for one in held}


def objects(storage: Storage) -> list[str]:
    return [entry.key.rsplit("/", 1)[-1] for entry in storage.list(FOLDER)]


def folded(storage: Storage) -> None:
    """As two runs leave it: the second one removes what the first has put together."""
    for _ in range(2):
        fold(storage, FOLDER, before=then())


def read(storage: Storage) -> list[Any]:
    held = held_in(storage, "region-data", "PACW")
    return [(one.name, one.at, triples(one.columns)) for one in (load(storage, h, "region-data", "PACW") for h in held)]


def test_what_is_folded_is_what_it_was(storage: Storage) -> None:
    before, columns = told(storage), read(storage)
    held = held_in(storage, "region-data", "PACW")
    fold(storage, FOLDER, before=then())
    assert len(objects(storage)) == AGES + 2
    assert told(storage) == before
    fold(storage, FOLDER, before=then())
    (only,) = objects(storage)
    assert only.startswith(f"folded.{AGES + 1}.")
    assert told(storage) == before
    np.testing.assert_equal(read(storage), columns)
    assert [replace(one, place=None) for one in held_in(storage, "region-data", "PACW")] == held
    some = list(load_verbatim(storage, list(before), "region-data", "PACW"))
    assert sorted(key for key, *_ in some) == sorted(before)
    assert all(len(rows) == told_columns.received for _, told_columns, rows in some)


def test_an_archive_is_a_zip_of_the_very_files(storage: Storage) -> None:
    before = told(storage)
    folded(storage)
    with zipfile.ZipFile(io.BytesIO(storage.get(f"{FOLDER}/{objects(storage)[0]}"))) as opened:
        assert opened.testzip() is None
        assert {f"{FOLDER}/{name}": opened.read(name) for name in opened.namelist()} == {
            key: data for key, (data, _) in before.items()
        }


def test_little_is_left_as_it_is_and_so_is_what_this_run_wrote(storage: Storage, tmp_path: Path) -> None:
    before = objects(storage)
    fold(storage, FOLDER, before=datetime.now(UTC) - timedelta(hours=1))
    assert objects(storage) == before
    few = kept_up(Storage.at(str(tmp_path / "few")), updates=LEAST - 2)
    before = objects(few)
    folded(few)
    assert objects(few) == before


def test_archives_stay_few(storage: Storage) -> None:
    for since in range(AGES, 12 * AGES, AGES):
        kept_up(storage, since=since)
        folded(storage)
    assert len(objects(storage)) <= 4
    assert len(told(storage)) == 12 * AGES + 1


def test_two_answers_never_have_one_name(storage: Storage) -> None:
    """Also where the first lies in an archive: the second would hide it."""
    folded(storage)
    names = frozenset(told(storage))
    key = ResponseStore(storage, settle_hours=240).put(answer(window(), [row(0, value="10")]))
    assert key not in names
    assert len(told(storage)) == len(names) + 1


def test_what_moves_while_it_is_read_is_found(storage: Storage) -> None:
    before, held = told(storage), held_in(storage, "region-data", "PACW")
    folded(storage)
    assert {one.key: packed_bytes(storage, one) for one in held} == {key: data for key, (data, _) in before.items()}
    held = held_in(storage, "region-data", "PACW")
    kept_up(storage, since=AGES)
    folded(storage)
    assert {one.key: packed_bytes(storage, one) for one in held} == {key: data for key, (data, _) in before.items()}


def test_what_a_backup_brings_back_goes_again(storage: Storage) -> None:
    before = told(storage)
    copies = {key: data for key, (data, _) in before.items()}
    folded(storage)
    (first,) = objects(storage)
    archived = storage.get(f"{FOLDER}/{first}")
    kept_up(storage, since=AGES)
    folded(storage)
    after = told(storage)
    (larger,) = objects(storage)
    for key, data in copies.items():
        storage.put(key, data)
    storage.put(f"{FOLDER}/{first}", archived)
    assert {key: data for key, (data, _) in told(storage).items()} == {key: data for key, (data, _) in after.items()}
    fold(storage, FOLDER, before=then())
    assert objects(storage) == [larger]


def test_another_answer_of_the_same_name_is_not_removed(storage: Storage) -> None:
    folded(storage)
    (fold_key,) = objects(storage)
    key = next(iter(told(storage)))
    storage.put(key, b"another")
    folded(storage)
    assert storage.get(key) == b"another"
    assert fold_key in objects(storage)


@dataclass(frozen=True)
class Cut(Storage):
    """A storage whose host dies before its n-th change."""

    left: list[int] = field(default_factory=list, compare=False)

    def put(self, key: str, data: bytes | memoryview) -> None:
        self._step()
        super().put(key, data)

    def delete(self, *keys: str) -> None:
        for key in keys:
            self._step()
            super().delete(key)

    def _step(self) -> None:
        self.left[0] -= 1
        if self.left[0] < 0:
            raise SystemExit("killed")


@pytest.mark.parametrize("damaged", [False, True])
def test_killed_before_any_step_nothing_is_lost(tmp_path: Path, *, damaged: bool) -> None:
    """Neither of what is folded and removed, nor of an archive that is written anew without what is damaged in it."""
    whole = Storage.at(str(tmp_path / "whole"))
    kept_up(whole)
    folded(whole)
    kept_up(whole, since=AGES)
    before = told(whole)
    if damaged:
        spoil(whole)
        del before[f"{FOLDER}/{bad(whole).name}"]
    for step in STEPS:
        place = tmp_path / str(step)
        copy = Cut(Storage.at(str(place)).url, [10**6])
        for entry in whole.list(""):
            copy.put(entry.key, whole.get(entry.key))
        copy.left[0] = step
        ended = False
        try:
            for _ in range(3):
                mend(copy)
                fold(copy, FOLDER, before=then())
            ended = True
        except SystemExit:
            assert {key: data for key, (data, _) in told(copy).items()}.items() >= {
                key: data for key, (data, _) in before.items()
            }.items()
        again = Storage.at(str(place))
        for _ in range(3):
            mend(again)
            fold(again, FOLDER, before=then())
        assert {key: data for key, (data, _) in told(again).items()} == {key: d for key, (d, _) in before.items()}
        assert len(objects(again)) == 1
        if ended:
            return
    pytest.fail("it never came to an end")


def mend(storage: Storage) -> None:
    """As a fetch does before it asks."""
    shelf = Shelf.of(storage, FOLDER)
    spoiled = [one for one in shelf.held() if one.place and not good(storage, one)]
    if spoiled or not all(one.whole for one in shelf.folds):
        without(storage, shelf, spoiled)


def good(storage: Storage, one: Held) -> bool:
    try:
        load(storage, one, "region-data", "PACW")
    except Exception:
        return False
    return True


def bad(storage: Storage) -> Held:
    (found,) = (one for one in Shelf.of(storage, FOLDER).held() if one.place and not good(storage, one))
    return found


def spoil(storage: Storage) -> None:
    """One byte amid the first response of the archive."""
    (fold_one,) = Shelf.of(storage, FOLDER).folds
    data = bytearray(storage.get(fold_one.entry.key))
    first = fold_one.members[0]
    data[first.begin + first.size // 2] ^= 1
    storage.put(fold_one.entry.key, bytes(data))


MOMENT = datetime(2026, 11, 29, 4, 5, 6, 789000, tzinfo=UTC)
SMALL = {f"2023-01-01T0{n}_2023-01-02T00.json.zst": Packed(bytes([n]) * (5 + 7 * n), MOMENT) for n in range(4)}


def members(data: bytes) -> dict[str, Packed]:
    found = directory(lambda first, length: data[max(0, first) : max(0, first + length)], len(data))
    return contents(data, salvaged(data) if found is None else found)


def each(change: Callable[[bytes, int], bytes]) -> Iterator[dict[str, Packed]]:
    data = archive(SMALL)
    assert members(data) == SMALL
    for place in range(len(data)):
        yield members(change(data, place))


def test_a_flipped_byte_loses_one_at_most_and_changes_none() -> None:
    for found in each(lambda data, place: data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1 :]):
        same = [name for name, one in found.items() if name in SMALL and one.data == SMALL[name].data]
        assert len(same) >= len(SMALL) - 1
        # The moment, by which alone it is known when the directory is damaged, is told to two seconds there.
        assert all(abs(found[name].modified - MOMENT) <= timedelta(seconds=2) for name in same)
        assert all(one.data in [other.data for other in SMALL.values()] for one in found.values())


def test_of_a_cut_archive_what_is_whole_is_had() -> None:
    sizes = [len(found) for found in each(lambda data, place: data[:place])]
    assert sizes == sorted(sizes)
    assert (sizes[0], sizes[-1]) == (0, len(SMALL))


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_what_is_no_archive_has_nothing(data: bytes) -> None:
    assert members(data) == {}


def test_whoever_is_asked_to_stop_leaves_the_rest(storage: Storage) -> None:
    class Stopped(Exception):
        pass

    def tick() -> None:
        raise Stopped

    before = told(storage)
    with pytest.raises(Stopped):
        fold_all(storage, [FOLDER], before=then(), tick=tick)
    assert told(storage) == before
