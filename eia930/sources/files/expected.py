# SPDX-License-Identifier: Apache-2.0
"""How many lines a BALANCE file of a closed half must have: one an authority and local hour of its life.

The rule gives every row count that others have published, to the line; so a file that lost lines is found out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from eia930.reference.clocks import Clock, clock_of
from eia930.reference.halves import Half
from eia930.reference.respondents import respondents
from eia930.sources.files.columns import FileAccount
from eia930.sources.files.names import BALANCE, FileName

_FILED = 3 * 24
"""Hours after the end of a half until all of it is published."""


@dataclass(frozen=True, slots=True)
class Life:
    """Local days `begins` to `ends` (exclusive; None: still) that an authority files by its clock."""

    code: str
    clock: Clock
    begins: date
    ends: date | None


def lives() -> tuple[Life, ...]:
    """The authorities of the tables."""
    return tuple(
        Life(code, clock, about.activated or date.min, about.retired + timedelta(days=1) if about.retired else None)
        for code, about in respondents().items()
        if about.kind == "authority" and (clock := clock_of(code)) is not None
    )


def expected_rows(half: Half, living: Iterable[Life]) -> dict[str, int]:
    """Lines of a half by authority."""
    counts = {life.code: _rows(life, half) for life in living}
    return {code: rows for code, rows in counts.items() if rows}


def shortfall(file: FileName, account: FileAccount, retrieved: int, living: Iterable[Life]) -> str:
    """One line with both numbers where a closed half has other counts than expected; else empty.

    `retrieved` is the hour of retrieval (since 1970 UTC). Of authorities that the tables lack nothing is expected.
    """
    if file.kind != BALANCE or retrieved < file.half.hours()[1] + _FILED:
        return ""
    expected = expected_rows(file.half, living)
    known = {code: rows for code, rows in account.rows_of.items() if code in respondents()}
    if known == expected:
        return ""
    odd = sorted(code for code in known | expected if known.get(code, 0) != expected.get(code, 0))
    named = ", ".join(f"{code} {known.get(code, 0):,} of {expected.get(code, 0):,}" for code in odd[:5])
    more = f", and {len(odd) - 5} more" if len(odd) > 5 else ""
    return f"{file.name}: {_sum(known):,} rows where {_sum(expected):,} are expected: {named}{more}"


def _rows(life: Life, half: Half) -> int:
    first = max(life.begins, half.begins)
    last = min(life.ends, half.next.begins) if life.ends else half.next.begins
    return max(0, life.clock.midnight(last) - life.clock.midnight(first)) if first < last else 0


def _sum(counts: Mapping[str, int]) -> int:
    return sum(counts.values())
