# SPDX-License-Identifier: Apache-2.0
"""How many lines a BALANCE file of a closed half must have: one an authority and local hour of its life.

The rule gives every row count that others have published, to the line; so a file that lost lines is found out.
"""

from __future__ import annotations

from collections.abc import Mapping

from eia930.reference.clocks import EARLIEST, clock_of
from eia930.reference.halves import Half
from eia930.reference.life import Life
from eia930.reference.respondents import Lives, respondents
from eia930.sources.files.contents.columns import FileAccount
from eia930.sources.files.names import BALANCE, FileName

_FILED = 3 * 24
"""Hours after the end of a half until all of it is published."""


def expected_rows(half: Half, living: Lives) -> dict[str, int]:
    """Lines of a half by authority."""
    counts = {code: _rows(code, half, life) for code, life in living.items()}
    return {code: rows for code, rows in counts.items() if rows}


def filing() -> Lives:
    """The authorities of the tables, each with its life."""
    return {code: about.life for code, about in respondents().items() if about.kind == "authority"}


def shortfall(file: FileName, account: FileAccount, retrieved: int, living: Lives) -> str:
    """One line with both numbers where a closed half has other counts than expected; else empty.

    `retrieved` is the hour of retrieval (since 1970 UTC). Nothing is expected of authorities that the tables lack, nor
    of those whose life begins or ends within the half on a day of which no hour is known.
    """
    if file.kind != BALANCE or retrieved < file.half.hours()[1] + _FILED:
        return ""
    living = {code: life for code, life in living.items() if _is_sure(life, file.half)}
    expected = expected_rows(file.half, living)
    known = {code: rows for code, rows in account.rows_of.items() if code in living}
    if known == expected:
        return ""
    odd = sorted(code for code in known | expected if known.get(code, 0) != expected.get(code, 0))
    named = ", ".join(f"{code} {known.get(code, 0):,} of {expected.get(code, 0):,}" for code in odd[:5])
    more = f", and {len(odd) - 5} more" if len(odd) > 5 else ""
    return f"{file.name}: {_sum(known):,} rows where {_sum(expected):,} are expected: {named}{more}"


def _rows(code: str, half: Half, life: Life) -> int:
    hours = life.hours(*half.hours(clock_of(code) or EARLIEST), slack=0)
    return hours[1] - hours[0] + 1 if hours else 0


def _is_sure(life: Life, half: Half) -> bool:
    days = [text for text in (life.first, life.last) if text and "T" not in text]
    return not any(f"{half.begins}" <= text <= f"{half.next.begins}" for text in days)


def _sum(counts: Mapping[str, int]) -> int:
    return sum(counts.values())
