# SPDX-License-Identifier: Apache-2.0
"""The two ways in which series become sequences of blocks: each one alone, or all of them side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from ringdata.errors import LayoutError

_Any = TypeVar("_Any")


@dataclass(frozen=True, slots=True)
class Config:
    """A way to cut: `alone` is whether a sequence is one series; `sums` are its columns of running sums."""

    name: str
    alone: bool
    sums: tuple[str, ...] = ()

    def place(self, number: int) -> tuple[int, int]:
        """Sequence and slot of the series that stands at `number` among all."""
        return (number, 0) if self.alone else (0, number)

    def held(self, members: Sequence[_Any], sequence_id: int) -> Sequence[_Any]:
        """Those that a sequence holds, by slot."""
        return members[sequence_id : sequence_id + 1] if self.alone else members


SERIES = Config("series", alone=True, sums=("cum_n", "cum_sum", "cum_sumsq"))
PANEL = Config("panel", alone=False)
CONFIGS = (SERIES, PANEL)


def config_named(name: str) -> Config:
    """LayoutError for a name that no config has."""
    for config in CONFIGS:
        if config.name == name:
            return config
    raise LayoutError(f"no config {name!r}; there are {', '.join(config.name for config in CONFIGS)}")
