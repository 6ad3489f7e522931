# SPDX-License-Identifier: Apache-2.0
import errno
import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from eia930.errors import StorageError, UsageError
from eia930.store.storage import Storage, _folder_remedy
from tests.eia930.store.objects import require_parts, require_they_come_back

READS: tuple[Callable[[Storage, str], object], ...] = (
    Storage.get,
    lambda storage, key: storage.part(key, 0, 1),
    lambda storage, key: list(storage.pieces(key)),
    Storage.opened,
)


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage.at(str(tmp_path / "out"))


def test_objects_come_back(storage: Storage) -> None:
    require_they_come_back(storage)


def test_a_part_of_an_object_is_had(storage: Storage) -> None:
    require_parts(storage)


def test_a_prefix_is_a_whole_name(storage: Storage) -> None:
    storage.put("raw/PAC/x", b"")
    storage.put("raw/PACW/x", b"")
    assert [entry.key for entry in storage.list("raw/PAC")] == ["raw/PAC/x"]
    assert [entry.key for entry in storage.list()] == ["raw/PAC/x", "raw/PACW/x"]


def test_reading_makes_no_folder(storage: Storage) -> None:
    assert storage.list() == storage.list("raw") == []
    assert not storage.exists("x")
    storage.delete("x")
    for read in READS:
        with pytest.raises(KeyError):
            read(storage, "x")
    assert storage.path is not None
    assert not storage.path.exists()


@pytest.mark.parametrize(
    "key", ["../secret", "a/../../secret", "{place}/secret", "./a/b", "a//b", "a", "a/b/c", "", "a/b\0"]
)
@pytest.mark.parametrize("number", range(4))
def test_what_names_no_object_of_the_folder_is_none(storage: Storage, tmp_path: Path, key: str, number: int) -> None:
    """Also where a manifest that somebody made names it."""
    (tmp_path / "secret").write_bytes(b"of another folder")
    storage.put("a/b", b"ours")
    key = key.format(place=tmp_path)
    with pytest.raises(KeyError):
        READS[number](storage, key)
    assert not storage.exists(key)
    storage.delete(*([] if key in ("a", "a/b/c") else [key]))
    assert (tmp_path / "secret").exists()
    assert storage.exists("a/b")


def test_a_link_does_not_leave_the_folder(storage: Storage, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"of another folder")
    storage.put("a/b", b"ours")
    for key, to in (("../secret", "a/c"), ("a/b", "../secret")):
        with pytest.raises(KeyError):
            storage.link(key, to)
    assert (tmp_path / "secret").read_bytes() == b"of another folder"
    assert [entry.key for entry in storage.list()] == ["a/b"]


def test_a_moment_is_later_than_all_before_and_not_than_what_follows(storage: Storage) -> None:
    for number in range(20):
        storage.put(f"a/before{number}", b"")
        moment = storage.moment("clock/now", time.sleep)
        storage.put(f"b/after{number}", b"")
        assert max(entry.modified for entry in storage.list("a")) < moment
        assert next(e.modified for e in storage.list("b") if e.key == f"b/after{number}") >= moment


def test_a_moment_does_not_wait_for_what_somebody_left_beside_it(storage: Storage, tmp_path: Path) -> None:
    storage.moment("raw/run/clock/now", time.sleep)
    stray = Path(storage.place) / "raw/run/clock/.now.swp"
    stray.touch()
    os.utime(stray, (4e9, 4e9))
    assert storage.moment("raw/run/clock/now", time.sleep).timestamp() < 4e9


def test_a_pipe_is_no_object_and_is_not_waited_for(storage: Storage) -> None:
    storage.put("there", b"x")
    os.mkfifo(Path(storage.place) / "pipe")
    ways = (storage.get, lambda key: storage.part(key, 0, 1), lambda key: list(storage.pieces(key)), storage.opened)
    for read in ways:
        with pytest.raises(KeyError):
            read("pipe")
    assert not storage.exists("pipe")
    assert storage.sha256("pipe") is None


def test_what_lies_behind_a_link_to_a_folder_is_another_s(storage: Storage, tmp_path: Path) -> None:
    storage.put("blocks/panel/a", b"a")
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "deep").mkdir(parents=True)
    (elsewhere / "deep/b").write_bytes(b"b")
    (tmp_path / "empty").mkdir()
    for name, to in (("mine", elsewhere), ("none", tmp_path / "empty")):
        (Path(storage.place) / "blocks" / name).symlink_to(to, target_is_directory=True)
    assert [one.key for one in storage.list_own("blocks")] == ["blocks/panel/a"]
    storage.drop_empty_folders("blocks")
    assert (Path(storage.place) / "blocks/none").is_symlink()
    # Where the folder as a whole lies elsewhere, by a link, it is ours all the same.
    (Path(storage.place) / "tfds").symlink_to(elsewhere, target_is_directory=True)
    assert [one.key for one in storage.list_own("tfds")] == ["tfds/deep/b"]


def test_exactly_one_of_many_creates(storage: Storage) -> None:
    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(lambda i: storage.create("lock/1", str(i).encode()), range(64)))
    assert won.count(True) == 1
    assert storage.get("lock/1") == str(won.index(True)).encode()


def test_odd_names_of_folders(tmp_path: Path) -> None:
    for name in ("a b", "50%", "x#1", "q?y", "ümläut", "a%20b"):
        storage = Storage.at(str(tmp_path / name))
        storage.put("k", name.encode())
        assert (tmp_path / name / "k").read_text() == name
        assert storage.path == tmp_path / name
        assert Storage.at(storage.url).get("k") == name.encode()


def test_it_travels_as_its_url(storage: Storage) -> None:
    storage.put("k", b"1")
    again = pickle.loads(pickle.dumps(storage))
    assert again == storage
    assert again.get("k") == b"1"
    assert storage.url.encode() in pickle.dumps(storage)


def test_a_relative_path_is_kept_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    storage = Storage.at("out")
    monkeypatch.chdir("/")
    assert storage.path == tmp_path / "out"


@pytest.mark.parametrize(
    "place", ["http://example.org/x", "ftp://x", "~nobody-of-this-name/x", "://", "s3://", "s3:///x", "file://data/x"]
)
def test_places_that_are_none(place: str) -> None:
    with pytest.raises(UsageError, match="--output") as caught:
        Storage.at(place)
    assert "\n" not in str(caught.value)


def test_the_slashes_alone_are_no_hint() -> None:
    with pytest.raises(UsageError) as caught:
        Storage.at("s3://")
    assert "did you mean" not in str(caught.value)


@pytest.mark.parametrize("place", ["abfs://container@account.dfs.core.windows.net/x", "file:///a@b/c:d", "a@b?c=d"])
def test_what_holds_no_secret_is_a_place(place: str) -> None:
    assert Storage.at(place).url


def test_a_bucket_has_no_path() -> None:
    storage = Storage.at("s3://bucket/prefix/")
    assert storage.path is None
    assert storage.url == "s3://bucket/prefix"
    assert storage.sweep("raw") == 0


def test_sweeping_leaves_other_peoples_files(storage: Storage, tmp_path: Path) -> None:
    storage.put("raw/a.json", b"1")
    for name in ("raw/a.json#1", "raw/deep#3/b.json#12", "raw/.a.json#12", "notes #1", "photos/tour#2", "raw/c#x"):
        path = tmp_path / "out" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    assert storage.sweep("raw", "tidy") == 3
    left = sorted(str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*") if p.is_file())
    assert left == ["notes #1", "photos/tour#2", "raw/a.json", "raw/c#x"]


def test_folders_without_files_go_and_others_stay(storage: Storage, tmp_path: Path) -> None:
    for key in ("tfds/a/1.0.0/x", "blocks/a/x", "blocks/b/x"):
        storage.put(key, b"1")
    (tmp_path / "out/raw/empty").mkdir(parents=True)
    storage.delete("tfds/a/1.0.0/x", "blocks/b/x")
    storage.drop_empty_folders("blocks", "tfds")
    left = sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*"))
    assert left == ["blocks", "blocks/a", "blocks/a/x", "raw", "raw/empty"]
    Storage.at("s3://bucket/prefix").drop_empty_folders("blocks")


def test_half_written_objects_are_not_listed(storage: Storage, tmp_path: Path) -> None:
    storage.put("raw/a.json", b"1")
    (tmp_path / "out/raw/b.json#1").write_text("half")
    assert [entry.key for entry in storage.list("raw")] == ["raw/a.json"]


def test_a_link_leaves_nothing_beside_what_it_names(storage: Storage, tmp_path: Path) -> None:
    """Not even where the key is a link to the same object already, or where a folder stands."""
    storage.put("objects/a", b"1")
    storage.put("objects/b", b"2")
    for key in ("objects/a", "objects/a", "objects/b"):
        storage.link(key, "blocks/x")
        assert [path.name for path in (tmp_path / "out/blocks").iterdir()] == ["x"]
        assert storage.get("blocks/x") == storage.get(key)
    (tmp_path / "out/blocks/folder/inner").mkdir(parents=True)
    with pytest.raises(StorageError):
        storage.link("objects/a", "blocks/folder")
    assert sorted(path.name for path in (tmp_path / "out/blocks").iterdir()) == ["folder", "x"]


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    storage = Storage.at(str(tmp_path / "out"))
    with pytest.raises(StorageError) as caught:
        storage.put("k", b"1")
    assert "\n" not in str(caught.value)
    assert str(tmp_path / "out") in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_rights(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StorageError, match="cannot use"):
        Storage.at(str(tmp_path / "out")).put("k", b"1")


def test_a_full_disk_is_one_error_and_leaves_no_object(tmp_path: Path) -> None:
    """A limit on the size of files fails a write as a full disk does."""
    program = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000));"
        "from eia930.errors import StorageError; from eia930.store.storage import Storage\n"
        "storage = Storage.at(sys.argv[1]); storage.put('small', b'1')\n"
        "try: storage.put('k', b'x' * 5000)\n"
        "except StorageError as error: print(error); print(storage.exists('k'), storage.get('small'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "out")], capture_output=True, text=True, timeout=60, check=True
    )
    said, left = done.stdout.splitlines()
    assert "cannot use" in said
    assert left == "False b'1'"


def test_a_folder_that_may_not_be_written_needs_rights_and_no_space(tmp_path: Path) -> None:
    """As whoever is not root, to whom rights mean nothing."""
    tmp_path.chmod(0o555)
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        with pytest.raises(StorageError) as refused:
            Storage.at(str(tmp_path)).put("raw/x", b"1")
    finally:
        os.seteuid(before)
        tmp_path.chmod(0o755)
    assert "mend its rights, or choose another --output" in str(refused.value)
    assert "space" not in str(refused.value)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_needs_space(number: int) -> None:
    """As the client tells of it: the system's words, and its number."""
    assert _folder_remedy(f"Generic error: {os.strerror(number)} (os error {number})").startswith("free some space; ")


@pytest.mark.parametrize("place", ["s3:/eia/x", "s3:eia/x", "s3:///eia/x", "s3:////eia/x"])
def test_a_slash_too_few_or_too_many_is_no_folder(place: str) -> None:
    with pytest.raises(UsageError, match="did you mean s3://eia/x"):
        Storage.at(place)
    assert Storage.at("s3://eia/x").path is None
    assert Storage.at("s3").path is not None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'<?xml version="1.0"?>\n<Error><Code>NoSuchBucket</Code><Message>none</Message></Error>', ": NoSuchBucket "),
        (b"<Error><Code>SignatureDoesNotMatch</Code></Error>", ": SignatureDoesNotMatch "),
        (b"gone", ": gone "),
    ],
)
def test_what_a_server_of_buckets_refuses_is_told_by_its_name(
    body: bytes, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Refusing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "any")
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        with pytest.raises(StorageError) as refused:
            Storage("s3://none/x").reach()
        server.shutdown()
    assert f"403 Forbidden{said}(" in str(refused.value)
    assert "<" not in str(refused.value)


@pytest.mark.parametrize("place", ["http://[::1", "s3://[x/y", "x" * 256, "a/" * 2100, "\udc80", "a\0b"])
def test_what_no_place_can_be_called_is_one_line(place: str) -> None:
    with pytest.raises(UsageError, match="--quota ") as told:
        Storage.at(place, flag="--quota")
    assert len(str(told.value)) < 250
