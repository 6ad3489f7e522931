# SPDX-License-Identifier: Apache-2.0
"""Which hours a model may learn from: reported, and not flagged by a screening that saw its own split alone.

A flag of the tidy files comes from the whole history: medians of later years are in it. Here each split is
screened by itself, so that nothing of validation or test decides which hours train sees.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from eia930.record.assembly import Screening

Range = tuple[int, int]
"""Places [first, end) of a split on the series' frame."""


def trusted(
    series_id: str,
    value: NDArray[np.float64],
    splits: Iterable[Range],
    *,
    screening: Screening,
    against: frozenset[str],
    hour: int = 0,
) -> NDArray[np.bool_]:
    """bool[hours]: the value is there, lies in a split, and none of the flags `against` it was found in that split.

    `hour` is that of the first place, since 1970 UTC: whole days are screened, as where tidy files are flagged.
    """
    result = np.zeros(len(value), bool)
    doubt = np.array([name in against for name in screening.names])
    for first, end in splits:
        here = slice(max(first, 0), max(end, 0))
        part = value[here]
        result[here] = ~np.isnan(part)
        # The screening is most of the work: none where nothing that it finds would count.
        if len(part) and doubt.any():
            code, _ = screening.framed(series_id, part, before=(hour + here.start) % 24)
            result[here] &= ~doubt[code]
    return result
