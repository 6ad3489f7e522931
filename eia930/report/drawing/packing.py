# SPDX-License-Identifier: Apache-2.0
"""Whole numbers as short text: differences in 7-bit groups, base64. page.js has the way back."""

from __future__ import annotations

from base64 import b64encode

import numpy as np
from numpy.typing import NDArray

_LIMIT = 1e9  # MW; the largest figure on record is 1.4e8


def pack_values(values: NDArray[np.float64]) -> str:
    """MW, NaN for none → text. Rounded to whole MW: 0 stands for none, else 1 + zigzag of the step."""
    there = ~np.isnan(values)
    whole = np.rint(np.clip(values[there], -_LIMIT, _LIMIT)).astype(np.int64)
    steps = np.diff(whole, prepend=0)
    codes = np.zeros(len(values), np.int64)
    codes[there] = 1 + ((steps << 1) ^ (steps >> 63))
    return _pack(codes)


def pack_rising(numbers: NDArray[np.int64] | NDArray[np.intp]) -> str:
    """Numbers ≥ 0 that never fall → text: their steps."""
    steps = numbers.astype(np.int64)
    steps[1:] -= steps[:-1].copy()
    return _pack(steps)


def pack_counts(numbers: NDArray[np.int64] | NDArray[np.intp] | NDArray[np.int16]) -> str:
    """Numbers ≥ 0 → text."""
    return _pack(numbers.astype(np.int64))


def _pack(numbers: NDArray[np.int64]) -> str:
    width = np.ones(len(numbers), np.int64)
    for bits in (7, 14, 21, 28):
        width += numbers >= 1 << bits
    starts = np.cumsum(width) - width
    packed = np.zeros(int(width.sum()), np.uint8)
    for place in range(5):
        mine = width > place
        more = (width[mine] > place + 1) << 7
        packed[starts[mine] + place] = (numbers[mine] >> (7 * place) & 127) | more
    return b64encode(packed.tobytes()).decode("ascii")
