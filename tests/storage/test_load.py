# SPDX-License-Identifier: Apache-2.0
"""A load into a bucket writes what it writes into a folder, goes on where it stopped, and is read by range."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import numpy as np
import pytest

import eia930
from eia930.emulator import Emulator, synthetic
from eia930.errors import UsageError
from eia930.sources.api.responses import held_in
from eia930.store.storage import Storage
from pipelines import blocks, historical, verify
from pipelines import report as report_page
from ringdata import RingBlocks
from tests.eia930.asked import hours_asked
from tests.storage.loads import KEY, NOW, checksums, cost, emulator, flags, manifest, report
from tests.storage.proxy import proxied
from tests.storage.s3_server import S3Server, environment, free_port


@dataclass(frozen=True, slots=True)
class Loaded:
    """The same load twice: in a folder and in a bucket."""

    api: Emulator
    folder: str
    bucket: str


@pytest.fixture(scope="module")
def loaded(s3: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    folder, bucket = str(tmp_path_factory.mktemp("local")), f"{s3.bucket('load')}/some/prefix"
    with emulator() as api, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SMALL_LOAD_KEY", KEY)
        for name, value in s3.environment().items():
            patch.setenv(name, value)
        for output in (folder, bucket):
            assert historical.main(flags(api.url, output)) == 0
        yield Loaded(api, folder, bucket)


def settled(output: str) -> dict[str, set[int]]:
    """Which hours of each respondent the stored responses settle."""
    storage = Storage.at(output)
    return {
        code: {hour for held in held_in(storage, "region-data", code) for hour in range(held.first, held.last + 1)}
        for code in ("PACW", "TEX")
    }


def test_a_bucket_is_verified_as_a_folder_is(loaded: Loaded, capsys: pytest.CaptureFixture[str]) -> None:
    for output in (loaded.folder, loaded.bucket):
        assert verify.main([f"--output={output}"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].replace(loaded.folder, "") == told[1].replace(loaded.bucket, "")
    storage, path = Storage.at(loaded.bucket), "tidy/region-data/respondent=TEX/part-00000.parquet"
    whole = storage.get(path)
    storage.put(path, whole[:-1] + b"?")
    assert verify.main([f"--output={loaded.bucket}"]) == 1
    storage.put(path, whole)
    assert capsys.readouterr().out.startswith(f"{path} is changed: its sha256 is another (python -m pipelines.hist")


def test_a_bucket_holds_the_same_bytes_as_a_folder(loaded: Loaded) -> None:
    assert len(manifest(loaded.folder)) > 5
    assert manifest(loaded.bucket) == manifest(loaded.folder)
    assert checksums(loaded.bucket) == manifest(loaded.bucket)
    # How hours were cut into requests depends on the order of arrival; which are settled does not.
    assert settled(loaded.bucket) == settled(loaded.folder)
    assert Storage.at(loaded.bucket).exists("_SUCCESS")


def test_a_second_run_asks_nothing(loaded: Loaded) -> None:
    before, asked = manifest(loaded.bucket), len(loaded.api.requests)
    assert historical.main(flags(loaded.api.url, loaded.bucket)) == 0
    assert len(loaded.api.requests) == asked
    assert report(loaded.bucket)["requests"]["sent"] == 0
    assert manifest(loaded.bucket) == before


def test_a_second_run_reads_what_an_output_says_of_itself_once_a_stage(
    loaded: Loaded, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxied(s3.endpoint) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        assert historical.main(flags(loaded.api.url, loaded.bucket)) == 0
        root = urlsplit(loaded.bucket.replace("s3://", "http://x/")).path
        passed = [(one.method, one.path.removeprefix(f"{root}/")) for one in proxy.passed]
    # Before it begins, once the output is its own, to publish, for the page, to finish, and for the last lines.
    for name, most in {"manifest.json": 6, "report.json": 5, "raw/origin": 4, "blocks.json": 2}.items():
        assert passed.count(("GET", name)) <= most, name
    assert ("PUT", "raw/origin") not in passed
    # What stands at its place is looked for there, and what is staged is listed.
    staged = [path for method, path in passed if path.startswith("objects/") and method in ("GET", "HEAD")]
    assert len(staged) == len(set(staged))


def test_a_damaged_object_is_asked_again(loaded: Loaded) -> None:
    storage, asked = Storage.at(loaded.bucket), len(loaded.api.requests)
    victim = storage.list("raw/eia/region-data/TEX")[1]
    whole = storage.get(victim.key)
    storage.put(victim.key, whole[:-20] + bytes(20))
    assert historical.main(flags(loaded.api.url, loaded.bucket)) == 0
    assert len(loaded.api.requests) > asked
    assert {seen.path for seen in loaded.api.requests[asked:]} == {hours_asked(loaded.api)[0].path}
    assert manifest(loaded.bucket) == manifest(loaded.folder)


def test_blocks_are_cut_again_in_the_bucket(loaded: Loaded) -> None:
    before = manifest(loaded.bucket)
    memory = msgspec.json.decode(Storage.at(loaded.bucket).get("blocks.json"), type=dict[str, Any])
    cut = ["--validation_start=2022-04-01", "--test_start=2022-06-01"]
    assert blocks.main([f"--output={loaded.bucket}", "--formats=parquet", *cut]) == 0
    assert manifest(loaded.bucket) == checksums(loaded.bucket) != before
    assert "blocks/panel/test-00000-of-00001.parquet" in manifest(loaded.bucket)
    # Without a flag the cuts stay as they are now.
    assert blocks.main([f"--output={loaded.bucket}", "--formats=parquet"]) == 0
    assert manifest(loaded.bucket) != before
    back = [f"--{name}={memory[name]}" for name in ("validation_start", "test_start")]
    assert blocks.main([f"--output={loaded.bucket}", "--formats=parquet", *back]) == 0
    assert manifest(loaded.bucket) == before


def test_the_page_is_made_again_in_the_bucket(loaded: Loaded) -> None:
    storage = Storage.at(loaded.bucket)
    page = storage.get("report/index.html")
    storage.delete("report/index.html")
    assert report_page.main([f"--output={loaded.bucket}"]) == 0
    assert storage.get("report/index.html") == page


@pytest.mark.parametrize("config", ["blocks/series", "blocks/panel"])
def test_the_reader_gives_the_same_arrays(loaded: Loaded, config: str) -> None:
    mine, theirs = (
        RingBlocks(f"{place}/{config}", split="train", context=2048, ring_size=2, ring_rank=1)
        for place in (loaded.bucket, loaded.folder)
    )
    assert len(mine) == len(theirs) > 0
    for field, expected in theirs[0].items():
        np.testing.assert_array_equal(mine[0][field], expected)


def test_a_rank_reads_its_slice_alone(loaded: Loaded, s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with proxied(s3.endpoint) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        costs = [cost(f"{loaded.bucket}/blocks/panel", proxy, ring_rank=rank) for rank in (None, 0, 1, 2, 3)]
    # Parquet is read by row groups, of a few blocks: a quarter's slice may touch two.
    assert max(costs[1:]) < 0.6 * costs[0]


def test_a_server_that_is_not_there_is_one_line_and_exit_3(
    loaded: Loaded, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = len(loaded.api.requests)
    for name, value in environment(f"http://127.0.0.1:{free_port()}").items():
        monkeypatch.setenv(name, value)
    for program, arguments in (
        (historical, flags(loaded.api.url, "s3://away/x")),
        (blocks, ["--output=s3://away/x"]),
        (report_page, ["--output=s3://away/x"]),
    ):
        assert program.main(arguments) == 3
        (said,) = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("fetch ")]
        assert said.startswith("error: cannot use s3://away/x")
    assert len(loaded.api.requests) == asked


def test_the_key_may_lie_in_a_bucket(loaded: Loaded, tmp_path: Path) -> None:
    Storage.at(loaded.bucket).put("secrets/eia", f"{KEY}\n".encode())
    reference = f"--api_key=file:{loaded.bucket}/secrets/eia"
    assert historical.main([*flags(loaded.api.url, str(tmp_path / "out")), reference, "--end=2022-02-01"]) == 0
    assert historical.main([*flags(loaded.api.url, str(tmp_path / "out")), f"{reference}-none"]) == 2


def test_an_analyst_reads_a_bucket_as_a_folder(loaded: Loaded) -> None:
    folder, bucket = (
        eia930.hours(place, regions=["PACW", "TEX"], start="2022-03-10", end="2022-03-15", tz="local", wide=True)
        for place in (loaded.folder, loaded.bucket)
    )
    assert bucket.equals(folder)
    assert folder["PACW.D"].null_count < 10


def test_a_bucket_that_is_not_there_is_told_from_one_without_a_load(loaded: Loaded) -> None:
    with pytest.raises(UsageError, match=r"s3://nobodys/out: there is no bucket nobodys"):
        eia930.hours("s3://nobodys/out", regions=["PACW"])
    with pytest.raises(UsageError, match="holds no load"):
        eia930.hours(f"{loaded.bucket}/elsewhere", regions=["PACW"])


def test_a_refused_key_leaves_a_finished_load_in_a_bucket_as_it_is(
    loaded: Loaded, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Last, for the run that it leaves unfinished is gone on with."""
    storage = Storage.at(loaded.bucket)
    before, account, mark = checksums(loaded.bucket), report(loaded.bucket), storage.get("_SUCCESS")
    monkeypatch.setenv("SMALL_LOAD_KEY", "another key")
    with Emulator(synthetic(now=NOW), now=NOW, key=KEY) as strict:
        assert historical.main([*flags(strict.url, loaded.bucket), "--refresh"]) == 3
    assert checksums(loaded.bucket) == before
    assert report(loaded.bucket) == account
    assert storage.get("_SUCCESS") == mark
    assert storage.exists("report/stopped.json")
    assert capsys.readouterr().err.splitlines()[-1].startswith("note      the earlier load in this output stands")
