# SPDX-License-Identifier: Apache-2.0
"""What a worker tells of its failure is read word for word, by the driver of that very run alone."""

import inspect
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eia930 import errors
from eia930.errors import EiaError, Interrupted, Stop, StorageError, UsageError
from eia930.store.failure import FAILED, WorkerFailure, failure_of, forget_failures, telling
from eia930.store.lease import Owner
from eia930.store.run import Run
from eia930.store.storage import Storage

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, EiaError)]
WORDS = st.text(max_size=80) | st.sampled_from(
    [
        "a (b)",
        "a) (b",
        'say "x"',
        "two\nlines",
        " [while running 'Ask']",
        "StorageError: x (y)",
        "Traceback (most recent",
    ]
)


def a_run(name: str = "mine") -> Run:
    return Run(Owner.here(name), datetime.now(UTC))


def told(storage: Storage, run: Run, error: Exception) -> None:
    with pytest.raises(type(error)), telling(storage, run, "Assemble"):
        raise error


@given(st.sampled_from(KINDS), WORDS, WORDS)
def test_kind_words_and_remedy_come_back(
    tmp_path_factory: pytest.TempPathFactory, kind: type[EiaError], what: str, remedy: str
) -> None:
    storage, error = Storage.at(str(tmp_path_factory.mktemp("out"))), kind(what, remedy)
    told(storage, a_run(), error)
    found = failure_of(storage, a_run())
    assert found is not None
    back = found.error()
    assert (type(back), str(back), back.what, back.remedy) == (kind, str(error), error.what, error.remedy)
    assert "\n" not in str(back)
    assert (found.run, found.stage) == ("mine", "Assemble")
    assert found.host


def test_the_failure_of_another_run_is_none_of_ours(tmp_path: Path) -> None:
    storage = Storage.at(str(tmp_path))
    told(storage, a_run("earlier"), StorageError("a full disk"))
    assert failure_of(storage, a_run("mine")) is None
    # Nor one that was copied to where ours would be.
    (tmp_path / FAILED / "earlier.json").rename(tmp_path / FAILED / "mine.json")
    assert failure_of(storage, a_run("mine")) is None


def test_the_last_failure_is_told(tmp_path: Path) -> None:
    storage = Storage.at(str(tmp_path))
    for error in (StorageError("first"), Interrupted("second")):
        told(storage, a_run(), error)
    found = failure_of(storage, a_run())
    assert found is not None
    assert str(found.error()) == str(Interrupted("second"))
    forget_failures(storage)
    assert failure_of(storage, a_run()) is None


def test_what_is_not_ours_is_not_told(tmp_path: Path) -> None:
    storage = Storage.at(str(tmp_path))
    told(storage, a_run(), ValueError("a defect"))
    with telling(storage, a_run(), "Assemble"):
        pass
    assert failure_of(storage, a_run()) is None
    assert list(tmp_path.iterdir()) == []


def test_where_the_storage_is_away_the_error_itself_is_raised(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    away = Storage.at(f"{tmp_path}/file/below")
    told(away, a_run(), UsageError("what it was"))
    assert failure_of(away, a_run()) is None


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"run": 7}'])
def test_what_is_no_failure_is_none(content: bytes, tmp_path: Path) -> None:
    Storage.at(str(tmp_path)).put(f"{FAILED}/mine.json", content)
    assert failure_of(Storage.at(str(tmp_path)), a_run()) is None


def test_a_kind_that_this_version_does_not_know_stops() -> None:
    for kind in ("Suspended", "annotations", "__doc__"):
        error = WorkerFailure("mine", kind, "a", "b", "Fetch", "host").error()
        assert (type(error), str(error)) == (Stop, "a (b)")
