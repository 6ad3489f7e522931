# SPDX-License-Identifier: Apache-2.0
"""What to read for the tokens that a rank holds, where they are not whole hours of all slots, one after another."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ringdata.orders import Span


@dataclass(frozen=True, slots=True)
class Cover:
    """Stored tokens [start, stop) of a window, whole hours; `picks` int64[n] are those held of them, None: all."""

    start: int
    stop: int
    picks: NDArray[np.int64] | None = None

    @property
    def size(self) -> int:
        """Tokens held."""
        return self.stop - self.start if self.picks is None else len(self.picks)


def plain_covers(spans: Sequence[Span]) -> tuple[Cover, ...]:
    """Spans of whole hours of all slots: each is read as it is held."""
    return tuple(Cover(start, stop) for start, stop in spans)


def picked_covers(spans: Sequence[Span], chosen: NDArray[np.int64], *, slots: int, gap: int) -> tuple[Cover, ...]:
    """Spans of tokens of `chosen` slots, of `slots` stored: hours less than `gap` hours apart are read at once."""
    groups: list[list[Span]] = []
    for start, stop in spans:
        if groups and start // len(chosen) - -(-groups[-1][-1][1] // len(chosen)) < gap:
            groups[-1].append((start, stop))
        else:
            groups.append([(start, stop)])
    return tuple(_cover(group, chosen, slots) for group in groups)


def _cover(group: list[Span], chosen: NDArray[np.int64], slots: int) -> Cover:
    first, end = group[0][0] // len(chosen), -(-group[-1][1] // len(chosen))
    held = np.concatenate([np.arange(start, stop) for start, stop in group])
    picks = (held // len(chosen) - first) * slots + chosen[held % len(chosen)]
    return Cover(first * slots, end * slots, picks)
