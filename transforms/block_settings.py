# SPDX-License-Identifier: Apache-2.0
"""What a user chose of the training blocks. Apart from the transform, so that reading flags loads no Beam."""

from dataclasses import dataclass

from ringdata.layout import Cuts


@dataclass(frozen=True, slots=True)
class BlockSettings:
    """Cuts between the splits, formats (none: no blocks), and which flags count against an hour.

    `first`..`last` (inclusive, hours since 1970 UTC) is the frame on which values are read.
    """

    cuts: Cuts
    formats: tuple[str, ...]
    against: frozenset[str]
    first: int
    last: int
