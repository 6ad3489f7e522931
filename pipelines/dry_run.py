# SPDX-License-Identifier: Apache-2.0
"""What a run would do, without doing it: requests, rows and time, and what is stored already."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from eia.lanes import Span, known, needed
from eia.pieces import wanted_hours
from eia.plan import pages, passed_over, plan
from eia.responses import held_in
from eia.routes import PAGE
from pipelines.options import LoadSettings


def dry_run(todo: LoadSettings, spans: Sequence[Span]) -> int:
    """Print the plan; send nothing, write nothing."""
    source = todo.source
    # Nothing is of this run: no clock is asked, for a bucket's is not this host's.
    since = datetime.max.replace(tzinfo=UTC)
    held = [held_in(todo.storage, span.route, span.respondent) for span in spans]
    left = [
        int(needed(span, found, settle_hours=source.settle_hours, since=since, refresh=source.refresh).sum())
        for span, found in zip(spans, held, strict=True)
    ]
    existing = [int(wanted_hours(known(span), span.first, span.last).sum()) for span in spans]
    whole = pages(spans, existing)
    todo_pages = pages(spans, left)
    per_hour = source.requests_per_hour
    pace = f"{todo_pages / per_hour * 60:,.0f} minutes at {per_hour:,} requests an hour" if per_hour else "unhurried"
    print(f"plan      {len(spans):,} respondents × routes, {sum(span.hours for span in spans):,} hours of them")
    print(f"requests  about {whole:,.0f} pages of {PAGE:,} rows; about {todo_pages:,.0f} still to ask: {pace}")
    print(f"rows      about {whole * PAGE:,.0f}; {sum(map(len, held)):,} responses are stored already")
    if todo.coverage:
        print(f"coverage  {_saved(spans, existing, plan(todo.question))}")
    for pair in passed_over(todo.question):
        print(f"skipped   {pair}: the reference tables know no such series")
    print("dry run   nothing was sent")
    return 0


def _saved(spans: Sequence[Span], existing: Sequence[int], without: Sequence[Span]) -> str:
    """What a coverage file saves: hours without any row, and about how many requests."""
    hours = sum(span.hours for span in spans)
    fewer = pages(without, [span.hours for span in without]) - pages(spans, existing)
    nothing = sum(not count for count in existing)
    return (
        f"{hours - sum(existing):,} of the hours lie in months without a row and are not asked for "
        f"({nothing:,} respondents × routes not at all): about {max(0.0, fewer):,.0f} pages fewer than without it"
    )
