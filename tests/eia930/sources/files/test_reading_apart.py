# SPDX-License-Identifier: Apache-2.0
"""Cells are read after the file was stored, by any worker: one that cannot be read is named, and asked for again."""

from pathlib import Path

from eia930.question.span import Span
from eia930.sources.fetched import Fetched, Readied, Tally, after_reading
from eia930.sources.files.client import Client
from eia930.sources.files.contents.headers import read_header
from eia930.sources.files.downloading import download
from eia930.sources.files.source import FilesSource
from eia930.sources.files.versions import Versions
from eia930.store.storage import Storage
from tests.eia930.sources.files.test_downloading import FILE, HALF, WHOLE
from tests.eia930.sources.serving import serving

FIRST, LAST = HALF.hours()
SPANS = [Span("region-data", "PJM", FIRST - 1000, LAST), Span("interchange-data", "PJM", FIRST, LAST)]
BAD = WHOLE.replace(b"01/01/2022 6:00:00 AM", b"01/01/2022 6:30:00 AM")


def asked(storage: Storage, body: bytes) -> None:
    with serving(lambda _: (200, {}, body)) as server:
        download(Client(server.url), storage, FILE)


def ready(storage: Storage) -> Readied:
    return FilesSource().ready(storage, FILE.folder, SPANS)


def test_cells_are_read_once_and_a_second_reading_says_the_same(tmp_path: Path) -> None:
    storage = Storage.at(str(tmp_path))
    asked(storage, WHOLE)
    assert not storage.list("columns/files")
    told = ready(storage)
    assert not told.failures
    assert any("4,343 rows where" in text for text in told.warnings), "of PJM alone"
    (entry,) = storage.list("columns/files")
    assert ready(storage) == told
    assert storage.list("columns/files") == [entry]


def test_a_file_whose_cells_cannot_be_read_is_named_and_comes_anew(tmp_path: Path) -> None:
    storage = Storage.at(str(tmp_path))
    assert BAD != WHOLE
    asked(storage, BAD)
    told = ready(storage)
    (lost,) = told.failures
    assert (lost.request, lost.route, lost.respondent) == (FILE.name, "region-data", "PJM")
    assert (lost.first, lost.last) == (FIRST, LAST)
    assert "6:30:00 AM" in lost.reason
    versions = Versions(storage, FILE)
    assert not versions.kept()
    assert versions.known() is None
    assert ready(storage) == told, "a worker that died may be followed by another"
    asked(storage, WHOLE)
    assert not ready(storage).failures
    assert len(versions.kept()) == 1


def test_a_file_whose_values_are_mostly_none_says_that_the_format_has_changed(tmp_path: Path) -> None:
    storage, (first, *lines) = Storage.at(str(tmp_path)), WHOLE.splitlines()
    places = set(read_header(first, FILE).reported.values())
    asked(storage, WHOLE)
    before = Versions(storage, FILE).kept()
    asked(storage, b"\n".join([first, *(spoiled(line, places) for line in lines), b""]))
    (lost,) = ready(storage).failures
    assert "the server's format has changed: " in lost.reason
    assert " is no number; a line: PJM," in lost.reason
    assert "newer version" in lost.remedy
    assert Versions(storage, FILE).kept() == before


def spoiled(line: bytes, places: set[int]) -> bytes:
    """A line whose values are words."""
    return b",".join(b"about" if at in places and cell else cell for at, cell in enumerate(line.split(b",")))


def test_an_earlier_version_stands_where_a_later_one_cannot_be_read(tmp_path: Path) -> None:
    storage = Storage.at(str(tmp_path))
    asked(storage, WHOLE)
    before = Versions(storage, FILE).kept()
    asked(storage, BAD)
    assert ready(storage).failures
    assert Versions(storage, FILE).kept() == before


def test_the_account_is_the_same_in_whatever_order_files_were_read() -> None:
    fetched = Fetched(Tally(), 0, 0, (), "", "", warnings=("first",))
    some = [Readied("b", warnings=("of b",)), Readied("a", warnings=("of a",))]
    assert after_reading(fetched, some).warnings == ("first", "of a", "of b")
    assert after_reading(fetched, reversed(some)) == after_reading(fetched, some)
