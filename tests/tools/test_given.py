# SPDX-License-Identifier: Apache-2.0
"""Whatever script is given a folder that is missing or holds something else says so in one line, and ends with 2."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CASES = {
    "benchmarks/bucket.py": ("benchmarks/bucket.py", "s3:/{}"),
    "benchmarks/coverage_requests.py": ("benchmarks/coverage_requests.py", "--replay={}"),
    "benchmarks/estimate.py": ("benchmarks/estimate.py", "--rows={}", "--labels={}"),
    "benchmarks/inputs.py": ("benchmarks/inputs.py", "--rows={}", "--labels={}"),
    "benchmarks/quality_figures.py": ("benchmarks/quality_figures.py", "--years={}", "--day={}"),
    "benchmarks/real_blocks.py": ("benchmarks/real_blocks.py", "{}"),
    "benchmarks/real_blocks.py --rows": ("benchmarks/real_blocks.py", "--rows={}"),
    "benchmarks/real_rows.py": ("benchmarks/real_rows.py", "{}"),
    "deploy.flink.cluster": ("-m", "deploy.flink.cluster", "--folder={}", "status"),
    "deploy.flink.compare": ("-m", "deploy.flink.compare", "--folder={}"),
    "deploy.flink.compare --rows": ("-m", "deploy.flink.compare", "--rows={}"),
    "examples/compare_ring.py": ("examples/compare_ring.py", "{}", "--forecasts={}"),
    "tools/wrap.py": ("tools/wrap.py", "{}"),
}

SOME = ("benchmarks/quality_figures.py", "benchmarks/real_blocks.py", "deploy.flink.cluster", "tools/wrap.py")
"""One of each kind of them; the others take a second or two of imports each."""


def given(tmp_path: Path, kind: str) -> Path:
    place = tmp_path / kind
    if kind == "foreign":
        place.mkdir()
        (place / "notes.txt").write_text("nothing of ours")
    elif kind == "file":
        place.write_text("nothing of ours")
    return place


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        pytest.param(name, kind, marks=[] if kind == "foreign" and name in SOME else pytest.mark.slow)
        for name in CASES
        for kind in ("foreign", "missing", "file")
        if not (kind == "file" and name in ("tools/wrap.py", "deploy.flink.compare --rows"))
    ],
)
def test_what_is_missing_or_foreign_is_one_line(name: str, kind: str, tmp_path: Path) -> None:
    place = given(tmp_path, kind)
    words = [word.format(place) for word in CASES[name]]
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert str(place) in done.stderr


def test_an_api_page_into_a_file_is_refused(tmp_path: Path) -> None:
    words = ["tools/api.py", f"--to={given(tmp_path, 'file')}"]
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("is a file: give a folder\n")


def test_a_benchmark_that_no_page_names_is_refused() -> None:
    words = ["benchmarks/page.py", "nosuch"]
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode
    assert done.stderr.startswith("no page names nosuch; there are ")
