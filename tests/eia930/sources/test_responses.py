# SPDX-License-Identifier: Apache-2.0
import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eia930.errors import Garbled, Refused, Unordered
from eia930.question.span import Span
from eia930.reference.hours import hour_of, moment_of, stamp
from eia930.reference.routes import PAGE
from eia930.sources.api.folds.held import Held
from eia930.sources.api.responses import Answer, ResponseStore, held_in, load, opens, read_answer, unpack
from eia930.sources.api.stock.checked import ROOT, Checked
from eia930.store.storage import Storage
from tests.eia930.making import FIRST, LATER, answer, body, row, triples, window

PACW = Span("region-data", "PACW", FIRST, FIRST + 200)
one_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture
def store(storage: Storage) -> ResponseStore:
    return ResponseStore(storage, settle_hours=240)


def full(hours: list[int], *, total: int = PAGE + 1, **other: Any) -> Answer:
    return answer(window(0, 200, **other), [row(hour) for hour in hours], total=total)


def whole(storage: Storage) -> bool:
    """As a load finds out, first without and then with what it knows already."""
    first = Checked(storage, PACW)
    found: bool = first.whole(only(storage))
    first.write()
    assert Checked(storage, PACW).whole(only(storage)) == found
    return found


def only(storage: Storage) -> Held:
    (held,) = held_in(storage, "region-data", "PACW")
    return held


@given(
    st.integers(0, 400), st.integers(0, 400), st.sets(st.sampled_from(("D", "DF", "NG", "TI"))), st.integers(-500, 500)
)
@one_folder
def test_names_say_which_hours_they_settle(
    tmp_path_factory: Any, first: int, length: int, kinds: set[str], age: int
) -> None:
    storage = Storage.at(str(tmp_path_factory.mktemp("store")))
    asked = window(first, first + length, kinds=tuple(sorted(kinds)))
    at = moment_of(asked.last + age) + timedelta(minutes=17, seconds=3)
    rows = [row(first, kind, "5") for kind in sorted(kinds or {"D"})]
    given_answer = answer(asked, rows, at=at)
    key = ResponseStore(storage, settle_hours=240).put(given_answer)
    held = only(storage)
    assert held.key == key
    assert (held.first, held.last, held.kinds) == (asked.first, asked.last, asked.kinds)
    assert held.at == (None if age >= 240 else at)
    back = load(storage, held, "region-data", "PACW")
    assert (back.name, back.first, back.last, back.kinds, back.at) == (key, asked.first, asked.last, asked.kinds, at)
    np.testing.assert_equal(triples(back.columns), triples(given_answer.columns))


def test_settled_hours_get_a_plain_name_and_a_repeated_question_the_moment(store: ResponseStore) -> None:
    first = store.put(answer(window(), [row(0)]))
    again = store.put(answer(window(), [row(0)], at=LATER + timedelta(days=1)))
    assert first == "raw/eia/region-data/PACW/2023-01-01T00_2023-01-01T23.json.zst"
    assert again == "raw/eia/region-data/PACW/2023-01-01T00_2023-01-01T23.20230602T123007Z.json.zst"


def test_a_name_says_what_has_settled(store: ResponseStore, storage: Storage) -> None:
    at = moment_of(FIRST + 100)
    store.put(answer(window(0, 100), [row(0)], at=at))
    held = only(storage)
    assert (held.retrieved, held.settled(40), held.settled(500)) == (at, FIRST + 60, FIRST - 400)
    old = Held("", FIRST, FIRST + 5, (), None, LATER)
    assert (old.retrieved, old.settled(10**6)) == (LATER, FIRST + 5)


@given(place=st.integers(0, 10**6), flip=st.integers(1, 255))
@one_folder
def test_a_flipped_byte_is_found_or_harmless(tmp_path: Path, place: int, flip: int) -> None:
    storage = Storage.at(str(tmp_path))
    store = ResponseStore(storage, settle_hours=240)
    key = f"{tmp_path}/" + store.put(answer(window(), [row(hour, value=str(hour * 7919)) for hour in range(24)]))
    held = held_in(storage, "region-data", "PACW")[0]
    whole, written = load(storage, held, "region-data", "PACW"), Path(key).read_bytes()
    data = bytearray(written)
    data[place % len(data)] ^= flip
    Path(key).write_bytes(data)
    # zstd has bits that mean nothing (of the frame's head, padding of its streams): those may differ.
    if opens(bytes(data), held):
        assert unpack(bytes(data)) == unpack(written)
        np.testing.assert_equal(triples(load(storage, held, "region-data", "PACW").columns), triples(whole.columns))
    Path(key).unlink()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x",
        zstandard.compress(b""),
        zstandard.compress(b"[]"),
        zstandard.compress(b"{}"),
        zstandard.compress(b'{"asked":{},"response":{}}'),
        zstandard.compress(b"[" * 10**5),
        zstandard.compress(b"{" + b" " * (65 * 2**20) + b"}"),
    ],
)
def test_what_is_no_response_is_damaged(store: ResponseStore, storage: Storage, content: bytes) -> None:
    key = store.put(answer(window(), [row(0)]))
    assert whole(storage)
    storage.put(key, content)
    assert not whole(storage)


def test_a_renamed_response_is_damaged(store: ResponseStore, storage: Storage) -> None:
    key = store.put(answer(window(), [row(0)]))
    data = storage.get(key)
    storage.delete(key)
    storage.put(key.replace("01T23", "09T23"), data)
    assert not whole(storage)


def test_dropped_responses_are_gone(store: ResponseStore, storage: Storage) -> None:
    store.put(answer(window(), [row(0)]))
    storage.delete(only(storage).key)
    assert held_in(storage, "region-data", "PACW") == []
    assert not Checked(storage, PACW).whole(Held("raw/eia/region-data/PACW/gone", 0, 0, (), None, LATER))


def test_members_stay_byte_for_byte_and_the_echo_goes(store: ResponseStore, storage: Storage) -> None:
    text = (
        b'{"response": {"total" :"1", "data":[' + json.dumps(row(0)).encode() + b'] ,"x":1e0},"request":{"api_key":"K"}'
    )
    text += b',"asked":{"first":"evil"},"apiVersion":"2.1\\/8","n":-0.0}'
    key = store.put(read_answer(text, window(), LATER))
    stored = zstandard.decompress(storage.get(key))
    members, before = (msgspec.json.decode(one, type=dict[str, msgspec.Raw]) for one in (stored, text))
    assert list(members) == ["asked", "response", "apiVersion", "n"]
    for name in ("response", "apiVersion", "n"):
        assert bytes(members[name]) == bytes(before[name])
    assert json.loads(stored)["asked"] == {
        "request": window().id,
        "first": "2023-01-01T00",
        "last": "2023-01-01T23",
        "settled": ["2023-01-01T00", "2023-01-01T23"],
        "retrieved_at": "2023-06-01T12:30:07+00:00",
    }
    assert whole(storage)


def test_objects_that_are_no_responses_are_passed_over(store: ResponseStore, storage: Storage) -> None:
    store.put(answer(window(), [row(0)]))
    folder = "raw/eia/region-data/PACW"
    for name in (".DS_Store", "2023-01-01T00.json.zst", "2023-13-01T00_2023-13-02T00.json.zst", "notes.txt"):
        storage.put(f"{folder}/{name}", b"x")
    assert len(held_in(storage, "region-data", "PACW")) == 1


def test_a_full_page_settles_up_to_its_last_hour() -> None:
    hours = sorted(hour % 100 for hour in range(PAGE))
    found = full(hours)
    assert (found.first, found.last) == (FIRST, FIRST + 98)
    found = full(hours[::-1], descending=True)
    assert (found.first, found.last) == (FIRST + 1, FIRST + 200)


def test_a_whole_page_settles_every_hour_asked() -> None:
    found = answer(window(0, 200), [row(5)])
    assert (found.first, found.last) == (FIRST, FIRST + 200)
    assert answer(window(), [], total=0).columns.received == 0


def test_a_full_page_out_of_order_says_nothing() -> None:
    hours = sorted(hour % 100 for hour in range(PAGE))
    with pytest.raises(Unordered):
        full([*hours[1:], hours[0]])
    with pytest.raises(Unordered):
        full(hours, descending=True)


def test_an_hour_larger_than_a_page_is_refused() -> None:
    with pytest.raises(Refused):
        full([0] * PAGE)


@pytest.mark.parametrize("total", ["0", 0, "2", 2, 10**30, "-1"])
def test_a_total_that_contradicts_the_rows(total: Any) -> None:
    with pytest.raises(Garbled):
        answer(window(), [row(0)], total=total)


@pytest.mark.parametrize("total", ["1", 1])
def test_totals_as_text_and_as_number(total: Any) -> None:
    assert answer(window(), [row(0)], total=total).total == 1


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"<!doctype html>",
        b'{"error":"x","code":400}',
        b'{"response":[]}',
        b'{"response":{"data":[]}}',
        b'{"response":{"total":"0"}}',
        b'{"response":{"total":1.5,"data":[]}}',
        b'{"response":{"total":null,"data":[]}}',
        b'{"response":{"total":"x","data":[]}}',
        b'{"response":{"total":"' + b"9" * 5000 + b'","data":[]}}',
        b'{"response":{"total":"1","data":{}}}',
        b'{"\xff":1}',
        b'{"response":' + b"[" * 10**5,
        body([row(0)])[:-9],
    ],
)
def test_what_is_no_answer_is_garbled_in_one_line(bad: bytes) -> None:
    with pytest.raises(Garbled) as caught:
        read_answer(bad, window(), LATER)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


def test_hours_in_names_are_the_apis(storage: Storage) -> None:
    asked = window()
    assert f"{stamp(asked.first)}_{stamp(asked.last)}" in asked.id
    assert hour_of(moment_of(asked.first)) == asked.first


def test_what_is_known_to_be_whole_is_not_opened_and_what_differs_is(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Checked(storage, PACW)
    store = ResponseStore(storage, settle_hours=240, wrote=lambda _, key, data: known.wrote(key, data))
    key = store.put(answer(window(), [row(hour, value=str(hour * 7919)) for hour in range(24)]))
    known.write()
    path, place = Path(f"{storage.path}/{key}"), Path(f"{storage.path}/{ROOT}/region-data/PACW.json")
    opened: list[bytes] = []

    def seen(data: bytes, held: Held) -> bool:
        opened.append(data)
        return opens(data, held)

    monkeypatch.setattr("eia930.sources.api.stock.checked.opens", seen)
    assert Checked(storage, PACW).whole(only(storage))
    assert opened == []
    # What rots on a disk keeps its size and its time.
    good, times = path.read_bytes(), path.stat()
    path.write_bytes(bytes([*good[:-9], good[-9] ^ 1, *good[-8:]]))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert not Checked(storage, PACW).whole(only(storage))
    assert len(opened) == 1
    # What is known may be lost, or be nonsense: it is found out again.
    path.write_bytes(good)
    for content in (None, b"", b"[]", b'{"x": 1}', b"\xff"):
        place.unlink(missing_ok=True)
        if content is not None:
            place.write_bytes(content)
        opened.clear()
        assert Checked(storage, PACW).whole(only(storage))
        assert len(opened) == 1


@pytest.mark.parametrize(
    "garbled",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"response": 7}',
        b'{"response": {"data": []}}',
        b'{"response": {"total": "1", "data": {}}}',
        b'{"response": {"total": "1", "data": null}}',
        b'{"response": {"total": "1.0", "data": []}}',
        b'{"error": "no"}',
    ],
)
def test_an_answer_that_cannot_be_read_names_its_request(garbled: bytes) -> None:
    asked = window(0, 200)
    with pytest.raises(Garbled) as caught:
        read_answer(garbled, asked, LATER)
    assert caught.value.what.startswith(f"{asked.id}: ")
