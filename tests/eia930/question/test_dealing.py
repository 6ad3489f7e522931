# SPDX-License-Identifier: Apache-2.0
"""Workers that take groups in turn, as a cluster's do, get about the same number of rows."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eia930.question.dealing import dealt, expected_rows
from eia930.question.plan import plan
from eia930.question.span import Span
from pipelines.options.settings import settings

WHOLE = ("--source=emulator", "--regions=all", "--routes=all", "--start=2019-01-01", "--end=2026-11-01", "--output=x")


@pytest.fixture(scope="module")
def spans() -> Sequence[Span]:
    """The whole history: 258 groups, the largest with 1.8 % of its rows."""
    return plan(settings(WHOLE, now=datetime(2026, 11, 28, tzinfo=UTC)).question)


def largest_share(spans: Sequence[Span], workers: int) -> float:
    """Rows of the worker that has most, over the mean, where they take spans in turn."""
    shares = [sum(map(expected_rows, spans[first::workers])) for first in range(workers)]
    return max(shares) * workers / sum(shares)


@pytest.mark.parametrize(
    ("workers", "most"), [(2, 1.01), (3, 1.03), (4, 1.02), (8, 1.05), (12, 1.15), (16, 1.1), (32, 1.2)]
)
def test_nobody_has_much_more_than_the_others(spans: Sequence[Span], workers: int, most: float) -> None:
    found = largest_share(dealt(spans), workers)
    assert found <= most
    assert found < largest_share(sorted(spans, key=lambda span: span.id), workers)


@given(st.lists(st.tuples(st.integers(1, 10**5), st.floats(0.1, 100)), max_size=100))
def test_dealing_loses_nothing_and_does_not_depend_on_the_order(sizes: list[tuple[int, float]]) -> None:
    spans = [Span("region-data", f"R{n}", 0, hours, density=density) for n, (hours, density) in enumerate(sizes)]
    order = dealt(spans)
    assert sorted(order, key=lambda span: span.id) == sorted(spans, key=lambda span: span.id)
    assert dealt(spans[::-1]) == order
