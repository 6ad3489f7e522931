# SPDX-License-Identifier: Apache-2.0
"""One byte of tidy/ that is not as it was written: whatever reads it says so in one line, and leaves the output."""

import io
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eia930.emulator import Emulator, synthetic
from eia930.reference.hours import parse_hour
from pipelines import blocks, coverage, historical, report

NOW = parse_hour("2024-03-01T00")
Contents = dict[str, tuple[bytes, int]]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two routes of two regions, and a coverage page, which a refused count must not take away."""
    out = tmp_path_factory.mktemp("damaged") / "out"
    with pytest.MonkeyPatch.context() as patch, Emulator(synthetic(now=NOW), now=NOW) as server:
        patch.setenv("EIA_API_KEY", "0123456789abcdef")
        words = ("--regions=PACW,AVRN", "--routes=region-data,fuel-type-data", "--start=2024-01-01", "--end=2024-01-10")
        pace = ("--requests_per_hour=1000000", "--burst_per_second=1000", "--formats=parquet")
        assert historical.main([f"--api_url={server.url}", f"--output={out}", *words, *pace]) == 0
    assert coverage.main([f"--from_tidy={out}"]) == 0
    return out


READERS: dict[str, Callable[[Path], int]] = {
    "blocks": lambda out: blocks.main([f"--output={out}"]),
    "report": lambda out: report.main([f"--output={out}"]),
    "coverage": lambda out: coverage.main([f"--from_tidy={out}"]),
}


@given(data=st.data())
@settings(max_examples=25, deadline=None)
@pytest.mark.parametrize("reader", READERS)
def test_any_byte_changed_is_one_line_and_exit_2(reader: str, loaded: Path, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sorted(loaded.glob("tidy/**/*.parquet"))))
    whole = path.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    path.write_bytes(whole[:place] + bytes([whole[place] ^ data.draw(st.integers(1, 255))]) + whole[place + 1 :])
    try:
        before, said, out = contents(loaded), io.StringIO(), io.StringIO()
        with redirect_stderr(said), redirect_stdout(out):
            assert READERS[reader](loaded) == 2
        assert contents(loaded) == before
    finally:
        path.write_bytes(whole)
    assert out.getvalue() == ""
    assert said.getvalue() == (
        f"error: {path.relative_to(loaded)} is damaged or of another load: its sha256 is not that of manifest.json "
        "(run python -m pipelines.historical on this folder again)\n"
    )


def contents(folder: Path) -> Contents:
    """Every file, save who worked on the output: its bytes, and when it was written."""
    files = (path for path in folder.rglob("*") if path.is_file() and folder / "raw/run" not in path.parents)
    return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}
