# SPDX-License-Identifier: Apache-2.0
"""An EIA Open Data API v2 on a real socket: synthetic hours or real rows, at the pace and with the faults asked for.

Loads nothing before somebody asks for it, so that `python -m eia930.emulator` hears Ctrl-C from the first moment on.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eia930.emulator.faults import Faults
    from eia930.emulator.recorded_rows import replay
    from eia930.emulator.series import RowSource, Series
    from eia930.emulator.server import Emulator, Seen
    from eia930.emulator.synthetic_rows import synthetic

__all__ = ["Emulator", "Faults", "RowSource", "Seen", "Series", "replay", "synthetic"]
_IN = {
    "Emulator": "server",
    "Faults": "faults",
    "RowSource": "series",
    "Seen": "server",
    "Series": "series",
    "replay": "recorded_rows",
    "synthetic": "synthetic_rows",
}


def __getattr__(name: str) -> Any:
    """A name of `__all__`, from the module that has it; asked for once."""
    if name not in _IN:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f"{__name__}.{_IN[name]}"), name)
    return found
