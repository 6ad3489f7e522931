# SPDX-License-Identifier: Apache-2.0
"""What a run would do, without doing it: requests, rows and time, and what is stored already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from eia930.question.pieces import wanted_hours
from eia930.question.plan import PassedOver, passed_over
from eia930.question.span import Span, known
from eia930.sources.quota import told
from pipelines.options.settings import LoadSettings

_NAMED = 5
"""Respondents that are named, of those that one line is about."""


def dry_run(todo: LoadSettings, spans: Sequence[Span]) -> int:
    """Print the plan; send nothing, write nothing."""
    found = todo.source.estimate(todo.storage, spans)
    existing = [int(wanted_hours(known(span), span.first, span.last).sum()) for span in spans]
    rows = sum(hours * span.density for span, hours in zip(spans, existing, strict=True))
    print(f"plan      {len(spans):,} respondents × routes, {sum(span.hours for span in spans):,} hours of them")
    print(f"requests  {found.words}")
    print(f"pace      {told(todo.source.quota)}")
    print(f"rows      about {rows:,.0f}; {found.stored:,} stored responses answer some of it already")
    if todo.coverage:
        print(f"coverage  {_saved(todo, spans, existing, found.requests)}")
    for line in _skipped(passed_over(todo.question)):
        print(f"skipped   {line}")
    print("dry run   nothing was sent")
    return 0


def _skipped(some: Sequence[PassedOver]) -> Iterator[str]:
    """A line for each reason, route and hours, however many respondents they are of."""
    alike: dict[PassedOver, list[str]] = {}
    for one in some:
        alike.setdefault(replace(one, respondent=""), []).append(one.respondent)
    for one, codes in alike.items():
        more = f" and {len(codes) - _NAMED} more" if len(codes) > _NAMED else ""
        yield str(replace(one, respondent=f"{', '.join(codes[:_NAMED])}{more}"))


def _saved(todo: LoadSettings, spans: Sequence[Span], existing: Sequence[int], requests: int) -> str:
    """What a coverage file saves: hours without any row, and about how many requests."""
    # At the density that the file shows: what it saves is hours, not what the tables expected too much.
    whole = [
        replace(span, pieces=None, density=span.density if hours else 0.1)
        for span, hours in zip(spans, existing, strict=True)
    ]
    fewer = todo.source.plan_size(whole) - requests
    nothing = sum(not count for count in existing)
    spared = sum(span.hours for span in spans) - sum(existing)
    return (
        f"{spared:,} of the hours lie in months without a row and are not asked for ({nothing:,} respondents × routes "
        f"not at all): about {max(0, fewer):,} requests fewer than without it"
    )
