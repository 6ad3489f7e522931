# SPDX-License-Identifier: Apache-2.0
"""How fast, what again: the flags, and the source that is asked at that pace."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from eia930.errors import UsageError
from eia930.question.plan import Question
from eia930.reference.halves import Half, halves, parse_half
from eia930.reference.routes import ROUTES
from eia930.sources.api.key import anywhere
from eia930.sources.members import SOURCES
from eia930.sources.rate import PER_HOUR
from eia930.sources.source import Source, Terms
from pipelines.options.runner import LOCAL_RUNNERS
from pipelines.options.where import KEY, add_quota_flag, quota_place
from pipelines.options.words import DIGITS, given_in, hour, positive, seconds

_ALL = "all"
_WITH_FILES = ("files", "hybrid")
_OF_THE_API = (
    "--api_key",
    "--api_url",
    "--burst_per_second",
    "--hours_per_request",
    "--max_in_flight",
    "--quota",
    "--revisit_days",
    "--settle_hours",
)
_IDLE = {"files": _OF_THE_API, "api": ("--files_url",), "emulator": ("--files_url",)}
"""Flags that mean nothing to a source."""
MOST_IN_FLIGHT = 64
"""A thread and a connection each; 1.75 requests a second at 2 s an answer keep four of them busy."""


def add_pace_flags(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """How fast, what again, and on what."""
    how = parser.add_argument_group("how fast")
    how.add_argument(
        "--requests_per_hour", type=positive, help=f"in any rolling hour, never more (default: {PER_HOUR})"
    )
    how.add_argument("--burst_per_second", type=positive, default=3, help="in any rolling second, never more")
    how.add_argument("--min_delay", type=seconds, default=0.0, help="seconds between two request starts")
    add_quota_flag(how)
    how.add_argument(
        "--max_in_flight", type=_in_flight, default=8, help=f"concurrent requests, at most {MOST_IN_FLIGHT}"
    )
    how.add_argument("--tries", type=positive, default=10, help="attempts at a request before it is given up")
    again = parser.add_argument_group("again")
    again.add_argument(
        "--refresh",
        nargs="?",
        const=_ALL,
        type=_refreshed,
        metavar="HALVES",
        help="ask again although a response is stored; of six-month files, for these alone: 2018_Jan_Jun,…",
    )
    again.add_argument(
        "--settle_hours",
        type=positive,
        default=240,
        help="an hour retrieved at a smaller age is asked again once about an eighth of that age has passed",
    )
    again.add_argument(
        "--revisit_days",
        type=positive,
        help="look at settled hours again too, each once in so many days (default: never)",
    )
    again.add_argument("--dry_run", action="store_true", help="say what would be asked, and how long; send nothing")
    parser.add_argument("--runner", default="DirectRunner", help="DirectRunner, FlinkRunner, DataflowRunner, …")
    return how


def source(flags: argparse.Namespace, question: Question, *, embedded: bool) -> Source:
    """Who is asked, and how: UsageError where the key is looked up here and is not there."""
    name = "emulator" if embedded else _auto(flags) if flags.source == "auto" else flags.source
    key = anywhere(flags.api_key or KEY)
    terms = Terms(
        name,
        url=flags.api_url,
        files_url=vars(flags).get("files_url"),
        key=key,
        requests_per_hour=flags.requests_per_hour,
        burst_per_second=flags.burst_per_second,
        min_delay=flags.min_delay,
        max_in_flight=flags.max_in_flight,
        hours_per_request=vars(flags).get("hours_per_request"),
        tries=flags.tries,
        quota=quota_place(flags.quota),
        settle_hours=flags.settle_hours,
        refresh=flags.refresh == _ALL,
        refresh_halves=() if flags.refresh == _ALL else _refreshed_files(flags.refresh or (), name, question),
        revisit_days=flags.revisit_days,
    )
    source = SOURCES[name].on(terms)
    trusted = flags.source in ("api", "hybrid") or not flags.api_key
    if not (trusted and key.startswith("env:") and flags.runner not in LOCAL_RUNNERS):
        # On a cluster the key may be in its workers' environment alone: who names it and means that says --source=api.
        source.check_here()
    return source


def say_idle(argv: Sequence[str], source: str) -> None:
    """A line on stderr where flags were given that mean nothing to the source."""
    if idle := sorted(given_in(argv).intersection(_IDLE.get(source, ()))):
        whose = "six-month files" if source != "files" else "the API"
        print(f"passed over: {', '.join(idle)}: --source={source} does not ask {whose}", file=sys.stderr, flush=True)


def _auto(flags: argparse.Namespace) -> str:
    """With a key: the API begins in 2019, and the hours before are in the files of the same publisher."""
    start = hour("--start", flags.start) if flags.start else None
    begins = min(route.first for route in ROUTES.values())
    elsewhere = flags.api_url and not vars(flags).get("files_url")
    return "hybrid" if start is not None and start < begins and not elsewhere else "api"


def _refreshed(text: str) -> str | tuple[Half, ...]:
    """All, or half-years by their names."""
    if text == _ALL:
        return _ALL
    try:
        return tuple(sorted({parse_half(one) for one in text.split(",")}))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _refreshed_files(named: tuple[Half, ...], source: str, question: Question) -> tuple[Half, ...]:
    """UsageError where half-years are named and no file is asked for, or none of theirs."""
    if named and source not in _WITH_FILES:
        raise UsageError(
            f"--refresh={named[0].name}: half-years are of six-month files, and --source={source} asks for none; say "
            "--refresh alone, or --source=files"
        )
    if strangers := [half.name for half in named if half not in halves(question.first, question.last)]:
        raise UsageError(f"--refresh={strangers[0]}: none of its hours is asked for; see --start and --end")
    return named


def _in_flight(text: str) -> int:
    if not DIGITS.fullmatch(text) or not 1 <= int(text) <= MOST_IN_FLIGHT:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 to {MOST_IN_FLIGHT}")
    return int(text)
