# SPDX-License-Identifier: Apache-2.0
"""Laws are tested without a deadline: a busy machine is no counterexample. Recorded rows are read once."""

from pathlib import Path

import pytest
from hypothesis import settings

from eia930.reference.routes import FUEL, INTERCHANGE, REGION
from eia930.screening.frames import Frames, read_frames

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def years(recorded: Path) -> Frames:
    """Demand and forecasts of five years, from 2015-07-01T05: series id → MW."""
    return read_frames(recorded / "region-data_2015-07_2020-07.parquet", REGION)[1]


@pytest.fixture(scope="session")
def day(recorded: Path) -> Frames:
    """All series of three routes for the 25 hours from 2022-07-10T00: series id → MW."""
    frames: Frames = {}
    for route in (REGION, FUEL, INTERCHANGE):
        frames |= read_frames(recorded / f"{route.id}_2022-07-10.parquet", route)[1]
    return frames
