# SPDX-License-Identifier: Apache-2.0
"""Which hours of a series are not to be trusted: those with a flag. What checks find by the hour joins here."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eia930.analysis.reading import Found


def doubted(found: Found) -> NDArray[np.bool_]:
    """bool[rows of the series]: whether the screening flagged the value."""
    marked: NDArray[np.bool_] = found.flag.is_valid().to_numpy(zero_copy_only=False)
    return marked
