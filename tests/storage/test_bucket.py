# SPDX-License-Identifier: Apache-2.0
"""Storage on a bucket does what it does on a folder, and says in one line what it cannot do."""

import pickle
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from eia930.errors import KeyRefused, StorageError, Superseded
from eia930.store import lease
from eia930.store.failure import failure_of, forget_failures, telling
from eia930.store.run import Run
from eia930.store.storage import Storage
from tests.eia930.sources.test_folds import folded, kept_up, objects, told
from tests.eia930.store.objects import require_parts, require_they_come_back
from tests.storage.proxy import Passed, proxied
from tests.storage.s3_server import S3Server, environment, free_port


def test_objects_come_back(bucket: str) -> None:
    require_they_come_back(Storage.at(f"{bucket}/some/prefix/"))


def test_a_part_of_an_object_is_had(bucket: str) -> None:
    require_parts(Storage.at(bucket))


def test_small_answers_lie_in_an_archive_and_are_read_there(bucket: str) -> None:
    storage = kept_up(Storage.at(f"{bucket}/p"))
    before = {key: data for key, (data, _) in told(storage).items()}
    folded(storage)
    (only,) = objects(storage)
    assert only.startswith(f"folded.{len(before)}.")
    assert {key: data for key, (data, _) in told(storage).items()} == before


def test_a_prefix_is_a_whole_name(bucket: str) -> None:
    storage = Storage.at(bucket)
    for key in ("raw/PAC/x", "raw/PACW/x", "raw/PAC/a b+c.json#1"):
        storage.put(key, b"")
    assert [entry.key for entry in storage.list("raw/PAC")] == ["raw/PAC/a b+c.json#1", "raw/PAC/x"]


def test_a_listing_of_more_than_a_page_is_whole(bucket: str) -> None:
    storage = Storage.at(f"{bucket}/p")
    keys = [f"raw/{number:04d}" for number in range(1100)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: storage.put(key, b""), keys))
    assert [entry.key for entry in storage.list("raw")] == keys


def test_exactly_one_of_many_creates(bucket: str) -> None:
    storage = Storage.at(bucket)
    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(lambda i: storage.create("lock/1", str(i).encode()), range(48)))
    assert won.count(True) == 1
    assert storage.get("lock/1") == str(won.index(True)).encode()


def test_a_moment_is_later_than_all_before_and_not_than_what_follows(bucket: str) -> None:
    """Also where a bucket tells whole seconds only."""
    storage = Storage.at(f"{bucket}/p")
    storage.put("a/before", b"")
    moment = storage.moment("clock/now", time.sleep)
    storage.put("b/after", b"")
    assert storage.list("a")[0].modified < moment <= storage.list("b")[0].modified


def test_its_pickle_holds_no_secret(bucket: str) -> None:
    storage = Storage.at(bucket)
    storage.put("k", b"1")
    packed = pickle.dumps(storage)
    assert b"testsecret" not in packed
    assert b"testkey" not in packed
    assert pickle.loads(packed).get("k") == b"1"


def test_one_works_and_the_next_is_refused(bucket: str) -> None:
    storage = Storage.at(bucket)
    held = lease.acquire(storage, "run", lease.Owner.here("a"), take_over=False, pause=time.sleep)
    with pytest.raises(Superseded, match="another run works on s3://"):
        lease.acquire(storage, "run", lease.Owner.here("b"), take_over=False, pause=time.sleep)
    held.beat(lease.Owner.here("a"))
    assert lease.news_of(storage, "run", lease.Owner) == lease.Owner.here("a")
    held.release()
    again = lease.acquire(storage, "run", lease.Owner.here("b"), take_over=False, pause=time.sleep)
    assert again.epoch == held.epoch + 1


def test_a_lease_that_was_won_although_the_answer_was_lost(
    bucket: str, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: list[Passed] = []

    def lose(passed: Passed) -> bool:
        if passed.conditional and not lost:
            lost.append(passed)
        return lost == [passed]

    with proxied(s3.endpoint) as proxy:
        proxy.lose = lose
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        held = lease.acquire(
            Storage.at(bucket), "run", lease.Owner.here("a"), take_over=False, pause=lambda seconds: None
        )
        tries = [passed.status for passed in proxy.passed if passed.conditional]
    assert held.epoch == 1
    assert tries == [200, 412]


def test_a_short_absence_is_waited_out(s3: S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    left = [3]

    def lose(passed: Passed) -> bool:
        left[0] -= 1
        return left[0] >= 0

    with proxied(s3.endpoint) as proxy:
        proxy.lose = lose
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        storage = Storage.at(bucket)
        storage.put("k", b"1")
        assert storage.get("k") == b"1"
    assert left[0] < 0


@pytest.mark.parametrize("secret", ["wrongsecret123"])
def test_a_wrong_secret(bucket: str, s3: S3Server, monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    said = refusal(Storage.at(bucket))
    assert secret not in said
    assert "AWS_SECRET_ACCESS_KEY" in said


@pytest.mark.usefixtures("credentials")
def test_a_bucket_that_is_missing() -> None:
    assert "s3://no-such-bucket/x" in refusal(Storage.at("s3://no-such-bucket/x"))


def test_a_server_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment(f"http://127.0.0.1:{free_port()}").items():
        monkeypatch.setenv(name, value)
    assert "s3://bucket" in refusal(Storage.at("s3://bucket"))


def refusal(storage: Storage) -> str:
    """What is said, in one line, by a look at the storage."""
    with pytest.raises(StorageError) as caught:
        storage.reach()
    said = str(caught.value)
    assert "\n" not in said
    assert len(said) < 500
    return said


def test_what_a_worker_tells_of_its_failure_is_read_word_for_word(bucket: str) -> None:
    storage, run = Storage.at(f"{bucket}/out"), Run(lease.Owner.here("mine"), datetime.now(UTC))
    error = KeyRefused('403 (suspended) for "us"', "wait (an hour)")
    with pytest.raises(KeyRefused), telling(storage, run, "Fetch"):
        raise error
    found = failure_of(Storage.at(f"{bucket}/out"), run)
    assert found is not None
    assert str(found.error()) == str(error)
    forget_failures(storage)
    assert failure_of(storage, run) is None
