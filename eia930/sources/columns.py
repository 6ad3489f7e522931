# SPDX-License-Identifier: Apache-2.0
"""What every source's stored answers are turned into: rows as columns, and what the answer speaks of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec
import numpy as np
from numpy.typing import NDArray

Hours = NDArray[np.int64]
Row = msgspec.Raw | str
"""A row as it was served: JSON where it is some, else its text."""
LARGEST = float(np.finfo(np.float32).max)
"""MWh: blocks hold no larger number, and sums over many of them stay finite. Who serves one serves none."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that is not kept: its place in the answer, the row verbatim, and why."""

    index: int
    row: str
    reason: str


@dataclass(frozen=True, slots=True)
class Filled:
    """What EIA puts where nobody reported anything: `hour`, `kind` and `value` (MW) as in Columns. No rows."""

    hour: Hours
    kind: NDArray[np.int32]
    value: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Columns:
    """Kept rows of one answer, in the order served.

    `hour` int64 (hours since 1970 UTC, hour ending), `kind` int32 (index into `kinds`), `value` float64
    (MW, or MWh in the hour; NaN where the row has none). `received` counts all rows, refused ones too.
    """

    received: int
    hour: Hours
    kind: NDArray[np.int32]
    kinds: tuple[str, ...]
    value: NDArray[np.float64]
    refused: tuple[Refusal, ...] = ()
    adjusted: NDArray[np.float64] | None = None
    """float64 a row: what EIA puts in the value's place, MW (NaN: nothing); None where the source has none."""
    filled: Filled | None = None
    """The same of hours without a row."""


class AnswerName(msgspec.Struct, frozen=True, array_like=True):
    """A stored answer by where it lies, its bytes, and a checksum of them that was held against them in this run."""

    name: str
    size: int
    checksum: str


@dataclass(frozen=True, slots=True)
class Stored:
    """What a stored answer says of one respondent in one route.

    Of hours `first`..`last` (inclusive) and `kinds` (empty: all) it is the whole word: a row that is not in `columns`
    did not exist `at` the time it was retrieved. `columns` may hold rows of other hours besides.
    """

    name: str
    """Where it lies in the output; names it in `rejects/`."""
    first: int
    last: int
    kinds: tuple[str, ...]
    columns: Columns
    at: datetime
    source: str = ""
    """Whose word it is, where a source brings several; the source's own name is empty."""
    rank: int = 0
    """Of two that have a value, the word of the higher rank stands."""
    outside_counts: bool = True
    """Whether an hour that it has no row of counts as missing before a series' first value and after its last too."""
