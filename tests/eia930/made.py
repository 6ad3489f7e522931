# SPDX-License-Identifier: Apache-2.0
"""Rows made for tests that need what no one has recorded here: hours of the emulator's world, in which all adds up."""

from collections.abc import Collection, Sequence

import numpy as np

from eia930.emulator import RowSource, synthetic
from eia930.reference.routes import Route
from eia930.reference.series import SeriesKey
from eia930.screening.frames import Frames, on_frame


def world(*, last: int) -> RowSource:
    """The emulator's world without a defect, from 2019-01-01T00 to hour `last`."""
    return synthetic(now=last, defects=False)


def frames(source: RowSource, routes: Sequence[Route], *, first: int, last: int, codes: Collection[str] = ()) -> Frames:
    """Series id → MW of the hours `first`..`last`, of the respondents `codes` or all."""
    found: Frames = {}
    for route in routes:
        for code in source.respondents(route):
            for one in source.series(route, code) if not codes or code in codes else ():
                whole = np.full(int(one.hours[-1] - one.hours[0]) + 1, np.nan)
                whole[one.hours - one.hours[0]] = one.values
                name = SeriesKey(route, code, one.kind).id
                found[name] = on_frame(whole, starts=int(one.hours[0]), first=first, last=last)
    return {name: found[name] for name in sorted(found)}
