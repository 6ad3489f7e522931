# SPDX-License-Identifier: Apache-2.0
"""The whole load twice, once with garbage in every hour after train: train's files are the same to the byte."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from eia930.emulator import Emulator, RowSource, Series, synthetic
from eia930.reference.hours import parse_hour
from eia930.reference.routes import Route
from pipelines.historical import main

FIRST, END, NOW = "2023-06-01", "2024-02-01", parse_hour("2024-03-01T00")
VALIDATION, TEST, EMBARGO = "2023-09-01", "2023-11-15", 24
TRAIN_END = parse_hour(VALIDATION) - EMBARGO
BESIDE = ("sequences.parquet", "layout.json", "dataset_info.json", "features.json")


@dataclass(frozen=True)
class Found:
    """sha256 of every file of the training folders, and the catalogue's statistics of train."""

    files: dict[str, str]
    statistics: list[dict[str, Any]]


class Garbage:
    """The same rows; from `since` on, every value is garbage."""

    def __init__(self, rows: RowSource, since: int) -> None:
        self._rows, self._since = rows, since

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rows, name)

    def series(self, route: Route, respondent: str) -> tuple[Series, ...]:
        return tuple(self._garbled(one) for one in self._rows.series(route, respondent))

    def _garbled(self, one: Series) -> Series:
        chance = np.random.default_rng(len(one.hours))
        # Most are tiny, so that medians over the whole would call the hours of train outliers; some are huge.
        noise = np.where(chance.random(len(one.hours)) < 0.9, chance.integers(-3, 40, len(one.hours)), 10**6)
        values = np.where(one.hours >= self._since, noise, one.values).astype(np.int64)
        return Series(one.respondent, one.respondent_name, one.kind, one.kind_name, one.hours, values, one.empty)


def sums(out: Path) -> dict[str, str]:
    """sha256 of every file of the training folders, by path."""
    files = (path for folder in ("blocks", "tfds") for path in (out / folder).rglob("*") if path.is_file())
    return {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def statistics(out: Path) -> list[dict[str, Any]]:
    """What the catalogue says of train."""
    names = ["series_id", "train_count", "train_mean", "train_std", "train_median", "train_iqr"]
    rows: list[dict[str, Any]] = pq.read_table(out / "series.parquet", columns=names).to_pylist()
    return rows


def of_train(found: dict[str, str]) -> dict[str, str]:
    """Train's own files, and what stands beside all shards."""
    return {path: sha for path, sha in found.items() if "train" in path or path.endswith(BESIDE)}


@pytest.fixture(scope="module")
def clean_and_garbled(tmp_path_factory: pytest.TempPathFactory) -> list[Found]:
    pytest.importorskip("tensorflow_datasets", reason="dataset_info.json is written by its code")
    rows, found = synthetic(now=NOW), list[Found]()
    for source in (rows, Garbage(rows, TRAIN_END)):
        out = tmp_path_factory.mktemp("out")
        with pytest.MonkeyPatch.context() as patch, Emulator(source, now=NOW) as server:
            patch.setenv("EIA_API_KEY", "0123456789abcdef")
            words = ("--regions=PACW,ERCO", f"--start={FIRST}", f"--end={END}", "--formats=parquet,tfrecord")
            cuts = (f"--validation_start={VALIDATION}", f"--test_start={TEST}", f"--embargo_hours={EMBARGO}")
            pace = ("--requests_per_hour=1000000", "--burst_per_second=1000")
            assert main([f"--api_url={server.url}", f"--output={out}", *words, *cuts, *pace]) == 0
        found.append(Found(sums(out), statistics(out)))
    return found


def test_garbage_after_train_changes_no_file_of_train(clean_and_garbled: list[Found]) -> None:
    clean, garbled = (of_train(one.files) for one in clean_and_garbled)
    assert clean == garbled
    for config in ("series", "panel"):
        assert f"blocks/{config}/sequences.parquet" in clean
        assert f"tfds/eia930/{config}/1.0.0/sequences.parquet" in clean
        assert any(path.startswith(f"blocks/{config}/train-") for path in clean)
        assert any(path.startswith(f"tfds/eia930/{config}/1.0.0/eia930-train.tfrecord-") for path in clean)


def test_garbage_after_train_changes_no_statistic_of_the_catalogue(clean_and_garbled: list[Found]) -> None:
    clean, garbled = (one.statistics for one in clean_and_garbled)
    assert clean == garbled
    assert all(row["train_count"] for row in clean)


@pytest.mark.parametrize("split", ["validation", "test"])
def test_the_garbage_did_arrive(clean_and_garbled: list[Found], split: str) -> None:
    clean, garbled = (one.files for one in clean_and_garbled)
    shards = [path for path in clean if split in path and not path.endswith((".idx", ".crc32"))]
    assert len(shards) == 4  # two configs in two formats
    assert all(clean[path] != garbled[path] for path in shards)
