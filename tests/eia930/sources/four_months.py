# SPDX-License-Identifier: Apache-2.0
"""Two spans of settled hours, and a run that asks for them."""

import uuid
from datetime import UTC, datetime, timedelta

from eia930.question.span import Span
from eia930.reference.hours import parse_hour
from eia930.store.lease import Owner
from eia930.store.run import Run

FIRST, LAST = parse_hour("2019-01-01T00"), parse_hour("2019-04-30T23")
PACW = Span("region-data", "PACW", FIRST, LAST, density=3.0)
CAL = Span("fuel-type-data", "CAL", FIRST, LAST, density=8.0)


def run(owner: Owner | None = None) -> Run:
    """A run that begins in a second: all that is stored by then is of earlier ones."""
    return Run(owner or Owner.here(uuid.uuid4().hex), datetime.now(UTC) + timedelta(seconds=1))
