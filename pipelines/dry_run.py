# SPDX-License-Identifier: Apache-2.0
"""What a run would do, without doing it: requests, rows and time, and what is stored already."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from eia.lanes import Span, needed
from eia.plan import pages, passed_over
from eia.responses import held_in
from eia.routes import PAGE
from pipelines.options import Settings


def dry_run(todo: Settings, spans: Sequence[Span]) -> int:
    """Print the plan; send nothing, write nothing."""
    source = todo.source
    held = [held_in(todo.storage, span.route, span.respondent) for span in spans]
    left = [
        int(
            needed(span, found, settle_hours=source.settle_hours, since=datetime.now(UTC), refresh=source.refresh).sum()
        )
        for span, found in zip(spans, held, strict=True)
    ]
    whole = pages(spans, [span.hours for span in spans])
    todo_pages = pages(spans, left)
    per_hour = source.requests_per_hour
    pace = f"{todo_pages / per_hour * 60:,.0f} minutes at {per_hour:,} requests an hour" if per_hour else "unhurried"
    print(f"plan      {len(spans):,} respondents × routes, {sum(span.hours for span in spans):,} hours of them")
    print(f"requests  about {whole:,.0f} pages of {PAGE:,} rows; about {todo_pages:,.0f} still to ask: {pace}")
    print(f"rows      about {whole * PAGE:,.0f}; {sum(map(len, held)):,} responses are stored already")
    for pair in passed_over(todo.question):
        print(f"skipped   {pair}: the reference tables know no such series")
    print("dry run   nothing was sent")
    return 0
