# SPDX-License-Identifier: Apache-2.0
"""When a stored hour is asked for once more: the younger it was when retrieved, the sooner; never once it has settled.

The pause is the power of two of hours that is at most a sixth of the age then, so about an eighth of it, and it ends
where the clock passes a multiple of it. So hours of one age fall due in one run, whoever's they are, and the younger
ones with them: what is due of a respondent is one stretch up to the newest hour, and one request.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from eia930.question.pieces import Flags
from eia930.reference.routes import PAGE

_SHARE = 6.0
"""A pause is longer than half of the age's sixth, and no longer than it."""
_SHORTEST = 1 / 64
"""Hours: an hour that had not ended is asked for again after about a minute."""
Moments = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Again:
    """When what is stored is asked again. `now` in Unix seconds; what is stored `since` then is of this run.

    Hours retrieved at an age of `settle_hours` have settled: they are looked at again in rounds of `revisit_days`,
    where that is given. With `refresh` all is asked again.
    """

    settle_hours: int
    since: datetime
    now: float
    refresh: bool = False
    revisit_days: int | None = None

    @property
    def begun(self) -> float:
        """A moment that is the same all through a run, Unix seconds."""
        return min(self.now, self.since.timestamp())


def unsettled(hour: NDArray[np.int64], retrieved: Moments, now: float) -> Flags:
    """bool[n]: which hours (since 1970 UTC, hour ending), `retrieved` in Unix seconds and not settled, are due."""
    age = np.maximum((retrieved / 3600 - hour) / _SHARE, _SHORTEST)
    pause = 3600 * np.exp2(np.floor(np.log2(age)))
    due: Flags = np.floor(now / pause) != np.floor(retrieved / pause)
    return due


def revisited(name: str, density: float, hour: NDArray[np.int64], retrieved: Moments, turn: Again) -> Flags:
    """bool[n]: which settled hours of `name`, of `density` rows each, the round has passed since they were retrieved.

    About a page of them at a time, each at its own moment of the round: a run asks for its share of the pages.
    """
    if not turn.revisit_days:
        return np.zeros(len(hour), bool)
    blocks = hour // 2 ** int(np.log2(max(1.0, PAGE / max(density, 1.0))))
    some, place = np.unique(blocks, return_inverse=True)
    phase = np.array([zlib.crc32(f"{name}/{block}".encode()) / 2**32 for block in some.tolist()])[place]
    seconds = 86400.0 * turn.revisit_days
    due: Flags = np.floor(turn.now / seconds + phase) > np.floor(retrieved / seconds + phase)
    return due
