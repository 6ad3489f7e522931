# SPDX-License-Identifier: Apache-2.0
"""The pace of a whole run at its defaults, as the server's own log tells it."""

from bisect import bisect_right
from pathlib import Path

import pytest

from eia930.emulator import Emulator, synthetic
from eia930.reference.hours import parse_hour
from pipelines.historical import main
from tests.eia930.asked import hours_asked


@pytest.mark.slow
def test_the_default_pace_is_kept_and_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """6,300 an hour, 3 a second, answers after 0.8 to 1.6 s: at least 0.98 of 1.75 a second, never 4 in one."""
    monkeypatch.setenv("EIA_API_KEY", "CANARYcanary0123456789CANARYcanary012345")
    words = ("--regions=PACW,CAL,ERCO", "--start=2023-12-01", "--end=2023-12-21", "--hours_per_request=24")
    source = synthetic(now=parse_hour("2024-01-15T00"))
    with Emulator(source, latency=(1.2, 0.4)) as server:
        assert main([f"--api_url={server.url}", f"--output={tmp_path}", "--formats=parquet", *words]) == 0
        starts, hours = (sorted(seen.at for seen in some) for some in (server.requests, hours_asked(server)))
    assert (len(hours), len(starts)) == (60, 62)
    assert (len(hours) - 1) / (hours[-1] - hours[0]) >= 0.98 * 1.75
    assert max(bisect_right(starts, start + 1.0) - place for place, start in enumerate(starts)) <= 3
