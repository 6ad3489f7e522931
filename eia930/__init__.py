# SPDX-License-Identifier: Apache-2.0
"""The U.S. hourly electricity record (Form EIA-930), from its sources to a checked record.

Data pass the rooms from top to bottom; each imports from those above it alone (quality/architecture, `make lint`):

    reference   who and what exists: routes, respondents, hours
    question    what is asked: plan, spans, windows
    store       what is kept: folders and buckets, leases, the manifest
    sources     where hours come from: one dispatcher, its pace; api, files, both as one
    record      what they say: grid, tidy files, rejects, their account
    screening   which values to doubt
    estimating  what a missing or doubtful hour most likely was
    checks      which series contradict each other
    coverage    which hours exist at all
    account     what came of a load: sums, series, publication
    report      the page
    analysis    the short way of an analyst to all that: `eia930.hours(...)`

Beside them stands `emulator`, which imitates a source; `program` is how every program starts, reads flags and ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eia930.analysis.call import hours as hours

__all__ = ["__version__", "hours"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """`hours`, with what it needs, only when somebody asks for it."""
    if name == "hours":
        from eia930.analysis.call import hours

        return hours
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
