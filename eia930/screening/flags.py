# SPDX-License-Identifier: Apache-2.0
"""Why a value is suspect: the names of the `flag` column, in the order in which the screening finds them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FLAGS: tuple[str, ...] = (
    "",
    "negative_or_zero",
    "identical_run",
    "global_outlier",
    "global_outlier_neighbor",
    "local_outlier_high",
    "local_outlier_low",
    "double_delta",
    "single_delta",
    "anomalous_region",
)

PROVISIONAL_HOURS = 336
"""So many hours at the end of the frame may still change their flags when later hours come in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Screened:
    """What screening one series found.

    `code` is uint8[hours], an index into `FLAGS` (0 = nothing found, or the hour is missing). `g` (MW) and `iqr_r`
    (a ratio) are the two statistics that belong to the whole series; NaN where the method does not use them.
    """

    code: NDArray[np.uint8]
    g: float
    iqr_r: float
