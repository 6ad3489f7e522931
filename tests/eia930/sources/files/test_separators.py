# SPDX-License-Identifier: Apache-2.0
"""Thousands separators leave in bulk: whatever stands between quotes, the lines are those of one cell after another."""

import io
import re

from hypothesis import given
from hypothesis import strategies as st

from eia930.sources.files.contents.reading import Lines

NUMBERS = st.integers(-(10**10), 10**10).map(lambda value: f"{value:,}")
ODD = st.text("0123456789,-a.", max_size=9)
CELLS = st.lists(st.tuples(st.booleans(), NUMBERS | ODD), min_size=1, max_size=12)


def one_by_one(cells: list[tuple[bool, str]]) -> str:
    def of(cell: str) -> str:
        if "," not in cell:
            return cell
        return cell.replace(",", "") if re.fullmatch(r"-?\d{1,3}(,\d{3})+", cell) else f'"{cell}"'

    return ",".join(of(text) if quoted else text.replace(",", "") for quoted, text in cells) + "\n"


@given(CELLS)
def test_quoted_numbers_lose_their_commas_and_nothing_else_does(cells: list[tuple[bool, str]]) -> None:
    line = ",".join(f'"{text}"' if quoted else text.replace(",", "") for quoted, text in cells) + "\n"
    lines = Lines("file", io.BytesIO(b"header\n" + line.encode()))
    lines.header()
    assert b"".join(lines.blocks()).decode() == one_by_one(cells)
