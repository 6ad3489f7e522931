# SPDX-License-Identifier: Apache-2.0
"""A file is stored whole or not at all, over real sockets, whatever the server and the moment of a kill do."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eia930.emulator import Emulator, Faults
from eia930.emulator.files.quirks import Quirks
from eia930.errors import EiaError, Garbled, Refused, Throttled, Unavailable, UsageError
from eia930.question.span import Span
from eia930.reference.halves import Half
from eia930.sources.files.client import Client, Validators, checked_files_url
from eia930.sources.files.contents.grouping import Records
from eia930.sources.files.downloading import download
from eia930.sources.files.names import FileName, ruled
from eia930.sources.files.source import FilesSource
from eia930.sources.files.versions import Versions, unpacked
from eia930.store.storage import Storage
from tests.eia930.making import LATER
from tests.eia930.sources.files.drawing import Drawn, bytes_of, cells_of, demand
from tests.eia930.sources.serving import Asked, Reply, serving

HALF = Half(2022, 1)
FILE = ruled("balance", HALF)
CELLS = demand("PJM", HALF, np.arange(1.0, 1001))
CUT = {"Connection": "close"}
WHOLE = bytes_of(CELLS, "balance", HALF)
ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage.at(str(tmp_path))


def emulator(*, later: int = 0, faults: Faults | None = None, quirks: Quirks | None = None) -> Emulator:
    now = HALF.hours()[1] + 2000 + later
    return Emulator(Drawn(CELLS, now), faults=faults, quirks=quirks, now=now)


def named(quirk: str) -> Quirks:
    chosen: dict[str, Any] = {quirk: True} if quirk else {}
    return Quirks(**chosen)


def tried(url: str, storage: Storage, file: FileName = FILE, *, tries: int = 40) -> int:
    """Until it is there; after how many tries."""
    for number in range(1, tries + 1):
        try:
            download(Client(url), storage, file)
        except (Throttled, Unavailable, Garbled):
            continue
        return number
    raise AssertionError("never came")


def stored(storage: Storage) -> bytes:
    (kept,) = Versions(storage, FILE).kept()
    return bytes(unpacked(storage.get(kept.key)).read())


@pytest.mark.parametrize("quirk", ["", "no_gzip", "no_length", "no_etag", "no_range", "no_last_modified"])
def test_a_file_is_stored_as_served_with_its_columns(storage: Storage, quirk: str) -> None:
    with emulator(quirks=named(quirk)) as server:
        came = download(Client(server.files_url), storage, FILE)
    assert came.new
    assert stored(storage) == WHOLE
    versions = Versions(storage, FILE)
    assert versions.columns(came.kept).account == versions.parsed(came.kept).account
    assert cells_of(versions.parsed(came.kept)) == CELLS
    assert any("4,343 rows where" in line for line in versions.warnings(came.kept)), "of PJM alone"
    assert not storage.list("raw/files/balance/2022_Jan_Jun/partial")


def test_columns_that_are_gone_are_made_anew(storage: Storage) -> None:
    with emulator() as server:
        kept = download(Client(server.files_url), storage, FILE).kept
    Versions(storage, FILE).columns(kept)
    (entry,) = storage.list("columns/files")
    before = storage.get(entry.key)
    storage.delete(entry.key)
    assert Versions(storage, FILE).columns(kept).account.received == 1000
    assert storage.get(entry.key) == before
    storage.put(entry.key, b"no parquet")
    assert Versions(storage, FILE).columns(kept).account.received == 1000


def test_a_flipped_bit_in_columns_gives_no_other_hours(storage: Storage) -> None:
    """Nor does it stop anybody: they are made anew of the bytes that were served."""
    with emulator() as server:
        kept = download(Client(server.files_url), storage, FILE).kept
    versions, group = Versions(storage, FILE), ("region-data", "PJM")
    true = told(versions.records(kept, group)[1])
    (entry,) = storage.list("columns/files")
    whole = storage.get(entry.key)
    for place in range(4, len(whole), len(whole) // 200):
        spoiled = bytearray(whole)
        spoiled[place] ^= 1 << place % 8
        storage.put(entry.key, bytes(spoiled))
        assert told(versions.records(kept, group)[1]) == true, place


def told(records: Records | None) -> list[object]:
    assert records is not None
    numbers = (records.hour, records.kind, records.value, records.adjusted, records.filled.value)
    return [records.kinds, *(one.tobytes() for one in numbers)]


def test_columns_of_another_code_are_made_anew(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    with emulator() as server:
        kept = download(Client(server.files_url), storage, FILE).kept
    with monkeypatch.context() as patch:
        patch.setattr("eia930.sources.files.contents.parquet.fingerprint", lambda: "older")
        Versions(storage, FILE).columns(kept)
    (entry,) = storage.list("columns/files")
    before = storage.get(entry.key)
    assert Versions(storage, FILE).columns(kept).account.received == 1000
    assert storage.get(entry.key) != before


def test_the_bytes_of_one_half_are_none_of_another(storage: Storage) -> None:
    """A server may mistake a file; columns that were made of the same bytes for their own half say nothing of it."""
    other = ruled("balance", HALF.next)
    with serving(lambda _: (200, {}, WHOLE)) as server:
        mine = download(Client(server.url), storage, FILE).kept
        Versions(storage, FILE).columns(mine)
        wrong = download(Client(server.url), storage, other).kept
    with pytest.raises(Garbled, match="lies outside 2022_Jul_Dec"):
        Versions(storage, other).columns(wrong)
    assert Versions(storage, FILE).columns(mine).account.received == 1000


@pytest.mark.parametrize("lost", [False, True], ids=["cut", "lost"])
@pytest.mark.parametrize("bytes_too", [False, True])
def test_no_older_version_stands_for_a_newer_one_whose_commit_is_damaged(
    storage: Storage, *, bytes_too: bool, lost: bool
) -> None:
    """Lost with its bytes is what a line says to do with bytes that are damaged: the server is asked for them."""
    with emulator(quirks=Quirks(rebuild_after=1), later=2000) as server:
        for _ in range(2):
            download(Client(server.files_url), storage, FILE)
    versions, source = Versions(storage, FILE), FilesSource()
    *_, newest = before = versions.kept()
    span = Span("region-data", "PJM", HALF.hours()[0] + 99, HALF.hours()[1] - 99)
    assert source.estimate(storage, [span]).to_ask == 0, "the half has settled"
    commit = newest.key.removesuffix(".csv.zst") + ".json"
    storage.put(commit, storage.get(commit)[:50])
    packed = storage.get(newest.key)
    if bytes_too:
        storage.put(newest.key, packed[:-100])
    if lost:
        storage.delete(commit, *([newest.key] if bytes_too else []))
    wrong = [key for key in FilesSource.stored(storage) if FilesSource.fault(storage, key)]
    assert wrong == ([] if lost and bytes_too else [newest.key])
    assert source.estimate(storage, [span]).to_ask == 2, "the index, and this file"

    def served(asked: Asked) -> Reply:
        known = {"if-none-match", "if-modified-since"} & asked.headers.keys()
        return (304, {}, b"") if known else (200, {}, bytes(unpacked(packed).read()))

    with serving(served) as other:
        came = download(Client(other.url), storage, FILE)
    assert not versions.spoiled()
    assert [one.version.sha256 for one in versions.kept()] == [one.version.sha256 for one in before]
    assert came.new is bytes_too
    assert bytes_too or versions.kept()[-1].version.at - newest.version.at <= timedelta(seconds=1)
    assert max(cells_of(versions.parsed(came.kept)).values()) == 1001.0
    assert source.estimate(storage, [span]).to_ask == 0


@pytest.mark.parametrize("quirk", ["", "no_etag"])
def test_2_an_unchanged_file_is_not_sent_again_and_a_new_stamp_makes_no_version(storage: Storage, quirk: str) -> None:
    how = named(quirk)
    with emulator(quirks=how) as server:
        download(Client(server.files_url), storage, FILE)
        came = download(Client(server.files_url), storage, FILE)
        assert (came.new, came.sent) == (False, 0)
        assert server.requests[-1].status == 304
    with emulator(later=48, quirks=how) as server:
        came = download(Client(server.files_url), storage, FILE)
        assert server.requests[-1].status == 200
        assert (came.new, came.sent) == (False, len(WHOLE))
        assert len(Versions(storage, FILE).kept()) == 1
        assert download(Client(server.files_url), storage, FILE).sent == 0


def test_what_came_last_is_the_newest_though_the_clock_of_the_server_went_back(storage: Storage) -> None:
    with emulator(later=100) as server:
        download(Client(server.files_url), storage, FILE)
    changed = Drawn(CELLS | demand("PJM", HALF, [99.0]), HALF.hours()[1] + 2000)
    with Emulator(changed, now=HALF.hours()[1] + 2000) as server:
        came = download(Client(server.files_url), storage, FILE)
    versions = Versions(storage, FILE)
    assert came.new
    assert versions.kept()[-1] == came.kept
    read = FilesSource().columns(storage, Span("region-data", "PJM", HALF.hours()[0], HALF.hours()[1]))
    assert [one.columns.value[0] for one in sorted(read, key=lambda one: one.at)] == [1, 99]


def test_a_revised_file_is_a_second_version_and_the_first_stays(storage: Storage) -> None:
    with emulator(quirks=Quirks(rebuild_after=1)) as server:
        for _ in range(3):
            assert download(Client(server.files_url), storage, FILE).new
    versions = Versions(storage, FILE)
    values = [max(cells_of(versions.parsed(kept)).values()) for kept in versions.kept()]
    assert values == [1000.0, 1001.0, 1002.0]


@pytest.mark.parametrize("quirk", ["", "no_gzip", "no_length", "no_etag", "no_range", "no_last_modified"])
def test_10_bad_days_end_with_the_whole_file(storage: Storage, quirk: str) -> None:
    faults = Faults(p_503=0.2, p_500=0.1, p_429=0.1, p_cut=0.3, p_reset=0.1, p_html=0.1)
    with emulator(faults=faults, quirks=named(quirk)) as server:
        tried(server.files_url, storage)
    assert stored(storage) == WHOLE


def test_a_cut_file_is_gone_on_with_where_the_server_allows(storage: Storage) -> None:
    sizes = []

    def reply(asked: Asked) -> Reply:
        begins = int(asked.headers.get("range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        sizes.append(begins)
        status, extra = (
            (206, {"Content-Range": f"bytes {begins}-{len(WHOLE) - 1}/{len(WHOLE)}"}) if begins else (200, {})
        )
        rest = WHOLE[begins:]
        sent = rest if len(sizes) == 4 else rest[: len(rest) // 2]
        return status, CUT | {"ETag": '"one"', "Content-Length": str(len(rest))} | extra, sent

    with serving(reply) as server:
        assert tried(server.url, storage) == 4
        assert {one.headers.get("if-range") for one in server.asked[1:]} == {'"one"'}
    assert sizes == sorted(sizes)
    assert sizes[1] > 0
    assert stored(storage) == WHOLE


def test_a_file_that_is_rebuilt_on_the_way_is_never_a_mix(storage: Storage) -> None:
    other = bytes_of(demand("PJM", HALF, np.arange(5.0, 1005)), "balance", HALF)
    count = 0

    def reply(asked: Asked) -> Reply:
        nonlocal count
        count += 1
        if count == 1:
            return 200, CUT | {"ETag": '"one"', "Content-Length": str(len(WHOLE))}, WHOLE[: len(WHOLE) // 2]
        begins = asked.headers.get("if-range") == '"two"'
        assert not begins
        return 200, {"ETag": '"two"'}, other

    with serving(reply) as server:
        assert tried(server.url, storage) == 2
    assert stored(storage) == other


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"ETag": 'W/"one"'},
        {"Last-Modified": "Mon, 01 Jan 2024 00:00:00 GMT", "Date": "Mon, 01 Jan 2024 00:00:30 GMT"},
    ],
)
def test_without_a_sure_name_of_its_bytes_a_file_starts_over(storage: Storage, headers: dict[str, str]) -> None:
    def reply(asked: Asked) -> Reply:
        assert "range" not in asked.headers
        length = {"Content-Length": str(len(WHOLE))}
        return 200, CUT | headers | length, WHOLE if len(server.asked) > 1 else WHOLE[:20_000]

    with serving(reply) as server:
        assert tried(server.url, storage) == 2
    assert stored(storage) == WHOLE


@pytest.mark.parametrize(
    ("status", "told"), [(416, "bytes */5"), (206, "bytes 0-5/6"), (206, ""), (206, "bytes 7-9/50")]
)
def test_a_part_that_is_not_the_one_asked_for_starts_over(storage: Storage, status: int, told: str) -> None:
    def reply(asked: Asked) -> Reply:
        if len(server.asked) == 1:
            return 200, CUT | {"ETag": '"one"', "Content-Length": str(len(WHOLE))}, WHOLE[:20_000]
        if "range" in asked.headers:
            return status, CUT | {"Content-Range": told}, b""
        return 200, {}, WHOLE

    with serving(reply) as server:
        assert tried(server.url, storage) == 3
    assert stored(storage) == WHOLE


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ((429, {"Retry-After": "7"}, b""), Throttled),
        ((503, {"Retry-After": "7"}, b""), Unavailable),
        ((404, {}, b""), Refused),
        ((302, {"Location": "http://elsewhere.invalid"}, b""), Refused),
        ((304, {}, b""), Garbled),
        ((200, {}, b"<html></html>\n"), Garbled),
        ((200, {}, b""), Garbled),
        ((200, {"Content-Encoding": "br"}, b"x"), Garbled),
        ((200, {"Content-Encoding": "gzip"}, b"no gzip"), Garbled),
        ((200, {}, WHOLE[:-10]), Garbled),
        ((200, {}, WHOLE.replace(b'"Demand (MW)"', b'"Load (MW)"')), Refused),
    ],
)
def test_what_is_no_file_is_said_in_one_line_and_leaves_nothing(
    storage: Storage, reply: Reply, kind: type[EiaError]
) -> None:
    with serving(lambda _: reply) as server, pytest.raises(kind) as caught:
        download(Client(server.url), storage, FILE)
    assert "\n" not in str(caught.value)
    assert FILE.name in str(caught.value)
    assert getattr(caught.value, "retry_after", 7) == 7
    assert not Versions(storage, FILE).kept()
    assert not [entry for entry in storage.list("raw/files") if not entry.key.endswith("checked.json")]


def test_the_client_says_who_it_is(storage: Storage) -> None:
    with serving(lambda _: (200, {}, WHOLE)) as server:
        download(Client(server.url), storage, FILE)
    assert server.asked[0].headers["user-agent"].startswith("eia930 ")
    assert "contact" in server.asked[0].headers["user-agent"]


def test_a_kill_at_any_piece_leaves_no_half_file(storage: Storage, tmp_path: Path) -> None:
    """Killed with -9 inside every step of storing, then asked again."""
    program = tmp_path / "killed.py"
    program.write_text(KILLED)
    with emulator(quirks=Quirks(no_gzip=True)) as server:
        for step in range(1, 9):
            subprocess.run(
                [sys.executable, str(program), server.files_url, str(tmp_path / "out"), str(step)],
                cwd=ROOT,
                check=False,
            )
            out = Storage.at(str(tmp_path / "out"))
            for kept in Versions(out, FILE).kept():
                assert Versions(out, FILE).parsed(kept).account.received == 1000
        out = Storage.at(str(tmp_path / "out"))
        download(Client(server.files_url), out, FILE)
    assert stored(out) == WHOLE
    names = [entry.key for entry in out.list("raw/files")]
    assert len(names) == 3, names


KILLED = f"""
import os, sys
sys.path.insert(0, {str(ROOT)!r})
from eia930.question.span import Span
from eia930.reference.halves import Half
from eia930.sources.files import downloading, versions
from eia930.sources.files.client import Client
from eia930.sources.files.names import ruled
from eia930.store.storage import Storage

url, place, left = sys.argv[1], sys.argv[2], int(sys.argv[3])
downloading.PIECE = 300_000


class Mortal(Storage):
    def put(self, key, data):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), 9)
        super().put(key, data)


downloading.download(Client(url), Mortal.at(place), ruled("balance", Half(2022, 1)))
"""


@pytest.mark.parametrize(
    "url", ["ftp://x", "www.eia.gov/files", "https://name@x/y", "https://x/y?z", "https://x/#y", "http://"]
)
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(UsageError, match="--files_url"):
        checked_files_url(url)


def test_what_a_part_may_be_joined_by() -> None:
    old = "Mon, 01 Jan 2018 00:00:00 GMT"
    assert Validators('"a"', old).strong(LATER) == '"a"'
    assert Validators('W/"a"', old).strong(LATER) == ""
    assert Validators("", old).strong(LATER) == old
    assert Validators("", "").strong(LATER) == ""
    assert Validators("", old).conditions == {"If-Modified-Since": old}
