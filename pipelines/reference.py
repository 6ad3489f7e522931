# SPDX-License-Identifier: Apache-2.0
"""Holds our tables of codes against a loaded output, a server's lists and EIA's workbook, and says what to change.

python -m pipelines.reference --check --output=data
"""

from __future__ import annotations

if __name__ == "__main__":
    from pipelines.running.start import begin

    begin()

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime

from eia930.account.stored import read_account
from eia930.errors import EiaError, Passing, Throttled, Unavailable, UsageError
from eia930.program.arguments import Parser
from eia930.program.ending import end_with
from eia930.reference.hours import hour_of, parse_hour
from eia930.reference.renewal import Loaded, of_list, of_output, of_tables
from eia930.reference.respondents import table, table_names
from eia930.reference.routes import ROUTES, Route
from eia930.reference.workbook.compare import of_workbook
from eia930.reference.workbook.sheets import read_workbook
from eia930.sources.api.client import API_URL, Api
from eia930.sources.api.codes.facets import facets
from eia930.sources.api.key import resolve_key
from pipelines.options.turns import add_turn_flags, turns
from pipelines.options.where import existing
from pipelines.options.words import fail

_TRIES = 4


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code: 0 nothing to change, 1 something, 2 wrong usage, 3 the server or the storage does not answer."""
    try:
        flags = _parser().parse_all(argv)
        _used(flags)
        if not flags.check:
            print("\n".join(_tables()))
            return 0
        differ, held = 0, ["each other"]
        for line in _differences(flags, held):
            differ += 1
            print(line, flush=True)
    except UsageError as error:
        return fail(error)
    except EiaError as error:
        print(f"error: {error}", file=sys.stderr)
        return 3
    print(f"tables held against {', '.join(held)}: {differ or 'nothing'} to change")
    return 1 if differ else 0


def _used(flags: argparse.Namespace) -> None:
    """UsageError for a flag that would be passed over: whoever names something to hold against means --check."""
    given = [name for name in ("output", "api_url", "workbook") if getattr(flags, name) is not None]
    if given and not flags.check:
        raise UsageError(f"--{given[0]} goes with --check, which holds the tables against it")
    if flags.quota is not None and flags.api_url is None:
        raise UsageError("--quota goes with --api_url: nobody else is asked")


def _differences(flags: argparse.Namespace, held: list[str]) -> Iterator[str]:
    yield from of_tables()
    if flags.output is not None:
        held.append(flags.output)
        yield from of_output(_loaded(flags.output))
    if flags.workbook is not None:
        held.append(flags.workbook)
        yield from of_workbook(read_workbook(flags.workbook))
    if flags.api_url is not None:
        held.append(flags.api_url)
        key = resolve_key(flags.api_key)
        with closing(Api(flags.api_url, key)) as api:
            yield from _of_server(api, Pacing(flags.pause, *turns(flags, flags.api_url, key)))


def _loaded(place: str) -> list[Loaded]:
    """What a finished load asked, and what came of it, by its account."""
    account = read_account(existing(place))
    seen: dict[tuple[str, str], dict[str, tuple[int, int]]] = {}
    for one in account.series:
        if one.first and one.last:
            ends = parse_hour(one.first), parse_hour(one.last)
            seen.setdefault((one.route, one.respondent), {})[one.kind] = ends
    return [
        Loaded(
            route=ROUTES[span.route],
            respondent=span.respondent,
            kinds=span.kinds,
            first=parse_hour(span.first),
            last=parse_hour(span.last),
            seen=seen.get((span.route, span.respondent), {}),
        )
        for span in account.spans
        if span.route in ROUTES
    ]


@dataclass(frozen=True, slots=True)
class Pacing:
    """How requests are spaced: `pause` seconds, then the `turn` that programs with this key share.

    `hold(seconds)` has all of them wait.
    """

    pause: float
    turn: Callable[[], None]
    hold: Callable[[float], None]


def _of_server(api: Api, pacing: Pacing) -> Iterator[str]:
    """One short request a facet of each route."""
    now = hour_of(datetime.now(UTC))
    for route in ROUTES.values():
        for name in route.keys:
            yield from of_list(route, name, _listed(api, route, name, pacing), now)


def _listed(api: Api, route: Route, name: str, pacing: Pacing) -> dict[str, str]:
    """Code → name; asked for again a few times where the server is busy."""
    for left in reversed(range(_TRIES)):
        time.sleep(pacing.pause)
        pacing.turn()
        try:
            return {one.code: one.name for one in facets(api, route, name)}
        except Passing as error:
            if isinstance(error, Throttled | Unavailable) and error.retry_after:
                pacing.hold(error.retry_after)
            if not left:
                raise
    raise AssertionError("the last try returns or raises")


def _tables() -> Iterator[str]:
    """A line a table: rows, and the days up to which its sources speak."""
    yield f"{'table':20} {'rows':>5}  {'sources speak up to':22} sources"
    for name in table_names():
        rows = table(name)
        days = sorted({row["as_of"] for row in rows})
        span = days[0] if len(days) == 1 else f"{days[0]}…{days[-1]}"
        yield f"{name + '.csv':20} {len(rows):5}  {span:22} {len({row['source'] for row in rows})}"


def _parser() -> Parser:
    parser = Parser(
        prog="python -m pipelines.reference",
        description="Hold the reference tables against each other, a loaded output, a server's facet lists and EIA's "
        "workbook; print what to change, a line each. Without --check: which tables there are, and up to when their "
        "sources speak.",
    )
    parser.add_argument("--check", action="store_true", help="compare; exit 1 where something differs")
    parser.add_argument("--output", help="folder or bucket URL of a finished load")
    parser.add_argument("--api_url", help=f"a server that speaks EIA v2, as {API_URL}: two short requests a route")
    parser.add_argument("--api_key", default="env:EIA_API_KEY", help="env:NAME or file:PATH-OR-URL, never the key")
    parser.add_argument("--workbook", metavar="FILE.xlsx", help="EIA's workbook, EIA930_Reference_Tables.xlsx")
    add_turn_flags(parser)
    return parser


if __name__ == "__main__":
    end_with(main)
