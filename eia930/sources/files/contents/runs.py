# SPDX-License-Identifier: Apache-2.0
"""Equal texts that lie together, as nearly all keys of EIA's files do: each run is looked at once."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Number = TypeVar("Number", bound=np.generic)


def run_starts(texts: pa.StringArray) -> NDArray[np.intp]:
    """Where a text differs from the one before; 0 first, nothing of no texts."""
    change = pc.not_equal(texts[1:], texts[:-1]).to_numpy(zero_copy_only=False)
    return np.concatenate([np.zeros(min(1, len(texts)), np.intp), np.flatnonzero(change) + 1])


def of_each(values: NDArray[Number], starts: NDArray[np.intp], length: int) -> NDArray[Number]:
    """A value a run → a value each of `length` lines."""
    return values if len(starts) == length else np.repeat(values, np.diff(starts, append=length))
