# SPDX-License-Identifier: Apache-2.0
"""What a shard can do, whatever its format: fill arrays with the tokens of consecutive rows, by one byte range."""

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ringdata.errors import DamagedFile
from ringdata.files import Files


class Tokens(NamedTuple):
    """Values in MW, float32[n], and whether each was observed, uint8[n]."""

    value: NDArray[np.float32]
    observed: NDArray[np.uint8]

    def part(self, start: int, stop: int) -> "Tokens":
        """A view of tokens [start, stop)."""
        return Tokens(self.value[start:stop], self.observed[start:stop])

    def fill(self, other: "Tokens") -> None:
        """Copy as many tokens from `other`."""
        self.value[:] = other.value
        self.observed[:] = other.observed

    def clear(self) -> None:
        """Nothing observed."""
        self.value[:] = self.observed[:] = 0

    def forget(self) -> None:
        """Set what was not observed to 0: an input may hold an estimate there, a label nothing."""
        self.value[self.observed == 0] = 0

    @property
    def bytes(self) -> NDArray[np.uint8]:
        """The values as uint8[n, 4], a view."""
        return self.value.view(np.uint8).reshape(-1, 4)


def empty_tokens(count: int) -> Tokens:
    """Room for `count` tokens."""
    return Tokens(np.empty(count, np.float32), np.empty(count, np.uint8))


class ShardReader(Protocol):
    """Reads tokens of consecutive rows of one sequence."""

    def read(self, files: Files, row: int, token: int, out: Tokens) -> Tokens:
        """Fill `out` from token `token` of row `row` on (whole hours), and give the hour after it."""


def read_range(files: Files, name: str, start: int, stop: int) -> bytes:
    """Bytes [start, stop) of a shard, all of them."""
    content = files.read_at(name, start, stop - start)
    if len(content) != stop - start:
        raise DamagedFile(f"{files.at(name)} ends before byte {stop}: it was cut since it was opened; copy it again")
    return content
