# SPDX-License-Identifier: Apache-2.0
"""What a run would do, without doing it: requests, rows and time, and what is stored already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypedDict

from eia930.question.pieces import wanted_hours
from eia930.question.plan import passed_over, requests
from eia930.question.span import Span, known
from eia930.reference.routes import PAGE
from eia930.sources.api.lanes import answers, needed
from eia930.sources.api.responses import Held, held_in
from eia930.sources.api.source import ApiSource
from pipelines.options import PER_HOUR, LoadSettings


def dry_run(todo: LoadSettings, spans: Sequence[Span]) -> int:
    """Print the plan; send nothing, write nothing."""
    source = todo.source
    fixed = source.hours_per_request
    held = [held_in(todo.storage, span.route, span.respondent) for span in spans]
    left = [int(needed(span, found, **_fresh(source)).sum()) for span, found in zip(spans, held, strict=True)]
    stored = sum(_saves(one, span, source) for span, found in zip(spans, held, strict=True) for one in found)
    existing = [int(wanted_hours(known(span), span.first, span.last).sum()) for span in spans]
    rows = sum(hours * span.density for span, hours in zip(spans, existing, strict=True))
    to_ask = requests(spans, left, hours_per_request=fixed)
    print(f"plan      {len(spans):,} respondents × routes, {sum(span.hours for span in spans):,} hours of them")
    print(
        f"requests  about {requests(spans, existing, hours_per_request=fixed):,} of up to {PAGE:,} rows; "
        f"about {to_ask:,} still to ask: {_lasting(source, to_ask)}"
    )
    print(f"rows      about {rows:,.0f}; {stored:,} stored responses answer some of it already")
    if todo.coverage:
        print(f"coverage  {_saved(todo, spans, existing)}")
    for one in passed_over(todo.question):
        print(f"skipped   {one}")
    print("dry run   nothing was sent")
    return 0


class _Fresh(TypedDict):
    settle_hours: int
    since: datetime
    refresh: bool


def _fresh(source: ApiSource) -> _Fresh:
    # Nothing is of this run: no clock is asked, for a bucket's is not this host's.
    return {
        "settle_hours": source.settle_hours,
        "since": datetime.max.replace(tzinfo=UTC),
        "refresh": source.refresh,
    }


def _saves(held: Held, span: Span, source: ApiSource) -> bool:
    mine = answers(held, span, **_fresh(source))
    return bool(mine.start < mine.stop)


def _lasting(source: ApiSource, count: int) -> str:
    """How long so many requests take at the pace; where the emulator is unhurried, at the API's."""
    if source.requests_per_hour is None and not source.min_delay:
        real = _lasting(replace(source, requests_per_hour=PER_HOUR), count)
        return f"unhurried by the emulator; {real}"
    per_hour = source.requests_per_hour
    minutes = count * max(3600 / per_hour if per_hour else 0.0, source.min_delay) / 60
    paces = [f"{per_hour:,} requests an hour"] if per_hour else []
    paces += [f"{source.min_delay:g} s apart"] if source.min_delay else []
    return f"{f'{minutes:,.0f} minutes' if minutes >= 1 else 'less than a minute'} at {', '.join(paces)}"


def _saved(todo: LoadSettings, spans: Sequence[Span], existing: Sequence[int]) -> str:
    """What a coverage file saves: hours without any row, and about how many requests."""
    fixed = todo.source.hours_per_request
    # At the density that the file shows: what it saves is hours, not what the tables expected too much.
    whole = [replace(span, density=span.density if hours else 0.1) for span, hours in zip(spans, existing, strict=True)]
    without = requests(whole, [span.hours for span in spans], hours_per_request=fixed)
    fewer = without - requests(spans, existing, hours_per_request=fixed)
    nothing = sum(not count for count in existing)
    spared = sum(span.hours for span in spans) - sum(existing)
    return (
        f"{spared:,} of the hours lie in months without a row and are not asked for ({nothing:,} respondents × routes "
        f"not at all): about {max(0, fewer):,} requests fewer than without it"
    )
