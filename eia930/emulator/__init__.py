# SPDX-License-Identifier: Apache-2.0
"""An EIA Open Data API v2 on a real socket: synthetic hours or real rows, at the pace and with the faults asked for."""

from eia930.emulator.faults import Faults
from eia930.emulator.replay import replay
from eia930.emulator.series import RowSource, Series
from eia930.emulator.server import Emulator, Seen
from eia930.emulator.synthetic import synthetic

__all__ = ["Emulator", "Faults", "RowSource", "Seen", "Series", "replay", "synthetic"]
