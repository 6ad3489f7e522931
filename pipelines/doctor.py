# SPDX-License-Identifier: Apache-2.0
"""Asks the real servers a few small questions, and holds what we rest on against their answers.

python -m pipelines.doctor
"""

from __future__ import annotations

if __name__ == "__main__":
    from pipelines.running.start import begin

    begin()

import argparse
import os
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from eia930.doctor import of_api, of_files
from eia930.doctor.finding import Assumption, Finding
from eia930.doctor.server import Server
from eia930.errors import Stop, UsageError
from eia930.program.arguments import Parser
from eia930.program.ending import end_with
from eia930.reference.halves import Half
from eia930.reference.routes import REGION, ROUTES, Route
from eia930.sources.api.client import API_URL, checked_url
from eia930.sources.api.key import resolve_key
from eia930.sources.files.client import FILES_URL, checked_files_url
from pipelines.options.turns import add_turn_flags, turns
from pipelines.options.words import fail

_KEY = "env:EIA_API_KEY"


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code: 0 all hold, 1 one differs, 2 wrong usage, 3 a server does not answer us, or the place of --quota."""
    try:
        flags = _parser().parse_all(argv)
        servers = _servers(flags)
        findings = []
        for finding in _findings(servers):
            findings.append(finding)
            if not flags.json:
                print(finding, flush=True)
    except UsageError as error:
        return fail(error)
    except Stop as error:
        print(f"error: {error}", file=sys.stderr)
        return 3
    differ, unheard = sum(one.answered and not one.holds for one in findings), not all(one.answered for one in findings)
    if flags.json:
        print(msgspec.json.encode({"servers": [one.url for one in servers.values()], "findings": findings}).decode())
    else:
        asked = sum(server.asked for server in servers.values())
        held = f"{_several(len(findings), 'assumption')}, {_several(asked, 'request')}"
        print(f"{held}: {_verdict(differ, unheard=unheard)}")
    return 1 if differ else 3 if unheard else 0


def _servers(flags: argparse.Namespace) -> dict[str, Server]:
    """Who is asked, by word. Without a key it is EIA's files alone, unless the API was named."""
    servers: dict[str, Server] = {}
    if flags.of is None and flags.api_key == _KEY and not os.environ.get(_KEY.partition(":")[2], "").strip():
        print(f"skipped  the API: no key in {_KEY.partition(':')[2]}", file=sys.stderr)
    elif flags.of in (None, "api", "both"):
        url, key = checked_url(flags.api_url), resolve_key(flags.api_key)
        servers["api"] = Server(url, key=key, pause=flags.pause, turn=turns(flags, url, key)[0])
    if flags.of in (None, "files", "both"):
        servers["files"] = Server(checked_files_url(flags.files_url), pause=flags.pause)
    return servers


def _findings(servers: Mapping[str, Server]) -> Iterator[Finding]:
    if "api" in servers:
        yield from _held(servers["api"], of_api.assumptions(_tables()))
    if "files" in servers:
        # The half that ended last: its files are there, whatever the day.
        today = datetime.now(UTC)
        newest = Half(today.year, 1 if today.month <= 6 else 2).before
        yield from _held(servers["files"], of_files.assumptions(newest))


def _held(server: Server, assumptions: Sequence[Assumption]) -> Iterator[Finding]:
    """Until it turns out that the server takes no question of ours."""
    for one in assumptions:
        yield one.hold(server)
        if server.lost:
            return


def _verdict(differ: int, *, unheard: bool) -> str:
    if differ:
        return f"{differ} differ{'s' if differ == 1 else ''}: look for a newer version, or report it with --json"
    if unheard:
        return "none differs, but not all was answered: look at the network, a proxy, the key; then ask again"
    return "all hold"


def _several(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _tables() -> Mapping[tuple[str, str], Collection[str]]:
    """What our tables list of each facet."""
    return {(route.id, facet): codes for route in ROUTES.values() for facet, codes in _listed(route)}


def _listed(route: Route) -> Iterator[tuple[str, Collection[str]]]:
    """Of respondents, once who has hours at all, and then where only some can have them."""
    if route is REGION or route.only_listed:
        yield route.respondent, route.served()
    yield route.kind, (*route.kinds(), *route.beside)


def _parser() -> Parser:
    parser = Parser(
        prog="python -m pipelines.doctor",
        description="Ask the real servers a few small questions, a second apart, and say which assumptions hold.",
    )
    parser.add_argument(
        "--of", choices=["api", "files", "both"], help="whom to ask (default: both; files without a key)"
    )
    parser.add_argument("--api_url", default=API_URL, help=f"any server that speaks EIA v2 (default: {API_URL})")
    parser.add_argument("--api_key", default=_KEY, help="env:NAME or file:PATH-OR-URL, never the key")
    parser.add_argument("--files_url", default=FILES_URL, help=f"where the six-month files are (default: {FILES_URL})")
    add_turn_flags(parser)
    parser.add_argument("--json", action="store_true", help="one JSON document, for a report of what differs")
    return parser


if __name__ == "__main__":
    end_with(main)
