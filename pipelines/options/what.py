# SPDX-License-Identifier: Apache-2.0
"""Which hours of whom: the flags, and the question that they make."""

from __future__ import annotations

import argparse
import sys
from datetime import datetime

from eia930.errors import UsageError
from eia930.question.plan import ALL, Question, outlived
from eia930.reference.halves import FIRST
from eia930.reference.hours import hour_of, parse_hour, stamp
from eia930.reference.routes import REGION, ROUTES
from eia930.sources.files.names import held
from pipelines.options.words import hour, words

_RECORD_BEGINS = parse_hour("2015-07-01T00")
_AHEAD = 48
"""Hours from now on that may be asked for: day-ahead forecasts are there before their time."""


def add_question_flags(parser: argparse.ArgumentParser) -> None:
    """Which hours of whom."""
    what = parser.add_argument_group("what")
    what.add_argument("--routes", default=REGION.id, help=f"any of {','.join(ROUTES)}, or all")
    what.add_argument("--regions", default="PACW,ERCO,CAL,TEX,MISO", help="respondent codes, or all")
    what.add_argument("--types", default="", help="D,DF,NG,TI; fuel codes; neighbours; sub-regions (default: all)")
    what.add_argument("--start", default="", help="first hour, UTC: YYYY-MM-DD or YYYY-MM-DDTHH (default: the first)")
    what.add_argument("--end", default="", help="the hour after the last, UTC; forecasts: two days on (default: now)")
    what.add_argument(
        "--ask_anyway", action="store_true", help="ask for regions named also before and after the lives in our tables"
    )


def question(flags: argparse.Namespace, now: datetime) -> Question:
    """The flags, checked: known hours, in order, none so far ahead that nobody forecasts them."""
    routes, regions, types = (tuple(dict.fromkeys(words(text))) for text in (flags.routes, flags.regions, flags.types))
    end = hour("--end", flags.end) if flags.end else hour_of(now) + 1
    start = hour("--start", flags.start) if flags.start else _first(flags.source)
    if end > hour_of(now) + 1 + _AHEAD:
        raise UsageError(f"--end {flags.end} is in the future (it is {stamp(hour_of(now))} UTC): two days at most")
    if start >= end:
        raise UsageError(f"--start {stamp(start)} is not before --end {stamp(end)}")
    if start < _RECORD_BEGINS:
        raise UsageError(f"--start {stamp(start)}: the record begins {stamp(_RECORD_BEGINS)}")
    if not routes or not regions:
        raise UsageError("--routes and --regions each need a name, or all")
    types = () if types == (ALL,) else types
    alone = flags.source == "files"
    routes = _in_files(routes) if alone else routes
    return Question(routes, regions, types, start, end - 1, anyway=flags.ask_anyway, authorities=alone)


def _in_files(routes: tuple[str, ...]) -> tuple[str, ...]:
    """The routes as far as the six-month files have them; UsageError for one that they lack."""
    lacking = set(ROUTES) - held()
    if routes == (ALL,):
        return tuple(name for name in ROUTES if name not in lacking) if lacking else routes
    if asked := [name for name in routes if name in lacking]:
        raise UsageError(f"--routes {','.join(asked)}: the six-month files lack it", remedy="ask the API, with a key")
    return routes


def say_outlived(question: Question) -> None:
    """A line on stderr for each region asked for by name that does not live in the hours asked for."""
    for line in outlived(question):
        print(f"skipped: {line}", file=sys.stderr, flush=True)


def _first(source: str) -> int:
    """The first hour of a source: the files begin with the form, the API in 2019."""
    return FIRST.hours()[0] if source in ("files", "hybrid") else min(route.first for route in ROUTES.values())
