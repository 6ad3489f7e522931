# SPDX-License-Identifier: Apache-2.0
"""How many rows a respondent's series have, month by month: what every way of counting comes to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eia930.question.span import Span

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Counted:
    """One series: first and last hour with a row, and int64[months of the span] `rows`, `null` of them empty."""

    kind: str
    first: int
    last: int
    rows: Counts
    null: Counts


@dataclass(frozen=True, slots=True)
class Matrix:
    """A span's series, by kind. Month 0 is that of `span.first`."""

    span: Span
    series: tuple[Counted, ...]
