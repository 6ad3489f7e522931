# SPDX-License-Identifier: Apache-2.0
"""What a later load does not do again: checks and shards of the same hours; and every byte is the same."""

import hashlib
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import transforms.blocks
import transforms.check
from eia930.emulator import Emulator, synthetic
from eia930.reference.hours import parse_hour
from pipelines.historical import main
from tests.pipelines.test_historical import report

NOW = parse_hour("2024-03-01T00")
CUTS = ("--validation_start=2023-08-01", "--test_start=2023-12-01")
PACE = ("--requests_per_hour=1000000", "--burst_per_second=1000")
WORDS = ("--regions=PACW", "--start=2023-04-01", *CUTS, *PACE)
BOUND_TO_A_RUN = ("raw", "objects", "report", "report.json", "manifest.json", "_SUCCESS", "columns")


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often shards are built, what stands beside them is made, and the checks are run."""
    counts = Counter[str]()

    def counted(module: Any, name: str) -> None:
        inner = getattr(module, name)

        def outer(*args: Any, **words: Any) -> Any:
            counts[name] += 1
            return inner(*args, **words)

        monkeypatch.setattr(module, name, outer)

    counted(transforms.blocks, "shard_files")
    counted(transforms.blocks, "config_files")
    counted(transforms.check, "run_checks")
    monkeypatch.setenv("EIA_API_KEY", "key")
    return counts


def load(out: Path, end: str) -> dict[str, Any]:
    with Emulator(synthetic(now=NOW), now=NOW) as server:
        assert main([f"--api_url={server.url}", f"--output={out}", f"--end={end}", *WORDS]) == 0
    return report(out)


def files(out: Path) -> dict[str, str]:
    """Path → sha256 of all that does not name its run."""
    found = (path.relative_to(out) for path in sorted(out.rglob("*")) if path.is_file())
    ours = (path for path in found if path.parts[0] not in BOUND_TO_A_RUN)
    return {str(path): hashlib.sha256((out / path).read_bytes()).hexdigest() for path in ours}


def test_an_hour_more_builds_the_shards_of_its_split_alone(tmp_path: Path, work: Counter[str]) -> None:
    out = tmp_path / "out"
    first = load(out, "2024-02-01T00")
    shards = work.pop("shard_files")
    assert shards == 6
    assert work == {"config_files": 2, "run_checks": 1}
    work.clear()
    stands = files(out)

    again = load(out, "2024-02-01T00")
    assert (work, files(out)) == ({}, stands)
    assert [again[name] for name in ("rows", "hours", "series", "checks")] == [
        first[name] for name in ("rows", "hours", "series", "checks")
    ]

    # Two of train that do not stand as they were written are built again besides.
    gone, damaged = sorted((out / "blocks").rglob("train-*.parquet"))
    gone.unlink()
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"x")
    later = load(out, "2024-02-01T01")
    assert work == {"shard_files": 4, "config_files": 2, "run_checks": 1}
    shutil.copytree(out / "raw/eia", tmp_path / "nothing/raw/eia")
    shutil.copy(out / "raw/origin", tmp_path / "nothing/raw/origin")
    nothing = load(tmp_path / "nothing", "2024-02-01T01")
    assert files(out) == files(tmp_path / "nothing")
    for name in ("rows", "rejects", "hours", "series", "checks", "revised", "completeness"):
        assert later[name] == nothing[name]
