# SPDX-License-Identifier: Apache-2.0
"""From a rank's slice to tokens of a model: a token is a patch of hours of one series, or a part of it. numpy only."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Patches:
    """Tokens of `hours` hours of the series in `chosen`, of the `slots` that the panel has an hour.

    Where `parts` is more than one, each patch becomes so many tokens of equal length. They share its position, so
    each sees the others, and the forecast is made at the same hour.
    """

    hours: int
    slots: int
    chosen: tuple[int, ...]
    parts: int = 1

    @property
    def names(self) -> int:
        """Series that become tokens."""
        return len(self.chosen)

    def cut(self, item: Mapping[str, NDArray[Any]]) -> Arrays:
        """An item of `RingBlocks` as tokens in the order in which the rank holds them: by patch, series and part.

        `value`, `observed`, `target`, `loss_mask` [tokens, hours / parts]; `position` [tokens], the patch's first hour;
        `slot` [tokens], the place within `chosen`, times `parts`, and which part it is.
        """
        wide = {name: self.tokens(item[name]) for name in ("value", "observed", "target", "loss_mask")}
        own = self.names * self.parts  # tokens a patch of hours
        position = np.repeat(self.tokens(item["position"])[::own, 0], own)
        slot = np.tile(np.arange(own, dtype=np.int32), len(position) // own)
        return wide | {"position": position.astype(np.int32), "slot": slot}

    def tokens(self, field: NDArray[Any]) -> NDArray[Any]:
        """[patches · hours · slots] as [patches · chosen · parts, hours / parts]."""
        by_hour = field.reshape(-1, self.hours, self.slots)[:, :, list(self.chosen)]
        return np.ascontiguousarray(by_hour.transpose(0, 2, 1)).reshape(-1, self.hours // self.parts)
