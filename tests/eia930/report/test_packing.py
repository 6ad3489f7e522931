# SPDX-License-Identifier: Apache-2.0
"""Packed numbers come back as they were. The same way back stands in page.js; the browser tests try that one."""

from base64 import b64decode

import hypothesis.strategies as st
import numpy as np
from hypothesis import given

from eia930.report.drawing.packing import pack_counts, pack_rising, pack_values


def numbers(text: str) -> list[int]:
    found, value, shift = [], 0, 0
    for byte in b64decode(text):
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            found.append(value)
            value, shift = 0, 0
    return found


@given(st.lists(st.none() | st.integers(-(10**9), 10**9), max_size=50))
def test_values_come_back(values: list[int | None]) -> None:
    last, back = 0, list[int | None]()
    for code in numbers(pack_values(np.array([np.nan if v is None else v for v in values], np.float64))):
        last += 0 if not code else -(code // 2) if code % 2 == 0 else (code - 1) // 2
        back.append(last if code else None)
    assert back == values


@given(st.lists(st.integers(0, 10**6), max_size=50))
def test_counts_and_rising_numbers_come_back(values: list[int]) -> None:
    assert numbers(pack_counts(np.array(values, np.int64))) == values
    assert np.cumsum(numbers(pack_rising(np.array(sorted(values), np.int64)))).tolist() == sorted(values)


def test_an_hour_takes_few_bytes() -> None:
    day = np.rint(40000 + 9000 * np.sin(np.arange(10_000) / 24 * 2 * np.pi))
    assert len(pack_values(day)) < 3 * len(day)
