# SPDX-License-Identifier: Apache-2.0
"""Equal texts that lie together, as nearly all keys of EIA's files do: each run is looked at once."""

from __future__ import annotations

from itertools import pairwise
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Number = TypeVar("Number", bound=np.generic)
_RUNS = 64
"""Authorities that a block may hold, if lines lie as EIA's."""


def run_starts(texts: pa.StringArray) -> NDArray[np.intp]:
    """Where a text differs from the one before; 0 first, nothing of no texts."""
    change = pc.not_equal(texts[1:], texts[:-1]).to_numpy(zero_copy_only=False)
    return np.concatenate([np.zeros(min(1, len(texts)), np.intp), np.flatnonzero(change) + 1])


def of_each(values: NDArray[Number], starts: NDArray[np.intp], length: int) -> NDArray[Number]:
    """A value a run → a value each of `length` lines."""
    return values if len(starts) == length else np.repeat(values, np.diff(starts, append=length))


def repeating(texts: pa.StringArray, starts: NDArray[np.intp]) -> tuple[list[str], NDArray[np.int32]]:
    """Texts → those that there are, and int32 a line: which of them. From each of `starts` on, the same come again
    in the same order as a rule: an authority's neighbours, hour by hour. Where they do not, each is looked up."""
    found, names = np.empty(len(texts), np.int32), list[str]()
    if len(starts) > _RUNS:
        starts = starts[:1]
    for begin, end in pairwise([*starts.tolist(), len(texts)]):
        some, places = _turns(texts[begin:end])
        found[begin:end] = places + np.int32(len(names))
        names += some
    return names, found


def _turns(texts: pa.StringArray) -> tuple[list[str], NDArray[np.int32]]:
    turn = pc.index(texts[1:], texts[0]).as_py() + 1
    if turn and pc.all(pc.equal(texts[turn:], texts[:-turn])).as_py():
        return texts[:turn].to_pylist(), np.resize(np.arange(turn, dtype=np.int32), len(texts))
    coded = texts.dictionary_encode()
    return coded.dictionary.to_pylist(), coded.indices.to_numpy()
